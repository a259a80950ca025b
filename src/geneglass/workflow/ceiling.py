"""The noise ceiling: how high r could be if a prediction were the tissue's true expression."""

from collections.abc import Callable

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.metric.pearson import pearson

THINNINGS = 20


def noise_ceiling(
    counts: FloatArray,
    totals: FloatArray,
    unit: Callable[[FloatArray, FloatArray], FloatArray],
    *,
    seed: int = 0,
    thinnings: int = THINNINGS,
) -> FloatArray:
    """Return sqrt(2 rho / (1 + rho)) per gene, (genes,); NaN where rho is not above zero.

    rho is the correlation over spots of two halves of the counts, each count going to either half with
    equal chance, each half in the unit by its own depth, averaged over the thinnings. Genes outside the
    panel are thinned as one: the sum of their halves has the same distribution.

    Parameters
    ----------
    counts
        (spots, genes) raw counts of the panel.
    totals
        (spots,) counts over all genes of the file.
    unit
        (counts, totals) -> values, as truth is made.
    """
    generator = np.random.default_rng(seed)
    whole = np.rint(np.nan_to_num(counts)).astype(np.int64)
    rest = np.maximum(np.rint(totals).astype(np.int64) - whole.sum(axis=1), 0)
    rows, columns = np.nonzero(whole)
    present = whole[rows, columns]
    r = np.empty((thinnings, counts.shape[1]), np.float32)
    for number in range(thinnings):
        half = np.zeros_like(whole)
        half[rows, columns] = generator.binomial(present, 0.5)
        half_rest = generator.binomial(rest, 0.5)
        other, other_rest = whole - half, rest - half_rest
        first = unit(half.astype(np.float32), (half.sum(axis=1) + half_rest).astype(np.float32))
        second = unit(other.astype(np.float32), (other.sum(axis=1) + other_rest).astype(np.float32))
        r[number] = pearson(first, second)
    return _ceiling(r)


def _ceiling(r: FloatArray) -> FloatArray:
    # A thinning that leaves a half without a count says nothing: its r counts as 0, not as missing.
    rho = np.nan_to_num(r).mean(axis=0, dtype=np.float64)
    known = rho > 0
    ceiling = np.full(len(rho), np.nan)
    ceiling[known] = np.sqrt(2 * rho[known] / (1 + rho[known]))
    return ceiling.astype(np.float32)
