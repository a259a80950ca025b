"""Features of a place set against the rest of its slide, and joined by those of the tissue around it."""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from geneglass.data.types import FloatArray

CLIP = 4.0
"""Standardised features are held within this: folds, dust and pen marks are no signal."""


def standardised(raw: FloatArray, slide: FloatArray | None = None) -> FloatArray:
    """Return the columns with mean 0 and deviation 1 over all places, clipped; a constant column is 0.

    Parameters
    ----------
    raw
        (n, f) of places.
    slide
        (m, f) of the places that mean and deviation are taken over; where not given, those of `raw`.
    """
    over = raw if slide is None else slide
    mean = over.mean(axis=0, dtype=np.float64)
    deviation = over.std(axis=0, dtype=np.float64)
    steady = deviation <= 1e-6 * np.maximum(1.0, np.abs(mean))
    scaled = (raw - mean) / np.where(steady, 1.0, deviation)
    return np.clip(np.where(steady, 0.0, scaled), -CLIP, CLIP).astype(np.float32)


def neighbourhood_mean(values: FloatArray, centres_um_yx: FloatArray, sigma_um: float) -> FloatArray:
    """Return the Gaussian mean of (n, f) values over the places within three standard deviations, itself among them.

    Places are first gathered into cells of a quarter of a deviation, which changes nothing for spots 100 um
    apart and keeps a dense grid of tiles from costing the square of its density.
    """
    cells = np.floor(centres_um_yx / (sigma_um / 4)).astype(np.int64)
    _, owner = np.unique(cells, axis=0, return_inverse=True)
    owner = owner.reshape(-1)
    count = np.bincount(owner).astype(np.float32)
    gather = sparse.csr_matrix((np.ones(len(owner), np.float32), (owner, np.arange(len(owner)))))
    sums = gather @ values
    middles = (gather @ centres_um_yx.astype(np.float64)) / count[:, None]
    tree = cKDTree(middles)
    out = np.empty_like(values)
    for start in range(0, len(values), 1024):
        part = slice(start, start + 1024)
        near = cKDTree(centres_um_yx[part]).sparse_distance_matrix(tree, 3 * sigma_um, output_type="coo_matrix").tocsr()
        near.data = np.exp(-0.5 * (near.data / sigma_um) ** 2).astype(np.float32)
        out[part] = (near @ sums) / (near @ count)[:, None]
    return out
