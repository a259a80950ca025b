"""What can be known of a retrieved prediction without its truth: three signals that its confidence is made of."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from geneglass.data.types import FloatArray
from geneglass.model.recipe import Neighbours
from geneglass.model.retrieval import Bank, weighted_sum

SIGNALS = ("spread", "margin", "distance")
"""The columns of `signals`."""
VALUES_AT_ONCE = 8_000_000
"""Expression values squared at a time: 32 MB in float32."""


def signals(bank: Bank, neighbours: Neighbours, query: Tensor, rows: Tensor) -> FloatArray:
    """Return (n, 3): how far the neighbours disagree, how much nearer than the rest they are, and how far away.

    - spread: weighted standard deviation of the neighbours' expression, its square averaged over genes;
    - margin: mean similarity to the neighbours minus the mean cosine to all rows that could have been retrieved;
    - distance: 1 - mean similarity to the neighbours.

    Parameters
    ----------
    bank
        The reference spots.
    neighbours
        What was found for n places.
    query
        (n, dim) embeddings of the places.
    rows
        Rows of the bank that they were found among.
    """
    mean = neighbours.similarity.mean(axis=1)
    columns = (_spread(bank, neighbours), mean - _usual(bank, query, rows), 1 - mean)
    return np.stack(columns, axis=1).astype(np.float32)


def _usual(bank: Bank, query: Tensor, rows: Tensor) -> FloatArray:
    """Return the mean cosine of each place to all rows: that to the mean of their directions."""
    centre = functional.normalize(bank.embeddings[rows], dim=1).mean(0)
    usual: FloatArray = (functional.normalize(query, dim=1) @ centre).cpu().numpy()
    return usual


def _spread(bank: Bank, neighbours: Neighbours) -> FloatArray:
    total = np.zeros(len(neighbours.rows), np.float64)
    for genes in _chunks(bank.expression):
        # Around the gene's mean, so that the difference of squares below keeps its digits.
        centred = genes - genes.mean(0)
        squares, means = (weighted_sum(values, neighbours) for values in (centred.square(), centred))
        total += (squares - means**2).clip(0).sum(axis=1, dtype=np.float64)
    spread: FloatArray = np.sqrt(total / max(bank.expression.shape[1], 1)).astype(np.float32)
    return spread


def _chunks(expression: Tensor) -> Iterator[Tensor]:
    return iter(torch.split(expression, max(1, VALUES_AT_ONCE // max(len(expression), 1)), dim=1))
