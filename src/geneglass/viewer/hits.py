"""Which place of a map lies under the mouse, by how the places are drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from geneglass.data.lattice import Lattice
from geneglass.data.types import FloatArray
from geneglass.overlay import Layout
from geneglass.viewer.panes import PREDICTED

if TYPE_CHECKING:
    from geneglass.viewer.compare import Compare

REACH_PX = 8
"""How far from the middle of a spot the mouse may be, on the screen; a tile is hit where it is drawn."""
SPOT_REACH = 1.2
"""Of a spot's radius: its rim is soft."""
EDGE = 0.505
"""Of a tile's width, from its middle: no click falls between two."""


def place_under(compare: "Compare", side: str, position: Sequence[float]) -> int | None:
    """Return the number of the place of a map under a position in world units, None beside all of them."""
    layout, viewer = compare.layout(side), compare.viewer
    if layout is None or viewer is None:
        return None
    reach_px = REACH_PX / (viewer.scene.camera.zoom * (layout.mpp or 1.0))
    tiles = side == PREDICTED and not compare.session.on_spots
    return place_at(layout, to_px(position, layout.mpp), square=tiles, reach_px=reach_px)


def to_px(position: Sequence[float], mpp: float | None) -> tuple[float, float]:
    """Return a position in world units as (y, x) in level-0 pixels, counted from the slide's corner."""
    um = mpp or 1.0
    return position[-2] / um + 0.5, position[-1] / um + 0.5


def place_at(layout: Layout, at_yx: Sequence[float] | FloatArray, *, square: bool, reach_px: float) -> int | None:
    """Return the number of the place that is drawn at a position, None beside all of them.

    Parameters
    ----------
    layout
        Where the places are, and how large.
    at_yx
        Level-0 pixels.
    square
        Tiles, which end at their edges, instead of spots.
    reach_px
        How far from its middle a spot is hit at least, in level-0 pixels.
    """
    if not len(layout.centres_yx):
        return None
    at = np.asarray(at_yx, np.float64)
    if layout.lattice is not None:
        return _cell_at(layout.lattice, at)
    away = np.abs(layout.centres_yx - at)
    distance = away.max(axis=1) if square else np.hypot(*away.T)
    nearest = int(distance.argmin())
    width = layout.diameter_px
    within = EDGE * width if square else max(SPOT_REACH * width / 2, reach_px)
    return nearest if distance[nearest] <= within else None


def _cell_at(lattice: Lattice, at_yx: FloatArray) -> int | None:
    exact = (at_yx - lattice.origin_yx_px) @ np.linalg.inv(lattice.steps_yx_px.astype(np.float64))
    row, column = cell = np.clip(np.rint(exact), 0, np.array(lattice.shape) - 1)
    if (np.abs(exact - cell) > EDGE).any():
        return None
    found = np.flatnonzero((lattice.row == row) & (lattice.column == column))
    return int(found[0]) if len(found) else None
