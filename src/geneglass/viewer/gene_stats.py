"""Numbers per gene for the list: r in this section, the model's held-out r, and the mean.

They are summed up over short runs of spots, so that a window can do something else in between, and so that
memory stays bounded.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.viewer.session import Session

VALUES_AT_ONCE = 250_000
"""Values of one run of spots, on both sides: about 10 ms."""
LEAST_SPOTS = 3
"""For a correlation."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class GeneStats:
    """(genes,) arrays in the order of `session.genes`, NaN where a number is not defined."""

    names: tuple[str, ...]
    r: Numbers
    trust_r: Numbers
    mean: Numbers
    predicted: NDArray[np.bool_]


def gene_stats(session: Session) -> GeneStats:
    """Return the numbers of every gene that can be shown in the open section."""
    steps = gene_stats_in_steps(session)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: GeneStats = stop.value
            return found


def gene_stats_in_steps(session: Session) -> Generator[GeneStats, None, GeneStats]:
    """Work out the numbers a run of spots at a time; each step gives what is known before it.

    The session must be as it was until the last step: give the generator up when it changes.
    """
    genes = session.genes
    names = tuple(gene.name for gene in genes)
    trust_r = np.array([np.nan if gene.trust_r is None else gene.trust_r for gene in genes], dtype=float)
    predicted = np.array([gene.predicted for gene in genes], dtype=bool)
    nothing = np.full(len(names), np.nan)
    before = GeneStats(names, nothing, trust_r, nothing, predicted)
    if session.section is None or session.section.spots is None or session.measured_places is None:
        return before
    yield before
    columns = session.section.spots.table.var_names.get_indexer(list(names))
    sums, total, n_spots = _Sums.of(session, columns), np.zeros(session.section.spots.table.n_vars), 0
    for rows, measured in _normalised_runs(session, int(predicted.sum())):
        total += np.bincount(measured.indices, weights=measured.data, minlength=len(total))
        n_spots += len(rows)
        if sums is not None:
            sums.add(rows, measured)
        yield before
    mean = np.append(total / max(n_spots, 1), np.nan)[columns]
    return GeneStats(names, nothing if sums is None else sums.r(), trust_r, mean, predicted)


def _normalised_runs(session: Session, n_predicted: int) -> Generator[tuple[NDArray[np.int64], Any], None, None]:
    """Give the kept spots run by run: their rows, and ln(1 + 10,000 x / total) as a sparse table by row."""
    from scipy.sparse import csr_matrix, issparse

    spots = session.section.spots
    totals = session.totals().astype(np.float32)
    factors = np.divide(np.float32(1e4), totals, out=np.zeros_like(totals), where=totals > 0)
    kept = np.flatnonzero(session.measured_places.kept)
    counts = spots.table.X
    if issparse(counts) and counts.format != "csr":
        counts = counts.tocsr()
    stored = counts.nnz if issparse(counts) else counts.size
    per_spot = n_predicted + stored // max(counts.shape[0], 1)
    step = max(VALUES_AT_ONCE // max(per_spot, 1), 1)
    for start in range(0, len(kept), step):
        rows = kept[start : start + step]
        scaled = csr_matrix(counts[rows], dtype=np.float32)
        scaled.data = np.log1p(scaled.data * np.repeat(factors[rows], np.diff(scaled.indptr)))
        yield rows, scaled


class _Sums:
    """What Pearson's r of each gene needs, over the spots where both sides are finite.

    Values are taken from the first of their gene, so that the sums of a gene that does not vary are zero.
    """

    def __init__(self, columns: NDArray[np.int64], their_columns: NDArray[np.int64], rows: Any, table: Any) -> None:
        self._n_genes = len(columns)
        self._shared = np.flatnonzero((columns >= 0) & (their_columns >= 0))
        self._ours, self._theirs = columns[self._shared], their_columns[self._shared]
        self._rows, self._table = rows, table
        self._n, self._a, self._b, self._aa, self._bb, self._ab = np.zeros((6, len(self._shared)))
        self._first: list[Any] = []

    @classmethod
    def of(cls, session: Session, columns: NDArray[np.int64]) -> "_Sums | None":
        """Return empty sums, None where there are no two sides to compare."""
        prediction = session.prediction
        if prediction is None or not session.on_spots:
            return None
        rows = prediction.obs_names.get_indexer(session.section.spots.table.obs_names)
        their_columns = prediction.var_names.get_indexer([gene.name for gene in session.genes])
        return cls(columns, their_columns, rows, prediction.X)

    def add(self, rows: NDArray[np.int64], measured: Any) -> None:
        """Take a run of measured spots."""
        theirs = self._rows[rows]
        both = theirs >= 0
        predicted = self._table[theirs[both]][:, self._theirs]
        b = np.asarray(predicted.toarray() if hasattr(predicted, "toarray") else predicted, dtype=np.float32)
        a = measured[both][:, self._ours].toarray()
        if not len(a):
            return
        self._first = self._first or [np.nan_to_num(side[0], posinf=0, neginf=0) for side in (a, b)]
        there = np.isfinite(a) & np.isfinite(b)
        a, b = np.where(there, a - self._first[0], 0), np.where(there, b - self._first[1], 0)
        self._n += there.sum(axis=0)
        self._a += a.sum(axis=0, dtype=float)
        self._b += b.sum(axis=0, dtype=float)
        self._aa += np.einsum("ij,ij->j", a, a)
        self._bb += np.einsum("ij,ij->j", b, b)
        self._ab += np.einsum("ij,ij->j", a, b)

    def r(self) -> Numbers:
        """Return r of every gene of the list, NaN where it is not defined."""
        n = np.maximum(self._n, 1)
        spread = np.maximum(self._aa - self._a**2 / n, 0) * np.maximum(self._bb - self._b**2 / n, 0)
        defined = (self._n >= LEAST_SPOTS) & (spread > 1e-18)
        found = np.full(self._n_genes, np.nan)
        together = self._ab - self._a * self._b / n
        found[self._shared] = np.where(defined, together / np.sqrt(np.where(defined, spread, 1)), np.nan)
        return found
