"""The unit of BLEEP and MViTGene, whose depth is set to the median spot's instead of to 10,000."""

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.model.recipe import TrainData

MEDIAN_UNIT = "ln(1 + m x / total of the spot over all genes), m the median total of the section"


def median_scaled(section: TrainData) -> FloatArray:
    """Return (n, genes) expression in `MEDIAN_UNIT`.

    The totals over all genes are read back from what `UNIT` and the counts of the panel say together; spots
    without any count of the panel are 0 in every unit, and do not count for the median.
    """
    shares = np.expm1(section.expression.astype(np.float64)) / 1e4
    known, of_panel = shares.sum(axis=1), section.counts.sum(axis=1, dtype=np.float64)
    counted = (known > 0) & (of_panel > 0)
    median = float(np.median(of_panel[counted] / known[counted])) if counted.any() else 0.0
    return np.log1p(median * shares).astype(np.float32)
