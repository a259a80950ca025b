"""A spot table: counts per spot and gene, with the spots' centres on the slide. The checks all formats share.

Genes have one name each, by one rule for all formats: a gene goes by its symbol; where several share a symbol, by
symbol and accession, "TBCE (ENSG00000285053)"; where there are no accessions to tell them apart, the file is refused
with how to rename them (scanpy's `var_names_make_unique`: "TBCE", "TBCE-1"), for only its owner knows which is which.
`gene_names` says where symbols and accessions are found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.types import Platform, UInt8Array
from geneglass.errors import InputError

MAX_COUNT = 2**24
"""Whole numbers up to here are exact in float32; no gene is counted as often in one spot."""

_AT_ONCE = 2**20


@dataclass(frozen=True)
class Picture:
    """A picture of the tissue that came with the spots: a preview, or the slide itself.

    Attributes
    ----------
    name
        "hires", "lowres", or what the file calls it.
    scale
        Its pixels per pixel of the picture that the positions belong to; 1 is that picture itself.
    path
        The slide file (or folder) it lies in, or None.
    pixels
        (height, width, 3) where the spot table itself holds it, else None.
    """

    name: str
    scale: float
    path: Path | None = None
    pixels: UInt8Array | None = None


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
    pictures
        Pictures that came with the spots, largest scale first.
    mpp
        Micrometres per pixel of the positions' picture, where the files state it (never from the pitch), else None.
    pitch_px
        Distance of neighbouring centres in pixels of the positions' picture, where the files hold the whole array
        and not only the measured spots, else None.
    """

    table: AnnData
    platform: Platform | None
    warnings: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    mpp: float | None = None
    pitch_px: float | None = None


@dataclass(frozen=True)
class RawSpots:
    """A spot table as a format read it, not yet checked.

    Attributes
    ----------
    counts
        (spots, genes), sparse or dense.
    genes
        Gene names; may repeat.
    obs
        One row per spot, indexed by spot name, with the columns that `Spots` describes.
    spatial_xy
        (spots, 2) centres in pixels, or None where the file has none.
    gene_ids
        Accessions of the genes (Ensembl), where the file has them beside the names; empty otherwise.
    """

    counts: Any
    genes: Sequence[str]
    obs: pd.DataFrame
    spatial_xy: Any
    gene_ids: Sequence[str] = ()


def checked_spots(raw: RawSpots, platform: Platform | None, *, file: str, warnings: Iterable[str] = ()) -> Spots:
    """Return a table as spots once its counts, names and centres hold what `Spots` promises.

    Genes that share a name are told apart by their accession ("TBCE (ENSG00000285053)"); without one nobody
    can say which is meant, and the file is refused.

    Parameters
    ----------
    raw
        What the format read.
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
        first such place; when nothing was counted at all; when spot or gene names repeat; when centres are missing.
    """
    names, genes = [str(name) for name in raw.obs.index], [str(gene) for gene in raw.genes]
    if not names or not genes:
        raise InputError(
            f"{file} holds an empty matrix ({len(names)} spots x {len(genes)} genes); give a file with counts."
        )
    problem = count_problem(raw.counts, names, genes)
    if problem:
        raise InputError(f"{file} holds {problem}; give the raw counts, whole numbers from 0 up.")
    repeated = repeated_names(names)
    if repeated:
        raise InputError(f"{file} names {some(repeated, 'spot')} more than once; give every spot a name of its own.")
    genes, told = _one_name_per_gene(genes, raw.gene_ids, file)
    counts = sparse.csr_matrix(raw.counts, dtype=np.float32)
    counts.eliminate_zeros()
    if counts.nnz == 0:
        raise InputError(f"{file} holds no counts at all: every value is 0; give the file with the measured counts.")
    table = AnnData(
        X=counts,
        obs=raw.obs.set_axis(pd.Index(names, dtype=object)),
        var=pd.DataFrame(index=pd.Index(genes, dtype=object)),
        obsm={"spatial": _centres_xy(raw.spatial_xy, names, file)},
    )
    return Spots(table, platform, (*warnings, *told))


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
    if _all_counts(values):
        return None
    for what, wrong in (
        ("values that are not finite", ~np.isfinite(values)),
        ("negative values", values < 0),
        (f"values above {MAX_COUNT:,}", values > MAX_COUNT),
        ("values that are not whole numbers", values != np.floor(values)),
    ):
        if wrong.any():
            return f"{int(wrong.sum())} {what} ({_first(counts, wrong, spots, genes)})"
    return None


def _all_counts(values: NDArray[Any]) -> bool:
    """Return whether all are whole numbers from 0 to `MAX_COUNT`, without a copy of them all."""
    flat = values.reshape(-1)
    parts = (flat[start : start + _AT_ONCE] for start in range(0, len(flat), _AT_ONCE))
    # A comparison with NaN is false.
    return all(part.min() >= 0 and part.max() <= MAX_COUNT and (part == np.floor(part)).all() for part in parts)


def _first(counts: Any, wrong: NDArray[np.bool_], spots: Sequence[str], genes: Sequence[str]) -> str:
    at = int(np.flatnonzero(wrong)[0])
    if isinstance(counts, np.ndarray):
        row, column = divmod(at, counts.shape[1])
        value = counts[row, column]
    else:
        row = int(np.searchsorted(counts.indptr, at, side="right")) - 1
        column, value = int(counts.indices[at]), counts.data[at]
    return f"first {value:g} at spot {spots[row]}, gene {genes[column]}"


def _centres_xy(spatial_xy: Any, names: Sequence[str], file: str) -> NDArray[np.float64]:
    if spatial_xy is None:
        raise InputError(f'{file} has no spot positions: obsm["spatial"] with (x, y) in slide pixels is missing.')
    spatial = np.asarray(spatial_xy)
    if spatial.ndim != 2 or spatial.shape[1] < 2 or not np.issubdtype(spatial.dtype, np.number):
        raise InputError(f"{file}: spot positions must be numbers, one (x, y) per spot, got shape {spatial.shape}.")
    spatial = spatial[:, :2].astype(np.float64)
    lost = [name for name, known in zip(names, np.isfinite(spatial).all(axis=1), strict=True) if not known]
    if lost:
        raise InputError(f"{file} has no finite position for {some(lost, 'spot')}; correct or remove them.")
    return spatial


def _one_name_per_gene(genes: list[str], gene_ids: Sequence[str], file: str) -> tuple[list[str], tuple[str, ...]]:
    repeated = set(repeated_names(genes))
    if not repeated:
        return genes, ()
    if len(gene_ids) == len(genes):
        genes = [
            f"{gene} ({gene_id})" if gene in repeated else gene for gene, gene_id in zip(genes, gene_ids, strict=True)
        ]
        if not repeated_names(genes):
            told = f"{some(sorted(repeated), 'gene name')} stood more than once; their accessions tell them apart."
            return genes, (told,)
    raise InputError(
        f"{file} names {some(sorted(repeated), 'gene')} more than once and has no accessions that tell them apart; "
        "merge or rename them (in Python: adata.var_names_make_unique()), then open it again."
    )


def repeated_names(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once, sorted."""
    index = pd.Index(list(names), dtype=object)
    return [] if index.is_unique else sorted({str(name) for name in index[index.duplicated()]})


def some(names: Sequence[str], what: str, *, most: int = 5) -> str:
    """Return "3 spots (1x2, 1x3, 1x4)" for a sentence, naming at most `most` of them."""
    shown = ", ".join(names[:most]) + (", ..." if len(names) > most else "")
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({shown})"
