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
    by_others
        (groups, targets) the same, chosen without a look at how well each group itself is predicted.
    best
        The one that predicts best over all targets.
    """

    choices: tuple[Axes, ...]
    tuned: tuple[Tuned, ...]
    chosen: NDArray[np.int64]
    by_others: NDArray[np.int64]
    best: int

    @property
    def axes(self) -> Axes:
        """Return the axes that predict best over all targets."""
        return self.choices[self.best]

    @property
    def explained(self) -> float:
        """Return the share of the targets' variance that is predicted where it was left out."""
        variance = self.tuned[0].whole.targets.sum()
        least = np.take_along_axis(_errors(self.tuned), self.by_others[None], axis=0).sum()
        return 1.0 - float(least) / max(float(variance), 1e-12)

    def strengths(self) -> Matrix:
        """Return the (targets,) strengths, infinite where nothing can be read from the features."""
        found: Matrix = np.choose(self.chosen, [tuned.strengths for tuned in self.tuned])
        return found

    def coefficients(self, caution: float = 1.0) -> Matrix:
        """Return (dim, targets): what features less their mean are multiplied by."""
        return self._together([tuned.weights(caution) for tuned in self.tuned], self.chosen)

    def without(self, number: int, caution: float = 1.0) -> Matrix:
        """Return the same from all groups but one, which alone have chosen how far to look."""
        return self._together([tuned.without(number, caution) for tuned in self.tuned], self.by_others[number])

    def _together(self, weights: Sequence[Matrix], chosen: NDArray[np.int64]) -> Matrix:
        own = [np.where(chosen == place, part, 0.0) for place, part in enumerate(weights)]
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
    errors = _errors(found)
    by_others = [_chosen(np.delete(errors, number, axis=1), shared=shared) for number in range(errors.shape[1])]
    best = _best(errors)
    return Seen(tuple(choices), tuple(found), _chosen(errors, shared=shared), np.stack(by_others), best)


def _best(errors: Matrix) -> int:
    """Return which choice has the least (choices, groups, targets) error in all."""
    return int(np.argmin(errors.sum(axis=(1, 2))))


def _chosen(errors: Matrix, *, shared: bool) -> NDArray[np.int64]:
    """Return (targets,) which choice predicts each: the best, or another that is better in too many groups for chance.

    Parameters
    ----------
    errors
        (choices, groups, targets).
    shared
        The best for all of them.
    """
    best = _best(errors)
    everywhere = np.full(errors.shape[2], best)
    if shared:
        return everywhere
    other = np.argmin(errors.sum(axis=1), axis=0)
    better = np.take_along_axis(errors, other[None, None], axis=0)[0] < errors[best]
    by_chance = binom.sf(better.sum(axis=0) - 1, len(better), 0.5)
    return np.where(by_chance <= CHANCE, other, everywhere)


def _errors(tuned: Sequence[Tuned]) -> Matrix:
    """Return the (choices, groups, targets) squared errors where a group was left out."""
    return np.stack([one.errors for one in tuned])
