"""Which spots of a section lie next to each other."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geneglass.data.types import FloatArray

REACH = 1.3
"""In units of the spot distance: the 4 nearest of a square grid and the 6 of a hexagonal one, never the diagonals."""


def neighbour_pairs(centres_yx: FloatArray) -> NDArray[np.int64]:
    """Return (pairs, 2) rows of spots that are neighbours, each pair once, the lower row first, in order.

    Neighbours are spots within `REACH` times the usual distance to the nearest other spot.

    Parameters
    ----------
    centres_yx
        (n, 2) centres in one unit, of one section.
    """
    centres = np.asarray(centres_yx, np.float64)
    if len(centres) < 2:
        return np.empty((0, 2), np.int64)
    tree = cKDTree(centres)
    nearest = tree.query(centres, k=2)[0][:, 1]
    pairs = tree.query_pairs(REACH * float(np.median(nearest)), output_type="ndarray")
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], np.int64)
