"""Ridge regression in closed form from sums of products per group, with strengths chosen on groups left out."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.recipe import FitStep, TrainData

MIN_SPOTS = 4
"""Fewer training spots than this can not be split to choose a strength."""
BLOCKS = 5
"""Strips that a single section is cut into."""
INNER_FOLDS = 3
"""Among the others, where a group is left out: most parts that are left out in turn to choose strengths for it."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Sums of products of one group of spots: all that a ridge fit and its squared error need."""

    features: Matrix
    both: Matrix
    targets: Matrix
    count: int

    @classmethod
    def of(cls, scores: Matrix, targets: Matrix) -> "Moments":
        """Return the moments of (n, components) scores and (n, targets) targets."""
        return cls(scores.T @ scores, scores.T @ targets, (targets**2).sum(axis=0), len(scores))

    def plus(self, other: "Moments", sign: int = 1) -> "Moments":
        """Return the moments of both groups together, or with sign -1 of this one without the other."""
        return Moments(
            self.features + sign * other.features,
            self.both + sign * other.both,
            self.targets + sign * other.targets,
            self.count + sign * other.count,
        )

    def turned(self) -> "Turned":
        """Return what fits of any strength on these spots have in common."""
        values, axes = np.linalg.eigh(self.features / self.count)
        return Turned(np.maximum(values, 0.0)[:, None], axes, axes.T @ self.both / self.count)

    def weights(self, strengths: Matrix) -> Matrix:
        """Return the (components, targets) weights of one strength per target."""
        turned = self.turned()
        return turned.axes @ turned.along(strengths)

    def errors(self, rest: "Moments", strengths: Matrix) -> Matrix:
        """Return the (strengths, targets) squared error on these spots of weights by the rest."""
        turned = rest.turned()
        features, both = turned.axes.T @ self.features @ turned.axes, turned.axes.T @ self.both
        weights = (turned.along(strength) for strength in strengths)
        return np.stack([self.targets + ((features @ w - 2 * both) * w).sum(axis=0) for w in weights])


@dataclass(frozen=True)
class Turned:
    """Moments along the principal axes of their features, where a ridge of any strength is one division.

    Attributes
    ----------
    values, axes
        (components, 1) eigenvalues, and the axes as columns.
    both
        (axes, targets).
    """

    values: Matrix
    axes: Matrix
    both: Matrix

    def along(self, strength: Matrix) -> Matrix:
        """Return the (axes, targets) weights of one strength, or of one per target."""
        found: Matrix = self.both / (self.values + strength)
        return found


@dataclass(frozen=True)
class Tuned:
    """Strengths that did best on groups left out in turn.

    Attributes
    ----------
    strengths
        (targets,) chosen; infinite where nothing can be read from the features.
    by_others
        (groups, targets) the same, chosen without a look at how well each group itself is predicted.
    whole
        Moments of all groups.
    parts
        Moments of each.
    errors
        (groups, targets) squared error where each group was left out, with the strengths that others chose.
    """

    strengths: Matrix
    by_others: Matrix
    whole: Moments
    parts: tuple[Moments, ...]
    errors: Matrix

    @property
    def explained(self) -> float:
        """Return the share of the targets' variance that is predicted where it was left out."""
        return 1.0 - float(self.errors.sum()) / max(float(self.whole.targets.sum()), 1e-12)

    def weights(self, caution: float = 1.0) -> Matrix:
        """Return the (components, targets) weights of all groups, the strengths multiplied by `caution`."""
        return self.whole.weights(self.strengths * caution)

    def without(self, number: int, caution: float = 1.0) -> Matrix:
        """Return the weights of all groups but one, which chose the strengths, multiplied by `caution`."""
        return self.whole.plus(self.parts[number], -1).weights(self.by_others[number] * caution)


def tune(
    parts: Sequence[Moments], grid: Matrix, *, shared: bool = False, before: int = 0, after: int = 0
) -> Generator[FitStep, None, Tuned]:
    """Yield a step at each group that was left out, and return the strengths that did best there.

    Strengths by which a group itself is predicted, as one that was left out, are chosen among the others alone: else
    what can not be read at all would seem to be.

    Parameters
    ----------
    parts
        Moments of each group.
    grid
        Strengths to try, the last of them infinite.
    shared
        One strength for all targets, instead of one for each.
    before, after
        Steps that were told already, and that are still to come.
    """
    whole = total(parts)
    errors = np.zeros((len(grid), len(parts), whole.both.shape[1]))
    by_others = np.zeros(errors.shape[1:], np.intp)
    for done, part in enumerate(parts):
        errors[:, done] = part.errors(whole.plus(part, -1), grid)
        if len(parts) > 2:
            by_others[done] = _least(_among([*parts[:done], *parts[done + 1 :]], grid), shared=shared)
        yield FitStep(before + done + 1, before + len(parts) + after + 1)
    if len(parts) == 2:
        # One other group has nothing to leave out: it is predicted by the very group that it chooses for.
        by_others[:] = [_least(errors[:, other], shared=shared) for other in (1, 0)]
    chosen = _least(errors.sum(axis=1), shared=shared)
    least = np.take_along_axis(errors, by_others[None], axis=0)[0]
    return Tuned(grid[chosen], grid[by_others], whole, tuple(parts), least)


def _among(others: Sequence[Moments], grid: Matrix) -> Matrix:
    """Return the (strengths, targets) error among groups, left out in turn."""
    count = min(INNER_FOLDS, len(others))
    folds, whole = [total(others[fold::count]) for fold in range(count)], total(others)
    among = np.zeros((len(grid), whole.both.shape[1]))
    for fold in folds:
        among += fold.errors(whole.plus(fold, -1), grid)
    return among


def _least(error: Matrix, *, shared: bool) -> NDArray[np.intp]:
    """Return (targets,) the strength, by number, of the least (strengths, targets) error; ties go to the stronger."""
    judged = error.sum(axis=1, keepdims=True) + 0 * error if shared else error
    return np.asarray(len(judged) - 1 - np.argmin(judged[::-1], axis=0))


def total(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all groups together."""
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.plus(part)
    return whole


def moments(scores: Sequence[Matrix], targets: Sequence[Matrix], groups: Sequence[NDArray[np.int64]]) -> list[Moments]:
    """Return the moments of each group of spots, given scores, targets and group numbers per section."""
    features, wanted, group = (np.concatenate(list(part)) for part in (scores, targets, groups))
    return [Moments.of(features[group == index], wanted[group == index]) for index in np.unique(group)]


def principal(centred: Matrix, count: int) -> tuple[Matrix, float]:
    """Return the (columns, count) principal axes of a centred matrix, and the variance along them in sum."""
    wide = centred.shape[1] > centred.shape[0]
    gram = centred @ centred.T if wide else centred.T @ centred
    # scipy's would find these axes alone, but lets no other thread run meanwhile, and a window would stand still.
    values, axes = np.linalg.eigh(gram)
    values, axes = values[-count:], axes[:, -count:]
    kept = values > 1e-10 * max(float(values[-1]), 1e-12)
    if not kept.any():
        return np.zeros((centred.shape[1], 1)), 0.0
    values, axes = values[kept], axes[:, kept]
    if wide:
        axes = centred.T @ axes / np.sqrt(values)
    return axes[:, ::-1], float(values.sum()) / len(centred)


def spot_groups(sections: Sequence[TrainData]) -> tuple[list[NDArray[np.int64]], str]:
    """Return, per section, the group of each spot, and in words what is left out together.

    Raises
    ------
    InputError
        When there are too few spots to leave any out.
    """
    sizes = [len(section.features) for section in sections]
    if sum(sizes) < MIN_SPOTS:
        raise InputError(f"Training needs at least {MIN_SPOTS} spots with counts, got {sum(sizes)}: add sections.")
    patients = [section.patient for section in sections]
    names = sorted({patient for patient in patients if patient is not None})
    if None not in patients and len(names) > 1:
        return [
            np.full(size, names.index(str(patient))) for size, patient in zip(sizes, patients, strict=True)
        ], "patients"
    if len(sections) > 1:
        return [np.full(size, index) for index, size in enumerate(sizes)], "sections"
    return [_strips(sections[0].centres_um_yx)], "strips of the one section"


def _strips(centres_um_yx: FloatArray) -> NDArray[np.int64]:
    """Return equal groups of places across the longer side of the tissue."""
    along = centres_um_yx[:, int(np.argmax(np.ptp(centres_um_yx, axis=0)))]
    rank = np.argsort(np.argsort(along, kind="stable"), kind="stable")
    return (rank * min(BLOCKS, len(along)) // len(along)).astype(np.int64)
