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
from geneglass.model.ridge_solver import moments, tune
from geneglass.model.sight import look

WEAKEST, STRONGEST, STRENGTHS = 1e-5, 10.0, 25
"""Ridge strengths that are tried, in units of the variance of all features together; and none at all."""
LINEAR, LOCAL, CAUTIOUS = "linear", "local", "cautious"


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
        "linear", "local" and "cautious", the linear ones of a stronger ridge: (features, genes).
    """

    axes: Axes
    kernel: Kernel
    mean: FloatArray
    weights: dict[str, FloatArray]

    def predict(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the linear and the local prediction of places with (n, components) scores, (n, genes) each."""
        near = self.kernel.features(scores).astype(np.float32)
        return self._expression(scores, LINEAR), self._expression(near, LOCAL)

    def cautious(self, scores: FloatArray) -> FloatArray:
        """Return the (n, genes) linear prediction by the stronger ridge."""
        return self._expression(scores, CAUTIOUS)

    def _expression(self, inputs: FloatArray, name: str) -> FloatArray:
        found: FloatArray = np.maximum(inputs @ self.weights[name] + self.mean, 0.0).astype(np.float32)
        return found

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
    linear, local, cautious
        Per section (n, genes), predicted by the weights of the other groups.
    """

    pair: RegressionPair
    scores: tuple[FloatArray, ...]
    linear: tuple[FloatArray, ...]
    local: tuple[FloatArray, ...]
    cautious: tuple[FloatArray, ...]


def fit_pair(
    sections: Sequence[TrainData],
    groups: Sequence[NDArray[np.int64]],
    sizes: Sizes,
    *,
    columns: Sequence[int],
    seed: int,
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
    columns
        How many columns of the features are read: one choice, or several to choose from.
    seed
        Of the landmarks' draw.
    """
    targets = Targets.of(sections, programmes=sizes.programmes)
    grid = np.append(np.geomspace(WEAKEST, STRONGEST, STRENGTHS), np.inf)
    choices = [Axes.fit(sections, sizes.components, columns=count) for count in columns]
    seen = yield from look(choices, sections, targets, groups, grid=grid)
    scores = tuple(part.astype(np.float32) for part in seen.scores)
    kernel = Kernel.fit(scores, landmarks=sizes.landmarks, width=sizes.width, seed=seed)
    near = [kernel.features(part) for part in scores]
    parts = moments(near, targets.parts, groups)
    local = yield from tune(parts, grid, before=len(columns) * len(parts))
    solved = {LINEAR: seen.tuned.weights(), LOCAL: local.weights(), CAUTIOUS: seen.tuned.weights(sizes.caution)}
    weights = {name: targets.genes(found).astype(np.float32) for name, found in solved.items()}
    pair = RegressionPair(seen.axes, kernel, targets.mean.astype(np.float32), weights)
    linear, cautious = (
        tuple(left_out(seen.scores, seen.tuned, targets, groups, caution=caution)) for caution in (1.0, sizes.caution)
    )
    return Fitted(pair, scores, linear, tuple(left_out(near, local, targets, groups)), cautious)
