"""A spot table: counts per spot and gene, with the spots' centres on the slide. The checks all formats share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.types import Platform
from geneglass.errors import InputError


@dataclass(frozen=True)
class Spots:
    """Measured spots of one section.

    Attributes
    ----------
    table
        Raw counts in `X` (CSR, float32, spots x genes), unique gene names in `var_names`, unique spot
        names in `obs_names`; `obsm["spatial"]` = (x, y) of the spot centre in pixels of the picture that
        the positions belong to; `obs["array_row"]`, `obs["array_col"]` where known; `obs["label"]` where
        a pathologist labelled the spots.
    platform
        Spot size and pitch, or None where nothing says which platform it is.
    warnings
        What was found and set right, one sentence each ("2 spots have no counts and were left out: ...").
    """

    table: AnnData
    platform: Platform | None
    warnings: tuple[str, ...] = ()


def checked_spots(table: AnnData, platform: Platform | None, *, file: str, warnings: Iterable[str] = ()) -> Spots:
    """Return `table` as spots once its counts, names and centres hold what `Spots` promises.

    Genes that share a name become one gene whose counts are summed: depth stays what it was, and the
    result does not depend on the order of the file.

    Parameters
    ----------
    table
        Spots x genes with counts in `X` (sparse or dense) and centres in `obsm["spatial"]`.
    platform
        Spot size and pitch, where known.
    file
        The name of the counts file, for the messages.
    warnings
        What the format found already.

    Raises
    ------
    InputError
        When there are no spots or genes; when a count is negative, not finite or not whole, naming the
        first such place; when nothing was counted at all; when spot names repeat; when centres are missing.
    """
    if 0 in table.shape:
        raise InputError(
            f"{file} holds an empty matrix ({table.n_obs} spots x {table.n_vars} genes); give a file with counts."
        )
    problem = count_problem(table.X, table.obs_names, table.var_names)
    if problem:
        raise InputError(f"{file} holds {problem}; give the raw counts, whole numbers from 0 up.")
    repeated = repeated_names(table.obs_names)
    if repeated:
        raise InputError(f"{file} names {some(repeated, 'spot')} more than once; give every spot a name of its own.")
    _check_centres(table, file)
    table, merged = _one_gene_per_name(table)
    counts = sparse.csr_matrix(table.X, dtype=np.float32)
    counts.eliminate_zeros()
    if counts.nnz == 0:
        raise InputError(f"{file} holds no counts at all: every value is 0; give the file with the measured counts.")
    table.X = counts
    return Spots(table, platform, (*warnings, *merged))


def count_problem(counts: Any, spots: Sequence[str], genes: Sequence[str]) -> str | None:
    """Return what keeps a matrix from being counts, in words, with the first such place; None for counts.

    Parameters
    ----------
    counts
        (spots, genes), sparse or dense.
    spots, genes
        Names of the rows and columns.
    """
    is_sparse: bool = sparse.issparse(counts)
    counts = counts.tocsr() if is_sparse else np.asarray(counts)
    if not (np.issubdtype(counts.dtype, np.number) or counts.dtype == bool):
        return f"values of type {counts.dtype}, which are no numbers"
    values = counts.data if is_sparse else counts
    if np.issubdtype(values.dtype, np.complexfloating):
        return "complex numbers"
    for what, wrong in (
        ("values that are not finite", ~np.isfinite(values)),
        ("negative values", values < 0),
        ("values that are not whole numbers", values != np.floor(values)),
    ):
        if wrong.any():
            return f"{int(wrong.sum())} {what} ({_first(counts, wrong, spots, genes)})"
    return None


def _first(counts: Any, wrong: NDArray[np.bool_], spots: Sequence[str], genes: Sequence[str]) -> str:
    at = int(np.flatnonzero(wrong)[0])
    if isinstance(counts, np.ndarray):
        row, column = divmod(at, counts.shape[1])
        value = counts[row, column]
    else:
        row = int(np.searchsorted(counts.indptr, at, side="right")) - 1
        column, value = int(counts.indices[at]), counts.data[at]
    return f"first {value:g} at spot {spots[row]}, gene {genes[column]}"


def _check_centres(table: AnnData, file: str) -> None:
    if "spatial" not in table.obsm:
        raise InputError(f'{file} has no spot positions: obsm["spatial"] with (x, y) in slide pixels is missing.')
    spatial = np.asarray(table.obsm["spatial"])
    if spatial.ndim != 2 or spatial.shape[1] < 2 or not np.issubdtype(spatial.dtype, np.number):
        raise InputError(f'{file}: obsm["spatial"] must be numbers, one (x, y) per spot, got shape {spatial.shape}.')
    spatial = spatial[:, :2].astype(np.float64)
    lost = ~np.isfinite(spatial).all(axis=1)
    if lost.any():
        names = [str(name) for name in table.obs_names[lost]]
        raise InputError(f"{file} has no finite position for {some(names, 'spot')}; correct or remove them.")
    table.obsm["spatial"] = spatial


def _one_gene_per_name(table: AnnData) -> tuple[AnnData, tuple[str, ...]]:
    repeated = repeated_names(table.var_names)
    if not repeated:
        return table, ()
    names, column = np.unique(np.asarray(table.var_names, dtype=str), return_inverse=True)
    sums = sparse.csr_matrix((np.ones(len(column)), (np.arange(len(column)), column)), shape=(len(column), len(names)))
    merged = AnnData(X=sparse.csr_matrix(table.X) @ sums, obs=table.obs, obsm={"spatial": table.obsm["spatial"]})
    merged.var_names = names
    merged.uns = dict(table.uns)
    return merged, (f"{some(repeated, 'gene name')} stood more than once; the counts of each were summed.",)


def repeated_names(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once, sorted."""
    found, times = np.unique(np.asarray(names, dtype=str), return_counts=True)
    return [str(name) for name in found[times > 1]]


def some(names: Sequence[str], what: str, *, most: int = 5) -> str:
    """Return "3 spots (1x2, 1x3, 1x4)" for a sentence, naming at most `most` of them."""
    shown = ", ".join(names[:most]) + (", ..." if len(names) > most else "")
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({shown})"
