"""The profiles of places, measured or predicted, as one table for whoever clusters or compares them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.genes import TARGET
from geneglass.data.types import FloatArray


@dataclass(frozen=True)
class Profiles:
    """Log-normalised values of places.

    Attributes
    ----------
    genes
        Names of the columns.
    centres_yx
        (n, 2) in level-0 pixels of the slide.
    values
        Makes the (n, genes) table, dense or sparse; it may take a while.
    """

    genes: list[str]
    centres_yx: FloatArray
    values: Callable[[], Any]


def measured_profiles(counts: Any, totals: FloatArray, rows: NDArray[np.int64]) -> Any:
    """Return ln(1 + 10,000 x / total) of some spots as a sparse table by row, (rows, genes).

    Parameters
    ----------
    counts
        (n, genes) raw counts, dense or sparse.
    totals
        (n,) counts of each spot over all genes of its file.
    rows
        The spots.
    """
    from scipy.sparse import csr_matrix, issparse

    by_row = counts.tocsr() if issparse(counts) else counts
    scaled = csr_matrix(by_row[rows], dtype=np.float32)
    wanted = np.asarray(totals, np.float32)[rows]
    factors = np.divide(np.float32(TARGET), wanted, out=np.zeros_like(wanted), where=wanted > 0)
    scaled.data = np.log1p(scaled.data * np.repeat(factors, np.diff(scaled.indptr)))
    return scaled
