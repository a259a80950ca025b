"""What stands in for a slide where recipes are tested: an encoder, patches, and sections that hold both."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray, PatchSpec, UInt8Array
from geneglass.model.encoder import Encoder
from geneglass.model.recipe import TrainData

PATCH_PX = 32


def patches(n: int, size: int = 224, seed: int = 0) -> UInt8Array:
    """Return (n, size, size, 3) patches that are random but fixed."""
    return np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


class ReadyFeatures(Encoder):
    """An encoder without a network, whose features come from elsewhere.

    Parameters
    ----------
    dim
        Length of the features.
    views_um
        Edges of its fields of view.
    spans
        Their columns, where they do not share all of them equally.
    """

    def __init__(
        self, dim: int, *, views_um: Sequence[float] = (), spans: tuple[tuple[int, int], ...] | None = None
    ) -> None:
        self.name = "ready"
        self.patches = tuple(PatchSpec(edge, PATCH_PX) for edge in views_um)
        self.raw_dim = self.dim = dim
        self._spans = spans

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        return super().spans if self._spans is None else self._spans

    @property
    def identity(self) -> str:
        return "ready"

    def encode(self, patches: tuple[UInt8Array, ...]) -> FloatArray:
        raise AssertionError("these features come from elsewhere")


class RandomPatches:
    """Patches that are random but fixed: n places, one field of view per seed (n itself where none is given)."""

    def __init__(self, n: int, *seeds: int) -> None:
        self.views = tuple(patches(n, PATCH_PX, seed) for seed in seeds or (n,))

    def read(self, rows: NDArray[np.int64]) -> tuple[UInt8Array, ...]:
        return tuple(view[rows] for view in self.views)


def counted_section(
    name: str, n: int, seed: int, slide_places: int = 0, *, dim: int, genes: int, patient: str = "p"
) -> TrainData:
    """Return spots on a grid that is not square, with counts that follow their features, and places of their slide."""
    random = np.random.default_rng(seed)
    rule = np.random.default_rng(7).normal(size=(dim, genes)) / np.sqrt(dim)
    features = random.normal(size=(n, dim)).astype(np.float32)
    counts = random.poisson(np.exp(1.5 + features @ rule)).astype(np.float32)
    expression = np.log1p(1e4 * counts / (3 * counts.sum(1, keepdims=True) + 1)).astype(np.float32)
    array = np.stack(np.divmod(np.arange(n), 8), 1).astype(np.float32)
    slide = random.normal(size=(slide_places, dim)).astype(np.float32) if slide_places else None
    return TrainData(
        *(name, patient, features, array * 200, array), slide_features=slide, expression=expression, counts=counts
    )


def with_patches(data: TrainData, encoder: Encoder, *seeds: int) -> TrainData:
    """Return a section with random patches (`RandomPatches`), and with what the encoder makes of them as features."""
    n = len(data.features)
    seen = RandomPatches(n, *seeds)
    whole = np.random.default_rng(3).normal(size=(4, encoder.dim)).astype(np.float32)
    features = encoder.finish(encoder.encode(seen.views), data.centres_um_yx)
    return replace(data, features=features, slide_features=whole, patches=seen)
