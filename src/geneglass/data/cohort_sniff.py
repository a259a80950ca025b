"""A first look into a file: whether it can be a spot table, and how far its spots reach, without reading its counts."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from geneglass.data.slide_formats import open_slide
from geneglass.data.space_ranger_bins import in_bins
from geneglass.data.space_ranger_files import find_files, home_of
from geneglass.data.spot_formats import SPOT_FORMATS
from geneglass.data.table_file import open_text, read_columns
from geneglass.errors import InputError

_ARRAY_POSITION = re.compile(r"\d+(\.\d+)?x\d+(\.\d+)?")
_EXIF_ORIENTATION = 274
_MAX_LINE = 2**22
_MAX_POSITIONS = 5_000_000


def why_no_spots(path: Path) -> str | None:
    """Return why what looks like a spot table is none, by its first lines or its parts; None where it may be one."""
    name = path.name.lower()
    if path.is_dir() or name.endswith(".h5"):
        return _why_no_space_ranger(path)
    if name.endswith(".h5ad"):
        return _why_no_h5ad(path)
    return _why_no_legacy(path) if needs_positions(path) else None


def needs_positions(path: Path) -> bool:
    """Return whether a table of counts has its positions in another file, as legacy ST has."""
    known_by_content = any(item.is_file(path) for item in SPOT_FORMATS.values())
    return path.name.lower().endswith((".tsv", ".tsv.gz")) and not known_by_content


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


def size_px(path: Path) -> tuple[int, int]:
    """Return width and height of a slide; of a flat picture by its header alone, without decoding it.

    Raises
    ------
    InputError
        When it can not be opened.
    """
    if path.name.lower().endswith((".png", ".jpg", ".jpeg")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(path) as picture:
                    turned = picture.getexif().get(_EXIF_ORIENTATION, 1) > 4
                    return (picture.height, picture.width) if turned else (picture.width, picture.height)
        except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError):
            pass  # opened as a slide, it is refused for its true reason
    slide = open_slide(path)
    slide.close()
    return slide.levels[0].width_px, slide.levels[0].height_px


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


def _why_no_space_ranger(path: Path) -> str | None:
    if path.is_dir() and (home_of(path) is None or in_bins(path)):
        return None
    try:
        find_files(path)
    except InputError as error:
        return str(error)
    return None


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
