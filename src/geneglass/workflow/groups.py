"""Clusters of spots by their expression against the regions that a pathologist named."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneglass.data.labels import label_column
from geneglass.data.types import FloatArray
from geneglass.metric import GROUP_METRICS

COMPONENTS = 30
STARTS = 10
NO_CLASS = frozenset(
    {"", "nan", "none", "na", "n/a", "undetermined", "unknown", "unassigned", "unlabeled", "unlabelled"}
)
"""Labels that name no tissue: spots with one of them are left out, as are spots without a label."""


def spot_labels(obs: pd.DataFrame) -> NDArray[Any] | None:
    """Return (n,) names of the region of each spot, "" where none is known; None without two regions.

    A pathologist's labels of spots stand before drawn domains.
    """
    column = label_column(obs) or ("domain" if "domain" in obs else None)
    if column is None:
        return None
    named = obs[column].astype(object).where(obs[column].notna(), "").astype(str).str.strip().to_numpy(dtype=object)
    named[[name.lower() in NO_CLASS for name in named]] = ""
    return named if len(set(named) - {""}) > 1 else None


def agreement(labels: NDArray[Any], values: FloatArray, *, seed: int) -> dict[str, float]:
    """Return how well clusters of the values find the labelled regions: each group metric by name.

    The labelled spots are clustered by K-means, with as many clusters as regions, on the first principal components
    of the genes (centred, not scaled; genes with a NaN left out). NaN where all spots have the same values.
    """
    from sklearn.cluster import KMeans

    known = labels != ""
    table = np.asarray(values[known], np.float64)
    table = table[:, np.isfinite(table).all(axis=0)]
    classes = len(set(labels[known]))
    if len(np.unique(table, axis=0)) < classes:
        return dict.fromkeys(GROUP_METRICS, float("nan"))
    clusters = KMeans(classes, n_init=STARTS, random_state=seed % 2**32).fit_predict(_components(table))
    return {name: metric(labels[known].astype(str), clusters) for name, metric in GROUP_METRICS.items()}


def groups_of(labels: NDArray[Any] | None, predictions: Mapping[str, FloatArray], *, seed: int) -> dict[str, Any]:
    """Return the agreement of several predictions by name; nothing where the section has no labels."""
    if labels is None:
        return {}
    return {name: agreement(labels, values, seed=seed) for name, values in predictions.items()}


def _components(table: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = table - table.mean(axis=0)
    if centred.shape[1] > len(centred):
        # The same scores from the smaller side: rows against rows.
        values, vectors = np.linalg.eigh(centred @ centred.T)
        scores = vectors * np.sqrt(np.maximum(values, 0))
    else:
        scores = centred @ np.linalg.eigh(centred.T @ centred)[1]
    return np.ascontiguousarray(scores[:, ::-1][:, :COMPONENTS])
