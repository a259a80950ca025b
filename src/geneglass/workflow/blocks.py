"""A grid of places in square blocks, and which of them come first: those that somebody is looking at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

BLOCK_PLACES = 16
"""Edge of a block: it is read, kept and shown at once, so that a stop loses at most one."""


@dataclass(frozen=True)
class View:
    """The part of a slide that is in view, in micrometres from its top left corner."""

    top_um: float
    left_um: float
    bottom_um: float
    right_um: float

    def distance_um(self, centres_um_yx: FloatArray) -> FloatArray:
        """Return how far (n, 2) places lie from this part, (n,); 0 within it."""
        low, high = np.array([self.top_um, self.left_um]), np.array([self.bottom_um, self.right_um])
        beyond = np.maximum(np.maximum(low - centres_um_yx, centres_um_yx - high), 0.0)
        found: FloatArray = np.hypot(beyond[:, 0], beyond[:, 1]).astype(np.float32)
        return found

    def middle_um_yx(self) -> FloatArray:
        """Return the middle, (2,)."""
        return np.array([self.top_um + self.bottom_um, self.left_um + self.right_um], np.float32) / np.float32(2)


def blocks_of(centres_um_yx: FloatArray, stride_um: float) -> list[NDArray[np.int64]]:
    """Return the rows of each block of `BLOCK_PLACES` x `BLOCK_PLACES` places of a grid, row of blocks by row.

    Blocks follow from where places lie, never from what is in view: what one run kept, the next one finds.
    """
    if not len(centres_um_yx):
        return []
    at = np.floor(centres_um_yx / (BLOCK_PLACES * stride_um)).astype(np.int64)
    _, owner = np.unique(at, axis=0, return_inverse=True)
    order = np.argsort(owner.reshape(-1), kind="stable")
    starts = np.flatnonzero(np.diff(owner.reshape(-1)[order])) + 1
    return [part.astype(np.int64) for part in np.split(order, starts)]


def nearest_first(
    blocks: list[NDArray[np.int64]], centres_um_yx: FloatArray, view: View | None
) -> list[NDArray[np.int64]]:
    """Return the blocks in view from its middle outwards, then the others by their distance to it.

    Parameters
    ----------
    blocks
        Rows of each block.
    centres_um_yx
        (n, 2) centres of all places.
    view
        None takes the blocks as they come.
    """
    if view is None or not blocks:
        return blocks
    distances = view.distance_um(centres_um_yx)
    middles = np.stack([centres_um_yx[rows].mean(axis=0) for rows in blocks])
    away = np.hypot(*(middles - view.middle_um_yx()).T)
    order = np.lexsort((away, [float(distances[rows].min()) for rows in blocks]))
    return [blocks[number] for number in order]


def spread(n: int, count: int) -> NDArray[np.int64]:
    """Return at most `count` of n rows, evenly apart: places of a grid come row by row, so these lie all over it."""
    return np.unique(np.linspace(0, n - 1, min(count, n)).round().astype(np.int64))
