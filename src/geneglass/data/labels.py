"""A pathologist's labels of spots, joined by array position or by the spot's name.

A label file is a table separated by tabs, commas or semicolons. It is joined

1. by array position, where it has columns x and y (and label), and none called as in `NAME_COLUMNS`;
2. else, where its first line is no header but already names a spot, by the column with that name; the label is
   then in the last column;
3. else by spot name: the first column called as in `NAME_COLUMNS`, with the label in the first column called as
   in `LABEL_COLUMNS`, else in the only other column.

Capital letters do not matter in headers.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from geneglass.data.array_grid import array_yx
from geneglass.data.spots import Spots
from geneglass.data.table_file import cells_of, first_lines, read_columns, read_texts, separator_of
from geneglass.errors import InputError

LABEL_COLUMNS = (
    "label",
    "annotation",
    "annotations",
    "pathologist",
    "pathologist_annotation",
    "pathologist_annotations",
    "pathology",
    "layer_guess",
    "layer_guess_reordered",
    "ground_truth",
    "layer",
    "region_label",
    "tissue_type",
    "graph-based",
)
"""Columns that hold labels, the first that exists is taken; in a table of spots they must hold text."""

NAME_COLUMNS = ("barcode", "barcodes", "spot", "spots", "spot_id", "spot_name", "spotid", "cell_id", "id", "")
"""Columns that hold the spots' names; a column without a name is the row names that R and pandas write."""

_POSITION_COLUMNS = ("x", "y", "new_x", "new_y", "pixel_x", "pixel_y", "array_row", "array_col", "selected")
_MOST_COLUMNS = 40
_BARCODE = re.compile(r"[acgt]{8,}(-\d+)?")


def label_column(obs: pd.DataFrame) -> str | None:
    """Return the column of a spot table that holds labels: "label", else the first of `LABEL_COLUMNS` with text."""
    if "label" in obs:
        return "label"
    by_name = {str(name).lower(): str(name) for name in reversed(obs.columns)}
    found = (by_name[name] for name in LABEL_COLUMNS if name in by_name)
    return next((name for name in found if not pd.api.types.is_numeric_dtype(obs[name])), None)


def is_label_table(path: Path) -> bool:
    """Return whether a file is a table of labelled spots, by its first two lines; a table of counts is none."""
    try:
        lines = first_lines(path, windows=True)
    except InputError:
        return False
    head, first = ([cell.lower() for cell in cells_of(line, separator_of(lines))] for line in lines)
    if not 2 <= len(head) <= _MOST_COLUMNS:
        return False
    if _BARCODE.fullmatch(head[0]):
        return not _is_number(head[-1])
    known = {*_POSITION_COLUMNS, *NAME_COLUMNS, *LABEL_COLUMNS}
    counts = [name for name, cell in zip(head, first, strict=False) if name not in known and _is_number(cell)]
    stands_on_spots = {"x", "y"} <= set(head) or bool(set(head) & set(NAME_COLUMNS))
    return stands_on_spots and not counts and bool(set(head) & set(LABEL_COLUMNS))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def with_labels(spots: Spots, path: Path) -> Spots:
    """Return spots with `obs["label"]` from a file of labels; how it is joined, the module says.

    Array positions are rounded to whole numbers. Where several labels fall on one spot, the nearest to its array
    position stands, or the first by name. Spots without a label are missing (NaN), never guessed.

    Raises
    ------
    InputError
        When the file can not be read, has no labels, or not one label falls on a spot.
    """
    lines = first_lines(path, windows=True)
    head = [cell.lower() for cell in cells_of(lines[0], separator_of(lines))]
    if {"x", "y"} <= set(head) and not set(head) & {name for name in NAME_COLUMNS if name}:
        joined, doubtful = _by_place(spots, path)
        taken = "the nearest was taken"
    else:
        joined, doubtful = _by_name(spots, path, head)
        taken = "the first was taken"
    if joined.isna().all():
        raise InputError(f"Not one label of {path.name} falls on a spot; give the label file of this section.")
    table = spots.table.copy()
    table.obs = spots.table.obs.assign(label=pd.Categorical(joined.to_numpy()))
    told: tuple[str, ...] = ()
    if doubtful:
        told += (f"{path.name} gives {doubtful} spots more than one label; {taken}.",)
    missing = int(joined.isna().sum())
    if missing:
        told += (f"{missing} of {len(joined)} spots have no label in {path.name}.",)
    return replace(spots, table=table, warnings=(*spots.warnings, *told))


def _by_place(spots: Spots, path: Path) -> tuple[pd.Series, int]:
    array = array_yx(spots.table)
    if array is None:
        raise InputError(f"{path.name} can not be joined: the spots have no array positions.")
    frame = read_columns(path, ("x", "y"), text=("label",), windows=True).dropna()
    exact_xy = frame[["x", "y"]].to_numpy(dtype=np.float64)
    rounded_xy = np.rint(exact_xy)
    frame = frame.assign(
        place=[f"{x:.0f}x{y:.0f}" for x, y in rounded_xy], away=np.hypot(*(exact_xy - rounded_xy).T)
    ).sort_values("away", kind="stable")
    return _joined(frame["place"], frame["label"], [f"{x}x{y}" for y, x in array])


def _by_name(spots: Spots, path: Path, head: list[str]) -> tuple[pd.Series, int]:
    names = [str(name) for name in spots.table.obs_names]
    known = {name.lower() for name in names}
    if known & set(head):
        frame = read_texts(path, has_header=False, windows=True)
        named = next(column for column, cell in enumerate(head) if cell in known)
        label = frame.shape[1] - 1
        if label == named:
            raise InputError(f"{path} names spots but has no label after the name; add a column of labels.")
    else:
        frame = read_texts(path, has_header=True, windows=True)
        named, label = _columns(path, [str(name).lower() for name in frame.columns])
    frame = frame.iloc[:, [named, label]].dropna()
    spot, label_of = frame.iloc[:, 0], frame.iloc[:, 1]
    if not set(spot) & set(names):
        # Tools differ in whether they keep the "-1" that 10x writes behind a barcode.
        spot, names = spot.str.removesuffix("-1"), [name.removesuffix("-1") for name in names]
    return _joined(spot, label_of, names)


def _joined(keys: pd.Series, labels: pd.Series, wanted: list[str]) -> tuple[pd.Series, int]:
    """Return the first label of each key wanted, and how many of those have several."""
    several = labels.groupby(keys.to_numpy()).nunique()
    first = pd.Series(labels.to_numpy(), index=pd.Index(keys.to_numpy(), dtype=object))
    first = first[~first.index.duplicated()]
    places = pd.Index(wanted, dtype=object)
    return first.reindex(places), int((several.reindex(places) > 1).sum())


def _columns(path: Path, head: list[str]) -> tuple[int, int]:
    named = next((head.index(name) for name in NAME_COLUMNS if name in head), None)
    if named is None:
        raise InputError(
            f"{path} has neither array positions (x, y, label) nor spot names (a column barcode or spot); its header "
            f"line has: {', '.join(head[:12])}."
        )
    others = [column for column in range(len(head)) if column != named]
    label = next((head.index(name) for name in LABEL_COLUMNS if name in head), None)
    if label is None and len(others) == 1:
        label = others[0]
    if label is None:
        raise InputError(
            f"{path} has no column label (or {', '.join(LABEL_COLUMNS[1:5])}, ...); its header line has: "
            f"{', '.join(head[:12])}."
        )
    return named, label
