"""Two regressions on one set of scores: a linear one, which carries over to other slides, and a local one."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.kernel import Kernel
from geneglass.model.recipe import FitStep, TrainData
from geneglass.model.regression import Axes, Linear, Targets, left_out
from geneglass.model.ridge_solver import moments, tune
from geneglass.model.sight import look

WEAKEST, STRONGEST, STRENGTHS = 1e-5, 10.0, 25
"""Ridge strengths that are tried, in units of the variance of all features together; and none at all."""
PREFIX = "regression."


@dataclass(frozen=True)
class Sizes:
    """How the regressions are made.

    Attributes
    ----------
    components, programmes
        Principal axes of the features, and features of the kernel, at most; principal axes of the expression.
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
    linear, cautious
        By the linear ridge, and by a stronger one.
    local
        (kernel features, genes) weights.
    """

    axes: Axes
    kernel: Kernel
    linear: Linear
    cautious: Linear
    local: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Return the (genes,) that all predictions start from."""
        return self.linear.mean

    def predict(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the linear and the local prediction of places with (n, dim) features, (n, genes) each."""
        near = self.kernel.features(self.axes.scores(features)).astype(np.float32)
        local: FloatArray = np.maximum(near @ self.local + self.mean, 0.0).astype(np.float32)
        return self.linear.predict(features), local

    def state(self) -> dict[str, torch.Tensor]:
        """Return everything learned, as tensors."""
        arrays = {
            "rotation": self.axes.rotation,
            "landmarks": self.kernel.landmarks,
            "root": self.kernel.root,
            "width": np.array([self.kernel.width]),
            "local": self.local,
            "cautious": self.cautious.coefficients,
            **self.linear.arrays(),
        }
        return {
            f"{PREFIX}{name}": torch.from_numpy(np.array(value, np.float32, order="C"))
            for name, value in arrays.items()
        }

    @classmethod
    def load(cls, state: dict[str, torch.Tensor]) -> "RegressionPair":
        """Return what `state` was taken from."""
        arrays = {n.removeprefix(PREFIX): v.cpu().numpy() for n, v in state.items() if n.startswith(PREFIX)}
        linear = Linear.load(arrays)
        kernel = Kernel(arrays["landmarks"], arrays["root"], float(arrays["width"][0]))
        cautious = replace(linear, coefficients=arrays["cautious"])
        return cls(Axes(linear.features_mean, arrays["rotation"]), kernel, linear, cautious, arrays["local"])


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
    scores = tuple(seen.axes.scores(section.features) for section in sections)
    kernel = Kernel.fit(scores, landmarks=sizes.landmarks, components=sizes.components, width=sizes.width, seed=seed)
    near = [kernel.features(part) for part in scores]
    parts = moments(near, targets.parts, groups)
    tuned = yield from tune(parts, grid, before=len(columns) * len(parts))
    linear, cautious = (Linear.of(seen.axes, seen.coefficients(caution), targets) for caution in (1.0, sizes.caution))
    pair = RegressionPair(seen.axes, kernel, linear, cautious, targets.genes(tuned.weights()).astype(np.float32))
    centred = [section.features.astype(np.float64) - seen.axes.mean for section in sections]
    by_linear, by_cautious = (
        tuple(left_out(centred, partial(seen.without, caution=caution), targets, groups))
        for caution in (1.0, sizes.caution)
    )
    return Fitted(pair, scores, by_linear, tuple(left_out(near, tuned.without, targets, groups)), by_cautious)
