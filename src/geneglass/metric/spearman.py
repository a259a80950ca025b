"""Spearman correlation over spots."""

import numpy as np
from scipy.stats import rankdata

from geneglass.data.types import FloatArray
from geneglass.metric import METRICS


@METRICS.register("spearman")
def spearman(measured: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return Spearman's rank correlation of each gene over the spots, (genes,); ties share their mean rank.

    NaN where measured or predicted is constant or has a NaN, or with fewer than two spots.
    """
    if len(measured) < 2:
        return np.full(measured.shape[1], np.nan, np.float32)
    x, y = _centred_ranks(measured), _centred_ranks(predicted)
    scale = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    rho = np.full(measured.shape[1], np.nan)
    np.divide((x * y).sum(axis=0), scale, out=rho, where=scale > 0)
    return np.asarray(np.clip(rho, -1, 1), np.float32)


def _centred_ranks(values: FloatArray) -> np.ndarray:
    ranks: np.ndarray = rankdata(values, axis=0, nan_policy="propagate") - (len(values) + 1) / 2
    return ranks
