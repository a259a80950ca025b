"""How far around a place its features look: as far as tissue left out says that it helps.

Wide fields of view tell where in the tissue a place is, and hide what the place itself shows. Which of the two a gene
needs differs between tissues, so it is chosen as strengths are: by the error where a group was left out.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geneglass.model.encoder import Encoder
from geneglass.model.recipe import FitStep, TrainData
from geneglass.model.regression import Axes, Targets
from geneglass.model.ridge_solver import Matrix, Tuned, moments, tune

Sight = Literal["fitted", "all"]


@dataclass(frozen=True)
class Seen:
    """Features as far as they are read.

    Attributes
    ----------
    axes
        Features -> scores.
    scores
        Per section (n, components).
    tuned
        The linear ridge on them.
    """

    axes: Axes
    scores: tuple[Matrix, ...]
    tuned: Tuned


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
    """Yield a step at each group that is left out, and return the axes that predict best where it was.

    Parameters
    ----------
    choices
        Axes to choose from, at least one; ties go to the first.
    sections, targets, groups
        What is trained on, what is predicted, and per section the group of each spot.
    grid, shared
        As `tune` takes them.
    """
    found: list[Seen] = []
    for axes in choices:
        scores = tuple(axes.scores(section.features).astype(np.float64) for section in sections)
        parts = moments(scores, targets.parts, groups)
        before, ahead = (number * len(parts) for number in (len(found), len(choices) - len(found) - 1))
        tuned = yield from tune(parts, grid, shared=shared, before=before, after=ahead)
        found.append(Seen(axes, scores, tuned))
    return max(found, key=lambda seen: seen.tuned.explained)
