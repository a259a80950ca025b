"""Metrics: (measured, predicted) -> one value per gene; one function per file."""

from collections.abc import Callable

from geneglass.data.types import FloatArray
from geneglass.registry import Registry

Metric = Callable[[FloatArray, FloatArray], FloatArray]
"""Takes (spots, genes) twice; returns (genes,), NaN where the score is not defined."""

METRICS: Registry[Metric] = Registry("metric", __name__)
