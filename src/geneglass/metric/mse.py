"""Mean squared error."""

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.metric import METRICS


@METRICS.register("mse")
def mse(measured: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the mean squared difference of each gene over the spots, (genes,); NaN without spots."""
    if not len(measured):
        return np.full(measured.shape[1], np.nan, np.float32)
    difference = predicted - measured
    return np.asarray((difference * difference).mean(axis=0, dtype=np.float64), np.float32)
