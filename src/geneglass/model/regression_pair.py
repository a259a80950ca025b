"""Two regressions on one set of scores: a linear one, which carries over to other slides, and a local one."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.kernel import Kernel
from geneglass.model.recipe import FitStep, TrainData
from geneglass.model.regression import Axes, Targets, left_out
from geneglass.model.ridge_solver import Matrix, Tuned, moments, tune

WEAKEST, STRONGEST, STRENGTHS = 1e-5, 10.0, 25
"""Ridge strengths that are tried, in units of the variance of all features together; and none at all."""
LINEAR, LOCAL = "linear", "local"


@dataclass(frozen=True)
class Sizes:
    """How the regressions are made.

    Attributes
    ----------
    components, programmes
        Principal axes of the features and of the expression.
    landmarks, width
        Of the kernel.
    caution
        What strengths are multiplied by where nothing could show how the regression carries over to new patients.
    """

    components: int
    programmes: int
    landmarks: int
    width: float
    caution: float


@dataclass(frozen=True)
class RegressionPair:
    """Features -> two predictions of each gene.

    Attributes
    ----------
    axes, kernel
        Features -> scores -> kernel features.
    mean
        (genes,) that both start from.
    weights
        "linear", "local" and, with "cautious " before them, the same with stronger ridges: (features, genes).
    """

    axes: Axes
    kernel: Kernel
    mean: FloatArray
    weights: dict[str, FloatArray]

    def predict(self, scores: FloatArray, *, cautious: bool = False) -> tuple[FloatArray, FloatArray]:
        """Return the linear and the local prediction of places with (n, components) scores, (n, genes) each."""
        inputs = {LINEAR: scores, LOCAL: self.kernel.features(scores).astype(np.float32)}
        prefix = "cautious " if cautious else ""
        linear, local = (
            np.maximum(part @ self.weights[prefix + name] + self.mean, 0.0).astype(np.float32)
            for name, part in inputs.items()
        )
        return linear, local

    def state(self) -> dict[str, torch.Tensor]:
        """Return everything learned, as tensors."""
        arrays = {
            "feature_mean": self.axes.mean,
            "rotation": self.axes.rotation,
            "landmarks": self.kernel.landmarks,
            "root": self.kernel.root,
            "width": np.array([self.kernel.width]),
            "mean": self.mean,
        }
        arrays |= self.weights
        return {
            f"regression.{name}": torch.from_numpy(np.array(array, np.float32, order="C"))
            for name, array in arrays.items()
        }

    @classmethod
    def load(cls, state: dict[str, torch.Tensor]) -> "RegressionPair":
        """Return what `state` was taken from."""
        prefix = "regression."
        arrays = {n.removeprefix(prefix): v.cpu().numpy() for n, v in state.items() if n.startswith(prefix)}
        axes = Axes(arrays.pop("feature_mean"), arrays.pop("rotation"))
        kernel = Kernel(arrays.pop("landmarks"), arrays.pop("root"), float(arrays.pop("width")[0]))
        return cls(axes, kernel, arrays.pop("mean"), arrays)


@dataclass(frozen=True)
class Fitted:
    """A pair of regressions with what they say of the training places.

    Attributes
    ----------
    scores
        Per section (n, components).
    linear, local
        Per section (n, genes), predicted by the weights of the other groups.
    """

    pair: RegressionPair
    scores: tuple[FloatArray, ...]
    linear: tuple[FloatArray, ...]
    local: tuple[FloatArray, ...]


def fit_pair(
    sections: Sequence[TrainData], groups: Sequence[NDArray[np.int64]], sizes: Sizes, *, seed: int
) -> Generator[FitStep, None, Fitted]:
    """Yield a step at each group that is left out, and return both regressions.

    Parameters
    ----------
    sections
        All training sections.
    groups
        Per section the group of each spot, left out in turn to choose strengths.
    sizes
        How the regressions are made.
    seed
        Of the landmarks' draw.
    """
    axes = Axes.fit(sections, sizes.components)
    scores = tuple(axes.scores(section.features) for section in sections)
    kernel = Kernel.fit(scores, landmarks=sizes.landmarks, width=sizes.width, seed=seed)
    targets = Targets.of(sections, programmes=sizes.programmes)
    grid = np.append(np.geomspace(WEAKEST, STRONGEST, STRENGTHS), np.inf)
    weights: dict[str, FloatArray] = {}
    known: dict[str, tuple[FloatArray, ...]] = {}
    inputs: dict[str, list[Matrix]] = {
        LINEAR: [part.astype(np.float64) for part in scores],
        LOCAL: [kernel.features(part) for part in scores],
    }
    before = 0
    for name, features in inputs.items():
        parts = moments(features, targets.parts, groups)
        tuned: Tuned = yield from tune(parts, grid, before=before)
        before += len(parts)
        known[name] = tuple(left_out(features, tuned, targets, groups))
        for prefix, caution in (("", 1.0), ("cautious ", sizes.caution)):
            weights[prefix + name] = targets.genes(tuned.weights(caution)).astype(np.float32)
    pair = RegressionPair(axes, kernel, targets.mean.astype(np.float32), weights)
    return Fitted(pair, scores, known[LINEAR], known[LOCAL])
