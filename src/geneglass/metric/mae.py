"""Mean absolute error."""

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.metric import METRICS


@METRICS.register("mae")
def mae(measured: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the mean absolute difference of each gene over the spots, (genes,); NaN without spots."""
    if not len(measured):
        return np.full(measured.shape[1], np.nan, np.float32)
    return np.asarray(np.abs(predicted - measured).mean(axis=0, dtype=np.float64), np.float32)
