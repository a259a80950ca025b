"""Numbers per gene for the list: r in this section, the model's held-out r, and the mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.viewer.session import Session

BLOCK = 256
"""Genes correlated at a time, so that memory stays bounded."""


@dataclass(frozen=True)
class GeneStats:
    """(genes,) arrays in the order of `session.genes`, NaN where a number is not defined."""

    names: tuple[str, ...]
    r: NDArray[np.float64]
    trust_r: NDArray[np.float64]
    mean: NDArray[np.float64]
    predicted: NDArray[np.bool_]


def gene_stats(session: Session) -> GeneStats:
    """Return the numbers of every gene that can be shown in the open section."""
    genes = session.genes
    names = tuple(gene.name for gene in genes)
    trust_r = np.array([np.nan if gene.trust_r is None else gene.trust_r for gene in genes], dtype=float)
    predicted = np.array([gene.predicted for gene in genes], dtype=bool)
    nothing = np.full(len(names), np.nan)
    if session.section is None or session.section.spots is None or session.measured_places is None:
        return GeneStats(names, nothing, trust_r, nothing, predicted)
    kept = np.flatnonzero(session.measured_places.kept)
    measured = _normalised(session, kept)
    columns = session.section.spots.table.var_names.get_indexer(list(names))
    sums = np.bincount(measured.indices, weights=measured.data, minlength=measured.shape[1])
    mean = np.append(sums / max(len(kept), 1), np.nan)[columns]
    return GeneStats(names, _correlations(session, kept, measured, columns), trust_r, mean, predicted)


def _normalised(session: Session, rows: NDArray[np.int64]) -> Any:
    """Return ln(1 + 10,000 x / total) of the kept spots as a sparse table by row."""
    from scipy.sparse import csr_matrix

    from geneglass.data.genes import spot_totals

    spots = session.section.spots
    totals = spot_totals(spots)[rows].astype(np.float32)
    scaled = csr_matrix(spots.table.X, dtype=np.float32)[rows]
    factors = np.divide(np.float32(1e4), totals, out=np.zeros_like(totals), where=totals > 0)
    scaled.data = np.log1p(scaled.data * np.repeat(factors, np.diff(scaled.indptr)))
    return scaled


def _correlations(
    session: Session, kept: NDArray[np.int64], measured: Any, columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return r per gene of the list; `columns` are the genes' places in the measured table, -1 for none."""
    r = np.full(len(columns), np.nan)
    prediction = session.prediction
    if prediction is None or not session.on_spots:
        return r
    rows = prediction.obs_names.get_indexer(session.section.spots.table.obs_names[kept])
    both = rows >= 0
    their_columns = prediction.var_names.get_indexer([gene.name for gene in session.genes])
    shared = np.flatnonzero((columns >= 0) & (their_columns >= 0))
    ours = measured[:, columns[shared]].tocsc()[both]
    for start in range(0, len(shared), BLOCK):
        block = slice(start, start + BLOCK)
        theirs = prediction.X[:, their_columns[shared[block]]]
        theirs = np.asarray(theirs.toarray() if hasattr(theirs, "toarray") else theirs, dtype=np.float32)
        r[shared[block]] = _pearson(ours[:, block].toarray(), theirs[rows[both]])
    return r


def _pearson(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the correlation per column over the rows where both are finite, NaN where it is not defined."""
    there = np.isfinite(a) & np.isfinite(b)
    n = there.sum(axis=0)
    a, b = np.where(there, a, 0.0), np.where(there, b, 0.0)
    count = np.maximum(n, 1)
    a = np.where(there, a - a.sum(0, dtype=float) / count, 0.0)
    b = np.where(there, b - b.sum(0, dtype=float) / count, 0.0)
    spread = np.sqrt((a * a).sum(0) * (b * b).sum(0))
    return np.where((n >= 3) & (spread > 1e-9), (a * b).sum(0) / np.where(spread > 0, spread, 1), np.nan)
