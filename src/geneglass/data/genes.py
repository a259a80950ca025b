"""Genes: depth, normalisation, panels. One unit everywhere: ln(1 + 10,000 x / counts of the spot over all genes)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.spots import Spots, repeated_names, some
from geneglass.data.types import FloatArray
from geneglass.errors import InputError

TARGET = 10_000.0
"""Counts per spot after normalisation, before the logarithm."""

MIN_DETECTED = 0.05
"""A gene found in a smaller share of a section's spots is not chosen: its variance is one of few counts."""


THINNINGS = 4
"""Random halvings over which the variance of a gene is averaged."""

MAX_SET_ASIDE = 0.2
"""A section that loses a larger share of its spots for having few counts is named."""


def spot_totals(spots: Spots) -> FloatArray:
    """Return (n,) counts per spot over all genes of the file, not only those of a panel."""
    return np.asarray(spots.table.X.sum(axis=1), dtype=np.float32).ravel()


def normalise(counts: FloatArray, totals: FloatArray) -> FloatArray:
    """Return ln(1 + 10,000 x / total); spots without counts stay 0.

    Parameters
    ----------
    counts
        (n, genes) raw counts.
    totals
        (n,) counts of each spot over all genes of its file.
    """
    totals = np.asarray(totals, dtype=np.float32)
    factor = np.divide(TARGET, totals, out=np.zeros_like(totals), where=totals > 0)
    return np.asarray(np.log1p(np.asarray(counts, dtype=np.float32) * factor[:, None]), dtype=np.float32)


def kept_spots(totals: FloatArray, min_counts: int) -> NDArray[np.bool_]:
    """Return (n,) True where a spot has at least `min_counts` counts."""
    return np.asarray(totals >= min_counts, dtype=np.bool_)


def panel_counts(spots: Spots, genes: Sequence[str]) -> FloatArray:
    """Return (n, genes) dense raw counts of genes by name, in the order asked for.

    Raises
    ------
    InputError
        When a gene is not in the file.
    """
    columns = spots.table.var_names.get_indexer(list(genes))
    absent = [gene for gene, column in zip(genes, columns, strict=True) if column < 0]
    if absent:
        raise InputError(
            f"{some(absent, 'gene')} of the {len(genes)} asked for are not among the {spots.table.n_vars} measured; "
            "leave them out, or give the spots that have them."
        )
    return np.asarray(spots.table.X[:, columns].toarray(), dtype=np.float32)


def choose_panel(spots_list: Sequence[Spots], size: int, min_counts: int) -> tuple[str, ...]:
    """Return the most variable genes of training sections, most variable first.

    Taken are genes that every section measured and found in at least a twentieth of its spots, spots
    under `min_counts` set aside. They are ranked by the covariance of the normalised values of two
    random halves of the counts (seeded): the halves share the pattern of a gene but not the noise of
    counting, so this is its variance without that noise. It is taken within a section and averaged over
    sections, so that differences between sections do not count. Equal genes follow their names. Fewer
    than `size` are returned where there are no more.

    Parameters
    ----------
    spots_list
        Training sections only.
    size
        How many genes to return at most.
    min_counts
        Spots with fewer counts are set aside.

    Raises
    ------
    InputError
        When there are no sections, no spots with enough counts, or no common gene is detected.
    """
    common = _common_genes(spots_list)
    score = np.zeros(len(common))
    detected = np.ones(len(common), dtype=bool)
    for spots in spots_list:
        totals = spot_totals(spots)
        kept = kept_spots(totals, min_counts) & (totals > 0)
        if not kept.any():
            raise InputError(
                f"Not one spot of a training section has {min_counts} counts (the deepest has {totals.max():.0f}); "
                "lower min_counts or leave the section out."
            )
        counts = spots.table[kept, common].X
        detected &= counts.getnnz(axis=0) >= MIN_DETECTED * counts.shape[0]
        score += _shared_variance(counts)
    candidates = np.flatnonzero(detected)
    if not len(candidates):
        raise InputError(
            f"None of the {len(common)} genes common to the training sections is found in {MIN_DETECTED:.0%} of the "
            "spots of each; give a panel file."
        )
    # Rounding keeps the order the same where machines sum in another order.
    order = candidates[np.lexsort((candidates, -np.round(score[candidates], 9)))]
    return tuple(common[i] for i in order[:size])


def _shared_variance(counts: sparse.csr_matrix) -> NDArray[np.float64]:
    """Return (genes,) the covariance of two halves of the counts, each normalised by its own depth."""
    counts = counts.sorted_indices()
    rng = np.random.default_rng(0)
    covariance = np.zeros(counts.shape[1])
    for _ in range(THINNINGS):
        taken = rng.binomial(counts.data.astype(np.int64), 0.5)
        one, other = (_log_share(counts, half) for half in (taken, counts.data - taken))
        means = [np.asarray(half.mean(axis=0)).ravel() for half in (one, other)]
        covariance += np.asarray(one.multiply(other).mean(axis=0)).ravel() - means[0] * means[1]
    return covariance / THINNINGS


def _log_share(pattern: sparse.csr_matrix, values: NDArray[Any]) -> sparse.csr_matrix:
    half = pattern.astype(np.float64)
    half.data[:] = values
    depth = np.asarray(half.sum(axis=1)).ravel()
    half.data *= np.repeat(TARGET / np.maximum(depth, 1), np.diff(half.indptr))
    return half.log1p()


def _common_genes(spots_list: Sequence[Spots]) -> list[str]:
    if not spots_list:
        raise InputError("A panel is chosen on training sections, but none was given.")
    common = set.intersection(*(set(map(str, spots.table.var_names)) for spots in spots_list))
    if not common:
        raise InputError("The training sections have no gene in common; do all use the same gene names?")
    return sorted(common)


def read_panel(path: Path) -> tuple[str, ...]:
    """Return the genes of a text file, one per line; blank lines and lines that start with # are left out.

    Raises
    ------
    InputError
        When the file can not be read, has no gene, or names one twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path of the panel.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; a panel has one gene name per line.") from None
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None
    lines = (line.strip() for line in text.splitlines())
    genes = tuple(line for line in lines if line and not line.startswith("#"))
    if not genes:
        raise InputError(f"{path} names no gene; a panel has one gene name per line.")
    repeated = repeated_names(genes)
    if repeated:
        raise InputError(f"{path} names {some(repeated, 'gene')} more than once; leave one of each.")
    return genes
