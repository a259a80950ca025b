"""Metrics: (measured, predicted) -> one value per gene; one function per file.

One policy for missing values, for every metric: nothing is dropped or filled in. A gene with a NaN on
either side, or for which the score is not defined (a constant column under a correlation, fewer than two
spots), is NaN. Whoever averages over genes counts the NaN and says how many there were.
"""

from collections.abc import Callable

from geneglass.data.types import FloatArray
from geneglass.registry import Registry

Metric = Callable[[FloatArray, FloatArray], FloatArray]
"""Takes measured and predicted (spots, genes); returns (genes,), NaN where the score is not defined."""

METRICS: Registry[Metric] = Registry("metric", __name__)
