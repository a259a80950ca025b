"""Figures per gene of a predicted map, where nothing was measured: mean, detection, Moran's I."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.neighbours import neighbour_pairs
from geneglass.data.types import FloatArray
from geneglass.metric.moran_gap import morans_i
from geneglass.workflow.events import Event, Job
from geneglass.workflow.gene_figures import STAGE, VALUES_AT_ONCE, GeneFigures, Numbers

DETECTED_ABOVE = 0.1
"""ln(1 + counts per 10,000): a model predicts hardly ever none, so a gene counts as found above a trace of it."""


@dataclass(frozen=True)
class PredictedSide:
    """What figures are worked out from; values may be added meanwhile, which were not finite before.

    Attributes
    ----------
    names
        (genes,) whose figures are wanted.
    values
        (places, genes of the prediction), NaN where nothing is predicted yet.
    columns
        (genes,) column of each in `values`, -1 for none.
    centres_yx
        (places, 2) in level-0 pixels.
    logarithm
        Whether values are ln(1 + counts per 10,000).
    """

    names: tuple[str, ...]
    values: Any
    columns: NDArray[np.int64]
    centres_yx: FloatArray
    logarithm: bool = True


def predicted_figures(side: PredictedSide) -> Job[GeneFigures]:
    """Work out mean and detection of every gene over the places where all genes are predicted; r needs truth."""
    total, found = np.zeros((2, side.values.shape[1]))
    n = 0
    for start, stop in _runs(side):
        yield Event(STAGE, start, side.values.shape[0])
        values = _full(side.values[start:stop])
        values = values[np.isfinite(values).all(axis=1)]
        total += values.sum(axis=0, dtype=np.float64)
        found += (values > DETECTED_ABOVE).sum(axis=0)
        n += len(values)
    nothing = np.full(len(side.names), np.nan)
    if not n:
        return GeneFigures(*[nothing] * 4)
    mean, share, places = (_by_gene(side, figures) for figures in (total / n, found / n, np.full(len(total), float(n))))
    return GeneFigures(nothing, places, mean, share if side.logarithm else nothing)


def predicted_morans(side: PredictedSide) -> Job[Numbers]:
    """Work out Moran's I of the predicted map of every gene over the places where all genes are predicted."""
    there = np.zeros(side.values.shape[0], bool)
    for start, stop in _runs(side):
        yield Event(STAGE, start, len(there))
        there[start:stop] = np.isfinite(_full(side.values[start:stop])).all(axis=1)
    rows = np.flatnonzero(there)
    pairs = neighbour_pairs(side.centres_yx[rows])
    found, genes = np.full(len(side.names), np.nan), np.flatnonzero(side.columns >= 0)
    step = max(VALUES_AT_ONCE // max(len(rows), 1), 1)
    for start in range(0, len(genes) if len(rows) else 0, step):
        yield Event(STAGE, start, len(genes))
        some = genes[start : start + step]
        found[some] = morans_i(_full(side.values[:, side.columns[some]])[rows], pairs)
    return found


def _runs(side: PredictedSide) -> Iterator[tuple[int, int]]:
    n_places, n_genes = side.values.shape
    step = max(VALUES_AT_ONCE // max(n_genes, 1), 1)
    return ((start, min(start + step, n_places)) for start in range(0, n_places, step))


def _full(values: Any) -> FloatArray:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, np.float32)


def _by_gene(side: PredictedSide, figures: Numbers) -> Numbers:
    return np.append(figures, np.nan)[side.columns]
