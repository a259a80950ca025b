"""Figures per gene of an open section: mean, detection, r of predicted with measured values, Moran's I.

They are summed up over runs of spots or genes, so that memory stays bounded and a job can be stopped in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.genes import TARGET
from geneglass.data.neighbours import neighbour_pairs
from geneglass.data.types import FloatArray
from geneglass.metric.moran_gap import morans_i
from geneglass.workflow.events import Event, Job

VALUES_AT_ONCE = 1_000_000
"""Values of one run on both sides, about 30 ms of work."""
LEAST_SPOTS = 3
"""For a correlation."""
STAGE = "Working out figures of the genes"

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class GeneSides:
    """What figures are worked out from; nothing of it may change meanwhile.

    Attributes
    ----------
    names
        (genes,) whose figures are wanted.
    counts
        (spots, genes of the file) raw counts; None where nothing was measured.
    columns
        (genes,) column of each in `counts`, -1 for none.
    totals
        (spots,) counts over all genes.
    kept
        (spots,) False for spots that figures leave out.
    centres_yx
        (spots, 2) in level-0 pixels.
    predicted
        (places, genes of the prediction) values; None without a prediction, or where it has places of its own.
    predicted_columns
        (genes,) column of each in `predicted`, -1 for none.
    predicted_rows
        (spots,) row of each in `predicted`, -1 for none.
    """

    names: tuple[str, ...]
    counts: Any
    columns: NDArray[np.int64]
    totals: FloatArray
    kept: NDArray[np.bool_]
    centres_yx: FloatArray
    predicted: Any = None
    predicted_columns: NDArray[np.int64] | None = None
    predicted_rows: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class GeneFigures:
    """(genes,) arrays in the order of the names, NaN where a figure is not defined.

    Attributes
    ----------
    r
        Pearson's r of predicted with measured values.
    n
        Spots that r is over: kept, predicted, and finite on both sides.
    mean
        Mean measured value, ln(1 + 10,000 x / total).
    detection
        Share of spots with at least one count.
    """

    r: Numbers
    n: Numbers
    mean: Numbers
    detection: Numbers


def gene_figures(sides: GeneSides) -> Job[GeneFigures]:
    """Work out mean, detection and r of every gene over the kept spots."""
    nothing = np.full(len(sides.names), np.nan)
    if sides.counts is None:
        return GeneFigures(*[nothing] * 4)
    sums = None if sides.predicted is None else _Sums(sides)
    total, found = np.zeros((2, sides.counts.shape[1]))
    n_spots, n_kept = 0, int(sides.kept.sum())
    for rows, measured in _normalised_runs(sides):
        yield Event(STAGE, n_spots, n_kept)
        total += np.bincount(measured.indices, weights=measured.data, minlength=len(total))
        found += np.bincount(measured.indices[measured.data > 0], minlength=len(found))
        n_spots += len(rows)
        if sums is not None:
            sums.add(rows, measured)
    mean, share = (np.append(sum_ / max(n_spots, 1), np.nan)[sides.columns] for sum_ in (total, found))
    if not n_spots:
        return GeneFigures(*[nothing] * 4)
    r, n = (nothing, nothing) if sums is None else (sums.r(), sums.n())
    return GeneFigures(r, n, mean, share)


def gene_morans(sides: GeneSides) -> Job[Numbers]:
    """Work out Moran's I of the measured map of every gene over the kept spots."""
    found = np.full(len(sides.names), np.nan)
    kept = np.flatnonzero(sides.kept)
    if sides.counts is None or not len(kept):
        return found
    yield Event(STAGE, 0, len(found))
    pairs = neighbour_pairs(sides.centres_yx[kept])
    values = _normalised(sides, kept).tocsc()
    there = np.flatnonzero(sides.columns >= 0)
    step = max(VALUES_AT_ONCE // len(kept), 1)
    for start in range(0, len(there), step):
        yield Event(STAGE, start, len(there))
        genes = there[start : start + step]
        found[genes] = morans_i(values[:, sides.columns[genes]].toarray(), pairs)
    return found


def _normalised(sides: GeneSides, rows: NDArray[np.int64]) -> sparse.csr_matrix:
    """Return ln(1 + 10,000 x / total) of some spots."""
    totals = sides.totals[rows].astype(np.float32)
    factors = np.divide(np.float32(TARGET), totals, out=np.zeros_like(totals), where=totals > 0)
    scaled = sparse.csr_matrix(sides.counts[rows], dtype=np.float32)
    scaled.data = np.log1p(scaled.data * np.repeat(factors, np.diff(scaled.indptr)))
    return scaled


def _normalised_runs(sides: GeneSides) -> Iterator[tuple[NDArray[np.int64], sparse.csr_matrix]]:
    """Yield the kept spots run by run: their rows and their values, by row."""
    kept, counts = np.flatnonzero(sides.kept), sides.counts
    stored = counts.nnz if sparse.issparse(counts) else counts.size
    n_predicted = 0 if sides.predicted is None else sides.predicted.shape[1]
    step = max(VALUES_AT_ONCE // max(n_predicted + stored // max(counts.shape[0], 1), 1), 1)
    for start in range(0, len(kept), step):
        rows = kept[start : start + step]
        yield rows, _normalised(sides, rows)


class _Sums:
    """What Pearson's r of each gene needs, over the spots where both sides are finite.

    Values are taken from the first of their gene, so that the sums of a gene that does not vary are zero.
    """

    def __init__(self, sides: GeneSides) -> None:
        columns, theirs = sides.columns, np.asarray(sides.predicted_columns)
        self._n_genes = len(columns)
        self._shared = np.flatnonzero((columns >= 0) & (theirs >= 0))
        self._ours, self._theirs = columns[self._shared], theirs[self._shared]
        self._rows, self._table = np.asarray(sides.predicted_rows), sides.predicted
        self._n, self._a, self._b, self._aa, self._bb, self._ab = np.zeros((6, len(self._shared)))
        self._first: list[Any] = []

    def add(self, rows: NDArray[np.int64], measured: sparse.csr_matrix) -> None:
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

    def n(self) -> Numbers:
        """Return over how many spots the sums of every gene are, NaN for a gene that is not on both sides."""
        found = np.full(self._n_genes, np.nan)
        found[self._shared] = self._n
        return found

    def r(self) -> Numbers:
        """Return r of every gene, NaN where it is not defined."""
        n = np.maximum(self._n, 1)
        spread = np.maximum(self._aa - self._a**2 / n, 0) * np.maximum(self._bb - self._b**2 / n, 0)
        defined = (self._n >= LEAST_SPOTS) & (spread > 1e-18)
        found = np.full(self._n_genes, np.nan)
        together = self._ab - self._a * self._b / n
        found[self._shared] = np.where(defined, together / np.sqrt(np.where(defined, spread, 1)), np.nan)
        return found
