"""Labelled spots or tiles as regions: every place stands for what lies nearest to it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.annotation import RGB, Domain
from geneglass.data.geojson_shape import alone
from geneglass.data.types import FloatArray

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

REACH, NEIGHBOURS = 0.75, 4
"""How far a place reaches where no other is near, in distances of neighbours: more than the half diagonal of a grid.
On an array that was placed by hand the nearest neighbour is nearer than the others: the fourth says how far apart
places lie, and leaves no gaps at the corners of four."""

ROUNDED = 1e-9
"""To what corners are rounded, in distances of neighbours."""
SLIT = 100
"""Half the width of slits that are closed, in steps of what corners are rounded to."""


def regions_of(labels: NDArray[Any], centres_yx: FloatArray, colours: Mapping[str, RGB]) -> tuple[Domain, ...]:
    """Return one domain per label: the cells nearest to its places, joined; the largest first.

    The cells are those of Voronoi, cut to `REACH` around each place, so that a spot lies in the domain of its label.

    Parameters
    ----------
    labels
        (n,) texts; "" and None for places that belong to no region.
    centres_yx
        (n, 2) in level-0 pixels of the slide.
    colours
        By label.
    """
    # Cells of neighbours meet in places that are rounded differently: on this grid they are nearly the same.
    grid_px = ROUNDED * (pitch_px(centres_yx) or 1.0)
    named = np.array([str(label) if label is not None else "" for label in labels], dtype=object)
    cells = _cells(np.asarray(centres_yx, dtype=np.float64)[:, ::-1])
    domains = [
        Domain(name, _joined(cells[named == name], grid_px), colours.get(name)) for name in sorted(set(named) - {""})
    ]
    return tuple(sorted(domains, key=lambda domain: -domain.shape.area))


def _joined(cells: NDArray[Any], grid_px: float) -> "BaseGeometry":
    """Return cells as one shape without the slits that stay where two of them are rounded to either side."""
    import shapely

    whole = shapely.union_all(cells, grid_size=grid_px)
    wider = shapely.buffer(whole, SLIT * grid_px, join_style="mitre")
    return alone(shapely.buffer(wider, -SLIT * grid_px, join_style="mitre"))


def pitch_px(centres_yx: NDArray[np.floating[Any]]) -> float:
    """Return the median distance from a place to its nearest neighbour, in the unit given; 0 for one place alone."""
    return _distance_px(centres_yx, 1)


def _distance_px(centres_yx: NDArray[np.floating[Any]], which: int) -> float:
    """Return the median distance to the nearest neighbour, the second, and so on; to the last where there are few."""
    from scipy.spatial import cKDTree

    which = min(which, len(centres_yx) - 1)
    if which < 1:
        return 0.0
    distances, _ = cKDTree(centres_yx).query(centres_yx, k=which + 1)
    return float(np.median(np.asarray(distances)[:, which]))


def _cells(xy: NDArray[np.float64]) -> NDArray[Any]:
    import shapely

    if len(xy) == 0:
        return np.empty(0, dtype=object)
    own = np.unique(xy, axis=0)
    scattered = len(own) >= 3 and np.linalg.matrix_rank(own - own[0]) == 2
    reach = REACH * (_distance_px(xy, NEIGHBOURS if scattered else 1) or 1.0)
    points = shapely.points(xy)
    discs = np.asarray(shapely.buffer(points, reach, quad_segs=4), dtype=object)
    if not scattered:
        return discs
    voronoi = shapely.voronoi_polygons(shapely.MultiPoint(own), extend_to=shapely.box(*_bounds(xy, reach)))
    cells = np.array(shapely.get_parts(voronoi), dtype=object)
    tree = shapely.STRtree(cells)
    place, cell = tree.query(points, predicate="intersects")
    _, once = np.unique(place, return_index=True)
    return np.asarray(shapely.intersection(discs, cells[cell[once]]), dtype=object)


def _bounds(xy: NDArray[np.float64], reach: float) -> tuple[float, float, float, float]:
    left, top = xy.min(axis=0) - 2 * reach
    right, bottom = xy.max(axis=0) + 2 * reach
    return float(left), float(top), float(right), float(bottom)
