"""Places on a square lattice: their row and column, where they lie as regularly as the pixels of a picture."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

Matrix = NDArray[np.float64]

SAMPLE = 4000
"""Places around the middle one that the steps are fitted to."""
STRAY = 0.25
"""How far, in steps, a place may lie from its crossing."""
MAX_CELLS_PER_PLACE = 64
"""A lattice that is emptier than this is not worth a picture."""


@dataclass(frozen=True)
class Lattice:
    """A square lattice, at any angle, and where on it n places are.

    Attributes
    ----------
    row, column
        (n,) of each place, counted from 0.
    shape
        Rows and columns.
    origin_yx_px
        Centre of row 0, column 0, in level-0 pixels.
    steps_yx_px
        (2, 2): from one row to the next, and from one column to the next.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    shape: tuple[int, int]
    origin_yx_px: FloatArray
    steps_yx_px: FloatArray

    @property
    def step_px(self) -> float:
        """Return the distance of neighbours in level-0 pixels."""
        return float(np.hypot(*self.steps_yx_px[0]))

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """Return (n,) where each place lies in a picture, row after row."""
        return self.row * self.shape[1] + self.column

    def picture(self, values: FloatArray) -> FloatArray:
        """Return (n,) values as a picture of `shape`, NaN where there is no place."""
        found = np.full(self.shape[0] * self.shape[1], np.nan, np.float32)
        found[self.cells] = values
        return found.reshape(self.shape)


def lattice_of(centres_yx: FloatArray) -> Lattice | None:
    """Return the lattice that places lie on; None where they do not, or two of them share a crossing.

    Parameters
    ----------
    centres_yx
        (n, 2) centres in level-0 pixels, in any order.
    """
    if len(centres_yx) < 2:
        return None
    places = np.ascontiguousarray(centres_yx.T, dtype=np.float64)
    steps = _steps(places)
    return None if steps is None else _on(places, steps)


def grid_lattice(centres_yx: FloatArray, step_px: float) -> Lattice | None:
    """Return the lattice of an upright grid whose step is known; None where places do not lie on it.

    Parameters
    ----------
    centres_yx
        (n, 2) centres in level-0 pixels.
    step_px
        From one place to the next.
    """
    if not len(centres_yx):
        return None
    return _on(np.ascontiguousarray(centres_yx.T, dtype=np.float64), np.eye(2) * step_px)


def _on(places: Matrix, steps: Matrix) -> Lattice | None:
    """Return (2, n) places on the lattice of these steps, if each has a crossing of its own."""
    from_first = places - places[:, :1]
    at = []
    # In place: with a million of them, half of the time would go into new memory.
    for down, aside in np.linalg.inv(steps).T:
        exact = from_first[0] * down
        exact += from_first[1] * aside
        whole = np.rint(exact)
        exact -= whole
        if max(exact.max(), -exact.min()) > STRAY:
            return None
        whole -= whole.min()
        at.append(whole.astype(np.int64))
    row, column = at
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    if shape[0] * shape[1] > MAX_CELLS_PER_PLACE * places.shape[1]:
        return None
    taken = np.zeros(shape, bool)
    taken[row, column] = True
    if np.count_nonzero(taken) < len(row):
        return None
    middle = np.array([row.mean(), column.mean()])
    origin = places.mean(axis=1) - middle @ steps
    return Lattice(row, column, shape, origin.astype(np.float32), steps.astype(np.float32))


def _steps(places: Matrix) -> Matrix | None:
    """Return the two steps as rows of a (2, 2) matrix, the first the one that goes down more than to the side."""
    typical = np.median(places[:, :: max(1, places.shape[1] // SAMPLE)], axis=1)
    middle = places[:, np.argmin(((places - typical[:, None]) ** 2).sum(axis=0))]
    away = places - middle[:, None]
    distances = (away**2).sum(axis=0)
    count = min(SAMPLE, len(distances) - 1)
    near = np.argpartition(distances, count)[: count + 1]
    away, lengths = away[:, near], np.sqrt(distances[near])
    if not (lengths > 0).any():
        return None
    one = away[:, lengths > 0][:, np.argmin(lengths[lengths > 0])]
    # Turned by quarters until it points down: rows of a picture do.
    while abs(one[1]) > abs(one[0]) or one[0] < 0:
        one = np.array([-one[1], one[0]])
    steps, length = np.stack([one, [-one[1], one[0]]]), np.hypot(*one)
    # Step by step outwards, so that a small error of the first step never reaches half a step.
    for reach in (4, 16, 64):
        steps = _fitted(away[:, lengths <= reach * length], steps)
    # A lattice far larger than the sample needs steps as exact as all of its places can say.
    return _fitted(places - middle[:, None], steps) if _sound(steps) else None


def _fitted(away: Matrix, steps: Matrix) -> Matrix:
    """Return the steps by least squares from (2, n) places around a crossing, given about what they are."""
    at = np.rint(np.linalg.inv(steps).T @ away)
    products = at @ at.T
    return np.linalg.solve(products, at @ away.T) if np.linalg.det(products) > 0 else steps


def _sound(steps: Matrix) -> bool:
    """Return whether two steps are about as long, and at right angles."""
    long, short = sorted(np.hypot(*steps.T), reverse=True)
    return bool(short > 0 and long < 1.1 * short and abs(steps[0] @ steps[1]) < 0.1 * long * short)
