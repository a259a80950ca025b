"""How far around a place its features look: as far as tissue left out says that it helps.

Wide fields of view tell where in the tissue a place is, and hide what the place itself shows. Which of the two is
needed differs between tissues, so it is chosen as strengths are: by the error where a group was left out. It differs
between genes too; a target looks otherwise than all do where that is better in more groups than chance would have it,
which takes five groups at least.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from geneglass.model.encoder import Encoder
from geneglass.model.recipe import FitStep, TrainData
from geneglass.model.regression import Axes, Targets
from geneglass.model.ridge_solver import Matrix, Tuned, moments, tune

Sight = Literal["fitted", "all"]
CHANCE = 0.05
"""Probability with which a choice is better in so many groups by chance, at most."""


@dataclass(frozen=True)
class Seen:
    """Linear ridges that look differently far, and which of them predicts each target.

    Attributes
    ----------
    choices
        Features -> scores, one for each way to look.
    tuned
        The ridge on each of these scores.
    chosen
        (targets,) which of them predicts a target.
    best
        The one that predicts best over all targets.
    """

    choices: tuple[Axes, ...]
    tuned: tuple[Tuned, ...]
    chosen: NDArray[np.int64]
    best: int

    @property
    def axes(self) -> Axes:
        """Return the axes that predict best over all targets."""
        return self.choices[self.best]

    @property
    def explained(self) -> float:
        """Return the share of the targets' variance that is predicted where it was left out."""
        error, variance = _error(self.tuned), self.tuned[0].whole.targets.sum()
        least = np.take_along_axis(error, self.chosen[None], axis=0).sum()
        return 1.0 - float(least) / max(float(variance), 1e-12)

    def strengths(self) -> Matrix:
        """Return the (targets,) strengths, infinite where nothing can be read from the features."""
        found: Matrix = np.choose(self.chosen, [tuned.strengths for tuned in self.tuned])
        return found

    def coefficients(self, caution: float = 1.0) -> Matrix:
        """Return (dim, targets): what features less their mean are multiplied by."""
        return self._together([tuned.weights(caution) for tuned in self.tuned])

    def without(self, number: int, caution: float = 1.0) -> Matrix:
        """Return the same from all groups but one."""
        return self._together([tuned.without(number, caution) for tuned in self.tuned])

    def _together(self, weights: Sequence[Matrix]) -> Matrix:
        own = [np.where(self.chosen == place, part, 0.0) for place, part in enumerate(weights)]
        return sum(
            (axes.rotation.astype(np.float64) @ part for axes, part in zip(self.choices, own, strict=True)),
            start=np.zeros((1, 1)),
        )


def sights(encoder: Encoder, sight: Sight) -> tuple[int, ...]:
    """Return how many columns are read: all, or what there is to choose from.

    That is the narrowest field of view, all fields of view, and, where an encoder has them, neighbouring places.
    """
    if sight == "all":
        return (encoder.dim,)
    own = len(encoder.patches)
    stops = [stop for _, stop in encoder.spans]
    return tuple(sorted({stops[0], stops[min(max(own, 1), len(stops)) - 1], encoder.dim}))


def look(
    choices: Sequence[Axes],
    sections: Sequence[TrainData],
    targets: Targets,
    groups: Sequence[NDArray[np.int64]],
    *,
    grid: Matrix,
    shared: bool = False,
) -> Generator[FitStep, None, Seen]:
    """Yield a step at each group that is left out, and return for each target what predicts it best where it was.

    Parameters
    ----------
    choices
        Axes to choose from, at least one; ties go to the first.
    sections, targets, groups
        What is trained on, what is predicted, and per section the group of each spot.
    grid
        As `tune` takes it.
    shared
        One strength and one way to look for all targets.
    """
    found: list[Tuned] = []
    for axes in choices:
        parts = moments(
            [axes.scores(section.features).astype(np.float64) for section in sections], targets.parts, groups
        )
        before, ahead = (number * len(parts) for number in (len(found), len(choices) - len(found) - 1))
        found.append((yield from tune(parts, grid, shared=shared, before=before, after=ahead)))
    best = int(np.argmax([tuned.explained for tuned in found]))
    everywhere = np.full(found[best].strengths.shape, best)
    return Seen(tuple(choices), tuple(found), everywhere if shared else _chosen(found, best), best)


def _chosen(found: Sequence[Tuned], best: int) -> NDArray[np.int64]:
    """Return (targets,) which choice predicts each: `best`, or another that is better in too many groups for chance."""
    other = np.argmin(_error(found), axis=0)
    errors = np.stack([tuned.errors for tuned in found])
    better = np.take_along_axis(errors, other[None, None], axis=0)[0] < errors[best]
    by_chance = binom.sf(better.sum(axis=0) - 1, len(better), 0.5)
    return np.where(by_chance <= CHANCE, other, best)


def _error(tuned: Sequence[Tuned]) -> Matrix:
    """Return the (choices, targets) squared error over all groups left out."""
    return np.stack([one.errors.sum(axis=0) for one in tuned])
