"""An encoder turns patches into feature vectors, in two steps.

`encode` sees patches alone, so its output can be computed once and cached per place on the slide.
`finish` sees all places of one slide together (standardising within the slide, neighbourhood means).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from torch import nn

from geneglass.data.types import FloatArray, PatchSpec, UInt8Array


class Encoder(ABC):
    """Patch -> feature vector.

    Attributes
    ----------
    name
        The name it was asked for by; stored in model files.
    patches
        One entry per field of view; `encode` is given them in this order.
    raw_dim, dim
        Length of the vectors that `encode` and `finish` return.
    mean, std
        Per channel of 0..1 RGB, what `network` expects to be subtracted and divided by.
    """

    name: str
    patches: tuple[PatchSpec, ...]
    raw_dim: int
    dim: int
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return the columns (start, stop) of `finish` that describe each field of view, narrowest first.

        All have the same statistics first; the narrowest may have more after them.
        """
        n = max(len(self.patches), 1)
        return tuple((i * self.dim // n, (i + 1) * self.dim // n) for i in range(n))

    @property
    @abstractmethod
    def identity(self) -> str:
        """Return a digest of weights and preprocessing: equal identity means equal features."""

    @property
    def raw_identity(self) -> str:
        """Return a digest of what decides `encode` alone; by default `identity`, which decides `finish` too."""
        return self.identity

    @abstractmethod
    def encode(self, patches: tuple[UInt8Array, ...]) -> FloatArray:
        """Return (n, raw_dim) features of n places, given one (n, size_px, size_px, 3) array per view."""

    def encode_each(self, batches: Iterable[tuple[UInt8Array, ...]]) -> Iterator[FloatArray]:
        """Yield the features of each batch in turn; an encoder on a GPU may be given the next one meanwhile."""
        return map(self.encode, batches)

    def finish(self, raw: FloatArray, centres_um_yx: FloatArray, slide: FloatArray | None = None) -> FloatArray:
        """Return (n, dim) features of all places of one slide; by default the raw ones.

        Parameters
        ----------
        raw
            (n, raw_dim) as `encode` gave them.
        centres_um_yx
            (n, 2) centres in micrometres.
        slide
            (m, raw_dim) of places that stand for the whole slide, where those of `raw` are only a part of it.
        """
        return raw

    def network(self) -> nn.Module | None:
        """Return the trainable network (normalised NCHW float -> features), or None without one."""
        return None
