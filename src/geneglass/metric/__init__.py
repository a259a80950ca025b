"""Metrics: (measured, predicted) -> one value per gene; one function per file.

One policy for missing values, for every metric: nothing is dropped or filled in. A gene with a NaN on
either side, or for which the score is not defined (a constant column under a correlation, fewer than two
spots), is NaN. Whoever averages over genes counts the NaN and says how many there were.

Two kinds need more than the two tables, and have a registry each: metrics of spatial structure are also told
which spots are neighbours, and metrics of groups compare a pathologist's labels with clusters of spots.
"""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.registry import Registry

Metric = Callable[[FloatArray, FloatArray], FloatArray]
"""Takes measured and predicted (spots, genes); returns (genes,), NaN where the score is not defined."""

SpatialMetric = Callable[[FloatArray, FloatArray, "NDArray[Any]"], FloatArray]
"""The same with the pairs of neighbouring spots (pairs, 2), each pair once, as rows of both tables."""

GroupMetric = Callable[["NDArray[Any]", "NDArray[Any]"], float]
"""Takes labels and clusters (spots,); returns their agreement, 1 where they are the same groups."""

METRICS: Registry[Metric] = Registry("metric", __name__)
SPATIAL_METRICS: Registry[SpatialMetric] = Registry("spatial metric", __name__)
GROUP_METRICS: Registry[GroupMetric] = Registry("group metric", __name__)
