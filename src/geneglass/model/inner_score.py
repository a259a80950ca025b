"""What is to be as high as can be on training tissue that is left out."""

import numpy as np

from geneglass.data.types import FloatArray


def mean_r(measured: FloatArray, predicted: FloatArray) -> float:
    """Return Pearson's r over places, averaged over the genes where it is defined; 0 where it nowhere is."""
    a, b = (values.astype(np.float64) - values.mean(axis=0, dtype=np.float64) for values in (measured, predicted))
    spread = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    defined = spread > 1e-9
    if not defined.any():
        return 0.0
    return float(np.mean((a * b).sum(axis=0)[defined] / spread[defined]))
