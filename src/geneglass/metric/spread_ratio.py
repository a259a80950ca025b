"""How much of the measured spread a prediction shows."""

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.metric import METRICS


@METRICS.register("spread_ratio")
def spread_ratio(measured: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the standard deviation of each gene as predicted over that as measured, (genes,).

    1 is the measured spread, 0 a constant prediction; a flat map can still have a high r. NaN where
    measured is constant.
    """
    if len(measured) < 2:
        return np.full(measured.shape[1], np.nan, np.float32)
    varies = np.ptp(measured, axis=0) > 0
    ratio = np.full(measured.shape[1], np.nan)
    spread = predicted.std(axis=0, dtype=np.float64)
    np.divide(spread, measured.std(axis=0, dtype=np.float64), out=ratio, where=varies)
    return ratio.astype(np.float32)
