"""Adjusted Rand index of clusters against labels."""

from typing import Any

from numpy.typing import NDArray

from geneglass.metric import GROUP_METRICS


@GROUP_METRICS.register("ari")
def ari(labels: NDArray[Any], clusters: NDArray[Any]) -> float:
    """Return how often pairs of spots are together in both or apart in both, above chance: 0 is chance, 1 the same.

    Hubert and Arabie 1985, Journal of Classification 2, equation 5.
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(labels, clusters))
