"""Spatial structure: how smooth a predicted map is against the measured one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.types import FloatArray
from geneglass.metric import SPATIAL_METRICS


@SPATIAL_METRICS.register("moran_gap")
def moran_gap(measured: FloatArray, predicted: FloatArray, pairs: NDArray[Any]) -> FloatArray:
    """Return Moran's I of each gene as predicted minus that as measured, (genes,).

    0 is the measured structure, above 0 a map smoother than measured (counting noise makes measured maps rough),
    below 0 a rougher one. NaN where either is not defined.
    """
    return morans_i(predicted, pairs) - morans_i(measured, pairs)


def morans_i(values: FloatArray, pairs: NDArray[Any]) -> FloatArray:
    """Return Moran's I of each gene over neighbouring spots with equal weights, (genes,).

    1 where neighbours are alike, about 0 where they are not more alike than any spots. NaN for a constant gene, and
    without neighbours (Moran 1950, Biometrika 37, equation for binary weights).
    """
    if not len(pairs):
        return np.full(values.shape[1], np.nan, np.float32)
    centred = values - values.mean(axis=0, dtype=np.float64)
    n, shape = len(values), (len(values), len(values))
    next_to = sparse.csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)
    together = (centred * (next_to @ centred)).sum(axis=0)
    spread = (centred * centred).sum(axis=0)
    moran = np.full(values.shape[1], np.nan)
    np.divide(n * together, len(pairs) * spread, out=moran, where=(np.ptp(values, axis=0) > 0) & (spread > 0))
    return moran.astype(np.float32)
