"""Which rows of a table lie nearest each query: exact, in bounded memory, and the same for equal values every time.

A row's score is the cosine, or minus the distance. Scores of a chunk of queries stand in one buffer. Of every
group of columns the maximum is taken; the k best are then looked for only in the k groups with the highest
maxima. That is exact: before a column outside these groups come k columns, the best of each of them.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Metric = Literal["cosine", "l1", "l2"]

BUDGET = 48_000_000
"""Scores held at once: 192 MB in float32, whatever the number of queries."""
MAX_CHUNK = 1024
GROUP = 32
"""Columns per group: few enough that k groups hold little, many enough that their maxima are few."""


class Reference:
    """Embeddings to be searched, made ready once.

    Parameters
    ----------
    embeddings
        (n, dim), at least one row.
    metric
        What "near" means.
    """

    def __init__(self, embeddings: Tensor, metric: Metric) -> None:
        self.embeddings = embeddings
        self.metric = metric
        self._unit = functional.normalize(embeddings, dim=1) if metric == "cosine" else embeddings
        self._buffer = torch.empty(0)

    def __len__(self) -> int:
        return len(self.embeddings)

    def chunks(self, n: int) -> Iterator[slice]:
        """Return the slices in which n queries are searched."""
        step = min(MAX_CHUNK, max(1, BUDGET // max(len(self), 1)))
        return (slice(start, min(start + step, n)) for start in range(0, n, step))

    def nearest(self, query: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return scores and rows, (n, k) each, of the nearest rows of a chunk of queries, nearest first.

        Of equal scores the lower row comes first.
        """
        if query.device.type != "cpu":
            found = self._scores(query).topk(k, dim=1)
            return found.values, found.indices
        if self.metric == "cosine":
            query = functional.normalize(query, dim=1)
        return best(self._buffered(query), k, len(self))

    def _scores(self, query: Tensor) -> Tensor:
        if self.metric == "cosine":
            return functional.normalize(query, dim=1) @ self._unit.T
        return -torch.cdist(query, self._unit, p=1.0 if self.metric == "l1" else 2.0)

    def _buffered(self, query: Tensor) -> Tensor:
        """Return (n, columns) scores, filled up with -inf to whole groups."""
        columns = -(-len(self) // GROUP) * GROUP
        if self._buffer.shape[1:] != (columns,) or len(self._buffer) < len(query):
            self._buffer = torch.full((len(query), columns), -torch.inf)
        scores = self._buffer[: len(query)]
        inner = scores[:, : len(self)]
        if self.metric != "cosine":
            inner.copy_(self._scores(query))
        elif torch.get_num_threads() == 1:
            torch.mm(query, self._unit.T, out=inner)
        else:
            # NumPy's BLAS was measured 1.3 times as fast as torch's where both may use all cores.
            np.matmul(query.numpy(), self._unit.numpy().T, out=inner.numpy())
        return scores


def best(scores: Tensor, k: int, n: int) -> tuple[Tensor, Tensor]:
    """Return values and columns of the k best scores of each row, best first, equal ones by column.

    Parameters
    ----------
    scores
        (rows, columns), whole groups of columns; -inf from column n on.
    k
        At most n.
    n
        Columns that count.
    """
    values, columns, left_out = _candidates(scores, k) if 2 * k < scores.shape[1] // GROUP else _direct(scores, k, n)
    last = values[:, -1]
    # Equal scores are rare, and sorting costs more than finding: only rows that have them are put in order.
    unsorted = (values[:, 1:] == values[:, :-1]).any(dim=1)
    if unsorted.any():
        values[unsorted], columns[unsorted] = _in_order(values[unsorted], columns[unsorted])
    undecided = last <= left_out
    if undecided.any():
        whole = scores[undecided, :n].sort(dim=1, descending=True, stable=True)
        values[undecided], columns[undecided] = whole.values[:, :k], whole.indices[:, :k]
    return values, columns


def _direct(scores: Tensor, k: int, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return values and columns of the k best, and the best that was left out."""
    if k == n:
        everything = scores[:, :n].sort(dim=1, descending=True, stable=True)
        return everything.values, everything.indices, torch.full((len(scores),), -torch.inf)
    found = scores[:, :n].topk(k + 1, dim=1)
    return found.values[:, :k], found.indices[:, :k], found.values[:, k]


def _candidates(scores: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same by way of groups: the k best are in the k groups with the highest maxima."""
    grouped = scores.view(len(scores), -1, GROUP)
    groups = grouped.amax(dim=2).topk(k + 1, dim=1)
    chosen = groups.indices[:, :k]
    start = torch.arange(len(scores))[:, None] * grouped.shape[1]
    candidates = grouped.flatten(0, 1).index_select(0, (start + chosen).flatten()).view(len(scores), k * GROUP)
    within = candidates.topk(k + 1, dim=1)
    place = within.indices[:, :k]
    columns = chosen.gather(1, place // GROUP) * GROUP + place % GROUP
    return within.values[:, :k], columns, torch.maximum(within.values[:, k], groups.values[:, k])


def _in_order(values: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same pairs, equal values by column."""
    by_column = columns.sort(dim=1)
    by_value = values.gather(1, by_column.indices).sort(dim=1, descending=True, stable=True)
    return by_value.values, by_column.values.gather(1, by_value.indices)
