"""Pearson correlation over spots."""

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.metric import METRICS


@METRICS.register("pearson")
def pearson(measured: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return Pearson's r of each gene over the spots, (genes,).

    NaN where measured or predicted is constant, or with fewer than two spots.
    """
    if len(measured) < 2:
        return np.full(measured.shape[1], np.nan, np.float32)
    varies = (np.ptp(measured, axis=0) > 0) & (np.ptp(predicted, axis=0) > 0)
    x = measured - measured.mean(axis=0, dtype=np.float64)
    y = predicted - predicted.mean(axis=0, dtype=np.float64)
    scale = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    r = np.full(measured.shape[1], np.nan)
    np.divide((x * y).sum(axis=0), scale, out=r, where=varies & (scale > 0))
    return np.asarray(np.clip(r, -1, 1), np.float32)
