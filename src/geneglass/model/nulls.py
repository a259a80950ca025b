"""Predictors that see no image: what a model has to beat before its score means anything.

Each returns predictions of n places for every gene, (n, genes). None is fitted on the tissue it is asked
about, except depth only, which is told the total of each test spot: it stands for the part of a score
that sequencing depth alone explains.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geneglass.data.types import FloatArray

POSITION_K = (10, 40)
"""Neighbour counts at which position only is reported."""
RANDOM_K = 50
"""Reference spots averaged for each place by random references."""


def gene_mean(references: Sequence[FloatArray], n: int) -> FloatArray:
    """Return the mean over all reference spots, the same at every place.

    Parameters
    ----------
    references
        Per training section (spots, genes) expression.
    n
        How many places to predict.
    """
    total = sum(r.sum(axis=0, dtype=np.float64) for r in references)
    mean = np.asarray(total / sum(len(r) for r in references), np.float32)
    return np.repeat(mean[None, :], n, axis=0)


def depth_only(totals: FloatArray, n_genes: int) -> FloatArray:
    """Return ln(1 + total) of the place's own spot, the same for every gene.

    Adding 1 keeps spots without counts finite; the unit is not that of expression, so only a correlation
    with it means anything.

    Parameters
    ----------
    totals
        (n,) counts over all genes of the file.
    """
    depth = np.log1p(np.asarray(totals, np.float64)).astype(np.float32)
    return np.repeat(depth[:, None], n_genes, axis=1)


def position_only(
    query_yx: FloatArray, reference_yx: Sequence[FloatArray], references: Sequence[FloatArray], *, k: int
) -> FloatArray:
    """Return the mean of the k reference spots that lie nearest, sections laid over each other by their centres.

    Parameters
    ----------
    query_yx
        (n, 2) array coordinates of the places, of one section.
    reference_yx, references
        Per training section (spots, 2) array coordinates and (spots, genes) expression.
    k
        How many spots to average; all of them where there are fewer.
    """
    where = np.concatenate([_centred(yx) for yx in reference_yx])
    values = np.concatenate(references)
    k = min(k, len(where))
    _, rows = KDTree(where).query(_centred(query_yx), k=k)
    return _mean_of_rows(values, rows.reshape(len(query_yx), k))


def shuffled(predicted: FloatArray, seed: int) -> FloatArray:
    """Return a model's own predictions, dealt to the wrong places of the same section."""
    return np.asarray(predicted[np.random.default_rng(seed).permutation(len(predicted))])


def random_references(references: Sequence[FloatArray], n: int, *, seed: int, k: int = RANDOM_K) -> FloatArray:
    """Return for each place the mean of k reference spots drawn at random, with replacement."""
    values = np.concatenate(references)
    rows = np.random.default_rng(seed).integers(0, len(values), size=(n, k))
    return _mean_of_rows(values, rows)


def _centred(yx: FloatArray) -> NDArray[np.float64]:
    wide = np.asarray(yx, np.float64)
    centred: NDArray[np.float64] = wide - wide.mean(axis=0)
    return centred


def _mean_of_rows(values: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
    total = np.zeros((len(rows), values.shape[1]), np.float64)
    for column in rows.T:  # k passes of (n, genes), never (n, k, genes) at once
        total += values[column]
    return np.asarray(total / rows.shape[1], np.float32)
