"""Genes that differ between two domains, or between a domain and the rest of the tissue."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.errors import InputError
from geneglass.workflow.events import Event, Job

LEAST_PLACES = 3
"""On either side."""


@dataclass(frozen=True)
class GeneDifference:
    """One gene that is higher in a domain than elsewhere, or lower.

    Attributes
    ----------
    gene
        Its name.
    log2_fold
        Binary logarithm of the ratio of the means of the unlogged values, counts per 10,000. Not scanpy's, whose
        ratio is of what the means of logarithms stand for, and misstates genes that vary. A gene that is absent from
        a side counts as found once there.
    score
        z of Wilcoxon's rank sum test, above 0 where the gene is higher in the domain.
    q
        p after Benjamini and Hochberg over all genes. Neighbouring places are alike, so that it is too small: it
        ranks genes and is no proof.
    inside, outside
        Share of places with a value above 0, 0 to 1.
    """

    gene: str
    log2_fold: float
    score: float
    q: float
    inside: float
    outside: float


def domain_genes(
    profiles: Any, genes: list[str], inside: NDArray[np.bool_], outside: NDArray[np.bool_], *, most: int = 50
) -> Job[tuple[GeneDifference, ...]]:
    """Rank genes by Wilcoxon's rank sum test and return those that differ most, the highest in the domain first.

    Half of them are the highest in the domain, half the lowest.

    Parameters
    ----------
    profiles
        (n, genes) log-normalised values, dense or sparse; genes with a missing value are left out.
    genes
        Names of the columns.
    inside, outside
        (n,) the places of the domain, and those it is compared with.
    most
        How many to return.

    Raises
    ------
    InputError
        When a side has fewer than three places.
    """
    n_inside, n_outside = int(inside.sum()), int((outside & ~inside).sum())
    if min(n_inside, n_outside) < LEAST_PLACES:
        raise InputError(
            f"{n_inside} places lie in the domain and {n_outside} in what it is compared with; each side needs at "
            f"least {LEAST_PLACES}."
        )
    yield Event(f"Comparing {n_inside:,} with {n_outside:,} places", 0, 1)
    import pandas as pd
    import scanpy as sc
    from anndata import AnnData

    chosen = np.flatnonzero(inside | outside)
    table = profiles[chosen]
    whole = _whole_columns(table)
    adata = AnnData(table[:, whole], var=pd.DataFrame(index=pd.Index([genes[i] for i in whole], dtype=object)))
    adata.obs_names = [str(row) for row in chosen]
    adata.obs["side"] = pd.Categorical(np.where(inside[chosen], "inside", "outside"))
    # scanpy's own ratio, which is not used, has no logarithm where less than nothing is predicted.
    with np.errstate(invalid="ignore"):
        sc.tl.rank_genes_groups(adata, "side", groups=["inside"], reference="outside", method="wilcoxon", pts=True)
    frame = sc.get.rank_genes_groups_df(adata, "inside")
    pts = adata.uns["rank_genes_groups"]["pts"]
    log2_fold = pd.Series(_log2_fold(adata.X, inside[chosen]), index=adata.var_names)
    found = [
        GeneDifference(
            str(row.names), float(log2_fold[row.names]), float(row.scores), float(row.pvals_adj),
            float(pts.loc[row.names, "inside"]), float(pts.loc[row.names, "outside"]),
        )
        for row in frame.itertuples()
    ]  # fmt: skip
    ranked = sorted((item for item in found if np.isfinite(item.score)), key=lambda item: -item.score)
    half = most // 2
    return tuple(ranked if len(ranked) <= most else ranked[:half] + ranked[-half:])


def _log2_fold(logged: Any, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the binary logarithm of the ratio of means, (genes,), of (n, genes) log-normalised values.

    A gene that is absent from a side counts as found once there, with its lowest value on the other: a ratio with
    nothing would be any number.
    """
    from scipy.sparse import csc_matrix

    # A regression may predict a little less than nothing.
    counts = csc_matrix(logged, dtype=np.float64).maximum(0).expm1()
    counts.eliminate_zeros()
    lowest = np.ones(counts.shape[1])
    filled = np.diff(counts.indptr) > 0
    lowest[filled] = np.minimum.reduceat(counts.data, counts.indptr[:-1][filled]) if filled.any() else 1.0
    means = []
    for side in (inside, ~inside):
        mean = np.asarray(counts[side].mean(axis=0)).reshape(-1)
        means.append(np.where(mean > 0, mean, lowest / side.sum()))
    found: NDArray[np.float64] = np.where(filled, np.log2(means[0] / means[1]), 0.0)
    return found


def _whole_columns(table: Any) -> NDArray[np.int64]:
    from scipy.sparse import issparse

    if issparse(table):
        return np.arange(table.shape[1])
    return np.flatnonzero(np.isfinite(table).all(axis=0))
