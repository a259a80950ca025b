"""A pathologist's labels of spots, joined by array position."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from geneglass.data.array_grid import array_yx
from geneglass.data.spots import Spots
from geneglass.data.table_file import read_columns
from geneglass.errors import InputError


def with_labels(spots: Spots, path: Path) -> Spots:
    """Return spots with `obs["label"]` from a tab-separated file with columns x, y and label.

    Array positions are rounded to whole numbers. Where several labels fall on one spot, the nearest
    to its array position stands. Spots without a label are missing (NaN), never guessed.

    Raises
    ------
    InputError
        When the file can not be read, or not one label falls on a spot.
    """
    array = array_yx(spots.table)
    if array is None:
        raise InputError(f"{path.name} can not be joined: the spots have no array positions.")
    frame = read_columns(path, ("x", "y"), text=("label",)).dropna()
    exact_xy = frame[["x", "y"]].to_numpy(dtype=np.float64)
    rounded_xy = np.rint(exact_xy)
    frame = frame.assign(
        place=[f"{x:.0f}x{y:.0f}" for x, y in rounded_xy], away=np.hypot(*(exact_xy - rounded_xy).T)
    ).sort_values("away", kind="stable")
    several = frame.groupby("place")["label"].nunique()
    label = frame.drop_duplicates("place").set_index("place")["label"]
    places = pd.Index([f"{x}x{y}" for y, x in array])
    joined = label.reindex(places)
    if joined.isna().all():
        raise InputError(f"Not one label of {path.name} falls on a spot; give the label file of this section.")
    obs = spots.table.obs.assign(label=pd.Categorical(joined.to_numpy()))
    table = spots.table.copy()
    table.obs = obs
    doubtful = int((several.reindex(places) > 1).sum())
    told: tuple[str, ...] = ()
    if doubtful:
        told += (f"{path.name} gives {doubtful} spots more than one label; the nearest was taken.",)
    missing = int(joined.isna().sum())
    if missing:
        told += (f"{missing} of {len(places)} spots have no label in {path.name}.",)
    return replace(spots, table=table, warnings=(*spots.warnings, *told))
