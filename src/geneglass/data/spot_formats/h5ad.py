"""AnnData files (.h5ad): raw counts with spot centres in `obsm["spatial"]`."""

import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import RawSpots, Spots, checked_spots, count_problem
from geneglass.data.types import VISIUM, Platform
from geneglass.errors import InputError

_BARCODE = re.compile(r"[ACGTN]{16}(-\d+)?")

_TRUTH = {"False": "0", "True": "1"}

_PITCH_PER_DIAMETER = (1.3, 2.1)
"""Visium's 100 um pitch over what Space Ranger writes as spot diameter: 55 um, or 65 um in its first versions."""


def open_h5ad(path: Path, positions: Path | None = None) -> Spots:
    """Read raw counts and centres of an AnnData file.

    Counts are taken from the first of `X`, `layers["counts"]` and `raw.X` that holds whole numbers from
    0 up. Spots with `in_tissue` 0 are left out. The platform is Visium where the array is hexagonal, or
    where barcodes and spot diameter say so; otherwise it is not known.

    Raises
    ------
    InputError
        When the file can not be read, is a prediction of geneglass, has no counts or no centres, or its
        counts are at fault.
    """
    if positions is not None:
        raise InputError(f'{path.name} holds its positions in obsm["spatial"]; leave out `positions`.')
    read = _read(path)
    if "geneglass" in read.uns:
        raise InputError(f"{path} is a prediction written by geneglass, not measured spots; open it as a prediction.")
    if 0 in read.shape:
        raise InputError(f"{path} holds an empty matrix ({read.n_obs} spots x {read.n_vars} genes); give counts.")
    counts, var, told = _counts(path, read)
    on_tissue, off = _on_tissue(path, read.obs)
    spatial_xy = np.asarray(read.obsm["spatial"])[on_tissue] if "spatial" in read.obsm else None
    gene_ids = [str(gene_id) for gene_id in var.get("gene_ids", ())]
    genes = [str(name) for name in var.index]
    raw = RawSpots(counts[on_tissue], genes, _obs(read.obs[on_tissue]), spatial_xy, gene_ids)
    spots = checked_spots(raw, None, file=path.name, warnings=(*told, *off))
    return replace(spots, platform=_platform(spots.table, read.uns))


def _read(path: Path) -> AnnData:
    try:
        with warnings.catch_warnings():
            # Repeated names are dealt with, and told, by the checks that all formats share.
            warnings.filterwarnings("ignore", message=".*names are not unique", category=UserWarning)
            warnings.filterwarnings("ignore", category=anndata.OldFormatWarning)
            return anndata.read_h5ad(path)
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path} can not be read as an AnnData file: {reason.rstrip('.')}; write it again.") from None


def _counts(path: Path, read: AnnData) -> tuple[Any, pd.DataFrame, tuple[str, ...]]:
    places: list[tuple[str, Any, pd.DataFrame]] = []
    if read.X is not None:
        places.append(("X", read.X, read.var))
    if "counts" in read.layers:
        places.append(('layers["counts"]', read.layers["counts"], read.var))
    if read.raw is not None:
        places.append(("raw.X", read.raw.X, read.raw.var))
    problems = []
    for where, matrix, var in places:
        problem = count_problem(matrix, list(read.obs_names), [str(name) for name in var.index])
        if problem is None:
            told = () if where == "X" else (f"X of {path.name} holds no counts; they were taken from {where}.",)
            return matrix, var, told
        problems.append(f"{where} holds {problem}")
    said = ", ".join(problems) or "it has no matrix"
    raise InputError(f'{path} has no raw counts in X, layers["counts"] or raw: {said}; give whole numbers from 0 up.')


def _obs(obs: pd.DataFrame) -> pd.DataFrame:
    out = pd.DataFrame(index=pd.Index(obs.index.astype(str), dtype=object))
    if {"array_row", "array_col"} <= set(obs.columns):
        array = obs[["array_row", "array_col"]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
        if np.isfinite(array).all():
            out["array_row"], out["array_col"] = array.T
    if "label" in obs:
        out["label"] = obs["label"].to_numpy()
    return out


def _on_tissue(path: Path, obs: pd.DataFrame) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    if "in_tissue" not in obs:
        return np.ones(len(obs), dtype=bool), ()
    on_tissue: NDArray[np.bool_] = (
        pd.to_numeric(obs["in_tissue"].astype(str).replace(_TRUTH), errors="coerce").to_numpy() != 0
    )
    if not on_tissue.any():
        raise InputError(f"{path} has no spot on tissue: in_tissue is 0 for every spot.")
    off = int((~on_tissue).sum())
    return on_tissue, ((f"{off} of {len(obs)} spots lie off the tissue and were left out.",) if off else ())


def _platform(table: AnnData, uns: Any) -> Platform | None:
    arranged = layout(table)
    if arranged is not None:
        return VISIUM if arranged == "hexagonal" else None
    diameter, pitch = _spot_diameter_px(uns), pitch_px(table)
    barcodes = all(_BARCODE.fullmatch(str(name)) for name in table.obs_names[:50])
    if not barcodes or diameter is None or pitch is None:
        return None
    low, high = _PITCH_PER_DIAMETER
    return VISIUM if low <= pitch / diameter <= high else None


def _spot_diameter_px(uns: Any) -> float | None:
    for library in uns.get("spatial", {}).values():
        diameter = library.get("scalefactors", {}).get("spot_diameter_fullres") if hasattr(library, "get") else None
        if diameter:
            return float(diameter)
    return None


SPOT_FORMATS.register("AnnData")(SpotFormat(suffixes=(".h5ad",), open=open_h5ad))
