"""Labelled spots or tiles as regions: every place stands for what lies nearest to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.annotation import RGB, Domain
from geneglass.data.geojson_shape import alone
from geneglass.data.types import FloatArray

REACH = 0.75
"""How far a place reaches where no other is near, in distances of neighbours: more than the half diagonal of a grid."""


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
    import shapely

    named = np.array([str(label) if label is not None else "" for label in labels], dtype=object)
    cells = _cells(np.asarray(centres_yx, dtype=np.float64)[:, ::-1])
    domains = [
        Domain(name, alone(shapely.union_all(cells[named == name])), colours.get(name))
        for name in sorted(set(named) - {""})
    ]
    return tuple(sorted(domains, key=lambda domain: -domain.shape.area))


def pitch_px(centres_yx: NDArray[np.floating[Any]]) -> float:
    """Return the median distance from a place to its nearest neighbour, in the unit given; 0 for one place alone."""
    from scipy.spatial import cKDTree

    if len(centres_yx) < 2:
        return 0.0
    distances, _ = cKDTree(centres_yx).query(centres_yx, k=2)
    return float(np.median(np.asarray(distances)[:, 1]))


def _cells(xy: NDArray[np.float64]) -> NDArray[Any]:
    import shapely

    if len(xy) == 0:
        return np.empty(0, dtype=object)
    reach = REACH * (pitch_px(xy) or 1.0)
    points = shapely.points(xy)
    discs = np.asarray(shapely.buffer(points, reach, quad_segs=4), dtype=object)
    own = np.unique(xy, axis=0)
    if len(own) < 3 or np.linalg.matrix_rank(own - own[0]) < 2:
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
