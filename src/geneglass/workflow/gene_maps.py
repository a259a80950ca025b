"""Which gene maps of a test section are worth looking at: the best and the worst, chosen after the fact."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

N_SHOWN = 3
"""Genes shown of the best, and of the worst."""


@dataclass(frozen=True)
class GeneMap:
    """One gene of one test section, (n,) each; both in one unit, or they have no common scale."""

    gene: str
    r: float
    measured: FloatArray
    predicted: FloatArray


@dataclass(frozen=True)
class SectionMaps:
    """The maps of one test section by one recipe.

    Attributes
    ----------
    centres_um_yx
        (n, 2) centres of the spots that are scored.
    one_scale
        False where the recipe predicts in another unit than the truth has.
    """

    section: str
    centres_um_yx: FloatArray
    best: tuple[GeneMap, ...]
    worst: tuple[GeneMap, ...]
    one_scale: bool


def best_and_worst(r: FloatArray, ceiling: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the genes with the highest r, and those with the lowest among genes that have a pattern to be found.

    These are the half of the genes with the higher noise ceiling: a gene of few counts is badly predicted by
    anything, and its map shows nothing. No gene stands in both.

    Parameters
    ----------
    r, ceiling
        (genes,) NaN where undefined.
    """
    defined = np.flatnonzero(np.isfinite(r))
    best = defined[np.argsort(-r[defined], kind="stable")][:N_SHOWN]
    known = ceiling[np.isfinite(ceiling)]
    clear = np.isfinite(r) & (ceiling >= (np.median(known) if len(known) else np.inf))
    clear[best] = False
    others = np.flatnonzero(clear)
    return best, others[np.argsort(r[others], kind="stable")][:N_SHOWN]


def gene_maps(
    genes: Sequence[str], rows: NDArray[np.int64], r: FloatArray, measured: FloatArray, predicted: FloatArray
) -> tuple[GeneMap, ...]:
    """Return the maps of some genes, as copies, so that the whole tables need not be kept."""
    return tuple(GeneMap(genes[i], float(r[i]), measured[:, i].copy(), predicted[:, i].copy()) for i in rows)
