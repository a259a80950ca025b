"""A first look into a file: whether it can be a spot table, and how far its spots reach, without reading its counts."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.table_file import open_text, read_columns
from geneglass.errors import InputError

_ARRAY_POSITION = re.compile(r"\d+(\.\d+)?x\d+(\.\d+)?")
_MAX_LINE = 2**22
_MAX_POSITIONS = 5_000_000


def why_no_spots(path: Path) -> str | None:
    """Return why a file that ends as a spot table is none, by its first lines; None where it may be one."""
    name = path.name.lower()
    if name.endswith(".h5ad"):
        return _why_no_h5ad(path)
    if name.endswith((".tsv", ".tsv.gz")):
        return _why_no_legacy(path)
    if name.endswith((".csv", ".csv.gz")):
        return _why_no_csv(path)
    return None


def reach_xy(spots: Path, positions: Path | None) -> tuple[float, float] | None:
    """Return the largest x and y of the spots in pixels, where that is cheap to know; else None."""
    try:
        if positions is not None:
            frame = read_columns(positions, ("pixel_x", "pixel_y"), optional=("selected",))
            on_tissue = frame[frame["selected"] != 0] if "selected" in frame else frame
            found = on_tissue[["pixel_x", "pixel_y"]].to_numpy(dtype=np.float64)
        elif spots.name.lower().endswith(".h5ad"):
            found = _spatial_of(spots)
        else:
            return None
    except (InputError, OSError, KeyError, ValueError, TypeError, RuntimeError):
        return None
    found = found[np.isfinite(found).all(axis=1)]
    return None if not len(found) else (float(found[:, 0].max()), float(found[:, 1].max()))


def _lines(path: Path) -> list[str]:
    with open_text(path) as file:
        return [file.readline(_MAX_LINE).rstrip("\r\n") for _ in range(2)]


def _why_no_legacy(path: Path) -> str | None:
    try:
        _, first = _lines(path)
    except InputError as error:
        return str(error)
    row = first.split("\t", 1)[0]
    if _ARRAY_POSITION.fullmatch(row):
        return None
    return f"no table of counts: its first row is named {row[:30]!r}, not by an array position such as '10x13'"


def _why_no_csv(path: Path) -> str | None:
    try:
        header, first = _lines(path)
    except InputError as error:
        return str(error)
    names = {name.strip().strip('"').lower() for name in header.split(",")}
    if first and {"x", "y"} <= names and len(names) > 3:
        return None
    return "no table of spots: its header line has no columns x and y with genes beside them"


def _why_no_h5ad(path: Path) -> str | None:
    import h5py

    try:
        with h5py.File(path) as file:
            if "uns/geneglass" in file:
                return "a prediction written by geneglass"
            if not {"obs", "var"} <= set(file):
                return "no AnnData file: it has no obs and var"
            if "obsm/spatial" not in file:
                return 'it has no spot positions in obsm["spatial"]'
    except (OSError, RuntimeError, ValueError, KeyError):
        return "no HDF5 file, or a damaged one"
    return None


def _spatial_of(path: Path) -> Any:
    import h5py

    with h5py.File(path) as file:
        spatial = file["obsm/spatial"]
        if spatial.ndim != 2 or spatial.shape[1] < 2 or spatial.shape[0] > _MAX_POSITIONS:
            raise ValueError("no table of positions")
        return np.asarray(spatial[:, :2], dtype=np.float64)
