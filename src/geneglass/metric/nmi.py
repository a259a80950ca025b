"""Normalised mutual information of clusters and labels."""

from typing import Any

from numpy.typing import NDArray

from geneglass.metric import GROUP_METRICS


@GROUP_METRICS.register("nmi")
def nmi(labels: NDArray[Any], clusters: NDArray[Any]) -> float:
    """Return the mutual information over the mean of both entropies, 0 to 1; chance is above 0 where groups are many.

    Vinh, Epps and Bailey 2010, JMLR 11, table 2 (NMI by the sum of entropies).
    """
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(labels, clusters))
