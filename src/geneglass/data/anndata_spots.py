"""Spots from an AnnData, whatever stores it: an HDF5 file, a zarr folder, or a table of a SpatialData store."""

import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.anndata_pictures import one_library, pictures_of, spot_diameter_px
from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.gene_names import names_and_ids
from geneglass.data.hdf5_file import unreadable
from geneglass.data.labels import label_column
from geneglass.data.spots import RawSpots, Spots, checked_spots, count_problem
from geneglass.data.types import VISIUM, Platform
from geneglass.errors import InputError

_BARCODE = re.compile(r"[ACGTN]{16}(-\d+)?")

_TRUTH = {"False": "0", "True": "1"}

_PITCH_PER_DIAMETER = (1.3, 2.1)
"""Visium's 100 um pitch over what Space Ranger writes as spot diameter: 55 um, or 65 um in its first versions."""

_FULLRES_COLUMNS = ("pxl_col_in_fullres", "pxl_row_in_fullres")

_LAYERS = ("counts", "raw_counts", "raw")

_PLACES = (
    ("X", "X", "var"),
    *((f'layers["{name}"]', f"layers/{name}", "var") for name in _LAYERS),
    ("raw.X", "raw/X", "raw/var"),
)
"""Where raw counts are looked for: in words, the element, and the element that names its columns."""


@dataclass(frozen=True)
class Elements:
    """The parts of a stored AnnData, read one by one when asked for.

    Attributes
    ----------
    path
        What a message names.
    has
        Whether the store has an element ("layers/counts").
    read
        Reads an element that it has.
    keys
        Names of what lies in an element ("obsm"), empty where it is absent.
    """

    path: Path
    has: Callable[[str], bool]
    read: Callable[[str], Any]
    keys: Callable[[str], Iterable[str]]


def elements_of(group: Any, path: Path, check_stored: Callable[[Any], None]) -> Elements:
    """Return the elements of an open HDF5 or zarr group.

    Parameters
    ----------
    group
        `h5py.Group` or `zarr.Group`.
    path
        What a message names.
    check_stored
        Refuses (`ValueError`) a node that states more than the store can hold; called before a node is read.
    """

    def read(name: str) -> Any:
        node = group[name]
        check_stored(node)
        try:
            with warnings.catch_warnings():
                # That a file is old, or names repeat, is dealt with by the checks that all formats share.
                warnings.simplefilter("ignore")
                return anndata.io.read_elem(node)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - anndata's own class of error is private
            raise unreadable(path, "an AnnData", error) from None

    def keys(name: str) -> Iterable[str]:
        return list(group[name].keys()) if name in group and hasattr(group[name], "keys") else []

    return Elements(path, lambda name: name in group, read, keys)


@dataclass(frozen=True)
class Placed:
    """Where the spots of a table lie.

    Attributes
    ----------
    spatial_xy
        (spots, 2) centres in pixels, or None where they are not known.
    kept
        (spots,) False where a spot is to be left out.
    warnings
        What was left out, one sentence each.
    """

    spatial_xy: Any
    kept: NDArray[np.bool_]
    warnings: tuple[str, ...] = ()


def spots_of(
    elements: Elements, platform: Platform | None = None, place: Callable[[pd.DataFrame], Placed] | None = None
) -> Spots:
    """Return the spots of a stored AnnData.

    Counts are taken from the first of `X`, `layers["counts"]`, `layers["raw_counts"]`, `layers["raw"]` and `raw.X`
    that holds whole numbers from 0 up.
    Centres are `obsm["spatial"]`, else the only other entry of `obsm` with "spatial" in its name, else
    `obs["pxl_col_in_fullres"]` and `obs["pxl_row_in_fullres"]`. Spots with `in_tissue` 0 are left out. Pictures
    come from `uns["spatial"]`. The platform, where it is not given, is Visium where the array is hexagonal, or
    where barcodes and spot diameter say so; otherwise it is not known.

    Parameters
    ----------
    elements
        The stored AnnData.
    platform
        Spot size and pitch, where something beside the AnnData tells.
    place
        Returns where the spots of `obs` lie, where something else than the AnnData holds their centres.

    Raises
    ------
    InputError
        When it holds several sections, has no counts or no centres, or its counts are at fault.
    """
    path = elements.path
    if elements.has("uns/geneglass"):
        raise InputError(f"{path} is a prediction written by geneglass, not measured spots; open it as a prediction.")
    if not elements.has("obs") or not elements.has("var"):
        raise InputError(f"{path} can not be read as an AnnData: it has no obs or no var; write it again.")
    obs = _frame(elements, "obs")
    library = one_library(elements.read("uns/spatial") if elements.has("uns/spatial") else {}, obs, path)
    counts, var, told = _counts(elements, obs)
    placed = _placed(elements, obs) if place is None else place(obs)
    kept, off = _on_tissue(path, obs, placed.kept)
    genes, gene_ids = names_and_ids(var)
    kept_obs, label_told = _obs(obs[kept])
    spatial_xy = None if placed.spatial_xy is None else np.asarray(placed.spatial_xy)[kept]
    raw = RawSpots(counts[kept], genes, kept_obs, spatial_xy, gene_ids)
    pictures, mpp, without = pictures_of(library, path.name)
    told = (*told, *placed.warnings, *off, *label_told, *without)
    spots = checked_spots(raw, None, file=path.name, warnings=told)
    return replace(spots, platform=platform or _platform(spots.table, library), pictures=pictures, mpp=mpp)


def _frame(elements: Elements, name: str) -> pd.DataFrame:
    frame = elements.read(name)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{elements.path} can not be read as an AnnData: its {name} is no table; write it again.")
    return frame


def _counts(elements: Elements, obs: pd.DataFrame) -> tuple[Any, pd.DataFrame, tuple[str, ...]]:
    path, problems = elements.path, []
    for where, name, var_name in _PLACES:
        if not elements.has(name) or not elements.has(var_name):
            continue
        matrix, var = _matrix(elements, name), _frame(elements, var_name)
        if matrix is None:
            continue
        if matrix.shape != (len(obs), len(var)):
            raise InputError(
                f"{path} is damaged: {where} is {' x '.join(map(str, matrix.shape))} for {len(obs)} spots and "
                f"{len(var)} genes; write it again."
            )
        if 0 in matrix.shape:
            raise InputError(f"{path} holds an empty matrix ({len(obs)} spots x {len(var)} genes); give counts.")
        problem = count_problem(matrix, [str(spot) for spot in obs.index], [str(gene) for gene in var.index])
        if problem is None:
            told = () if where == "X" else (f"X of {path.name} holds no counts; they were taken from {where}.",)
            return matrix, var, told
        problems.append(f"{where} holds {problem}")
    said = ", ".join(problems) or "it has no matrix"
    raise InputError(
        f'{path} has no raw counts in X, layers["counts"] (raw_counts, raw) or raw: {said}; '
        "give whole numbers from 0 up."
    )


def _matrix(elements: Elements, name: str) -> Any:
    matrix: Any = elements.read(name)
    is_sparse: bool = sparse.issparse(matrix)
    if is_sparse:
        # Row and column numbers of a damaged file may lie anywhere; compiled code does not look, and scipy's own
        # check believes a matrix that says it holds no value.
        if len(matrix.indptr) and (np.diff(matrix.indptr) < 0).any():
            raise InputError(f"{elements.path} is damaged: the rows of {name} overlap; copy or write it again.")
        matrix.check_format(full_check=True)
    elif matrix is not None and not isinstance(matrix, np.ndarray):
        raise InputError(f"{elements.path} can not be read as an AnnData: its {name} is no matrix; write it again.")
    return matrix


def _placed(elements: Elements, obs: pd.DataFrame) -> Placed:
    names, everywhere = list(elements.keys("obsm")), np.ones(len(obs), dtype=bool)
    others = [name for name in names if "spatial" in name.lower()]
    name = "spatial" if "spatial" in names else others[0] if len(others) == 1 else None
    if name is not None:
        spatial_xy = np.asarray(elements.read(f"obsm/{name}"))
        if len(spatial_xy) != len(obs):
            raise InputError(
                f"{elements.path} is damaged: {len(spatial_xy)} positions for {len(obs)} spots; write it again."
            )
        return Placed(spatial_xy, everywhere)
    if set(_FULLRES_COLUMNS) <= set(obs.columns):
        centres = obs[list(_FULLRES_COLUMNS)].apply(pd.to_numeric, errors="coerce")
        return Placed(centres.to_numpy(dtype=np.float64), everywhere)
    return Placed(None, everywhere)


def _obs(obs: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    out = pd.DataFrame(index=pd.Index(obs.index.astype(str), dtype=object))
    if {"array_row", "array_col"} <= set(obs.columns):
        array = obs[["array_row", "array_col"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
        if np.isfinite(array).all():
            out["array_row"], out["array_col"] = array.T
    labels = label_column(obs)
    if labels is None:
        return out, ()
    out["label"] = obs[labels].to_numpy()
    return out, () if labels == "label" else (f'Labels are those of obs["{labels}"].',)


def _on_tissue(path: Path, obs: pd.DataFrame, placed: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    if "in_tissue" not in obs or not len(obs):
        return placed, ()
    in_tissue = pd.to_numeric(obs["in_tissue"].astype(str).replace(_TRUTH), errors="coerce").to_numpy()
    kept: NDArray[np.bool_] = placed & (in_tissue != 0)
    if not kept.any():
        raise InputError(f"{path} has no spot on tissue: in_tissue is 0 for every spot.")
    off = int((placed & ~kept).sum())
    return kept, ((f"{off} of {len(obs)} spots lie off the tissue and were left out.",) if off else ())


def _platform(table: AnnData, library: Any) -> Platform | None:
    arranged = layout(table)
    if arranged is not None:
        return VISIUM if arranged == "hexagonal" else None
    diameter, pitch = spot_diameter_px(library), pitch_px(table)
    barcodes = all(_BARCODE.fullmatch(str(name)) for name in table.obs_names[:50])
    if not barcodes or diameter is None or pitch is None:
        return None
    low, high = _PITCH_PER_DIAMETER
    return VISIUM if low <= pitch / diameter <= high else None
