"""The printed grid of a spot array: its layout, and how many pixels lie between neighbouring spots."""

import math
from typing import Literal

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Layout = Literal["square", "hexagonal", "staggered"]

_UNIT_YX: dict[Layout, tuple[float, float]] = {
    "square": (1.0, 1.0),
    "hexagonal": (math.sqrt(3) / 2, 0.5),
    "staggered": (math.sqrt(0.5), math.sqrt(0.5)),
}
"""Size of one step of array row and column, in units of the distance of nearest neighbours."""

MIN_SPOTS = 8
"""Fewer spots than this say nothing about the grid."""


def array_yx(table: AnnData) -> NDArray[np.int64] | None:
    """Return (n, 2) array rows and columns, or None where the table has none."""
    if not {"array_row", "array_col"} <= set(table.obs.columns):
        return None
    array = table.obs[["array_row", "array_col"]].to_numpy(dtype=np.float64)
    return np.rint(array).astype(np.int64) if np.isfinite(array).all() else None


def layout(table: AnnData) -> Layout | None:
    """Return how the spots are arranged, or None where the table can not tell.

    Square grids use every array position. Where only every other position is used, spots of equal
    distance along a row and across rows are hexagonal (Visium), all else is staggered.
    """
    array = array_yx(table)
    if array is None or len(array) < MIN_SPOTS:
        return None
    if len(np.unique(array.sum(axis=1) % 2)) == 2:
        return "square"
    along = _distances_px(table, array, ((0, 2),))
    across = _distances_px(table, array, ((1, 1), (1, -1)))
    if min(len(along), len(across)) < MIN_SPOTS:
        return None
    return "hexagonal" if abs(np.median(along) / np.median(across) - 1) < 0.1 else "staggered"


def pitch_px(table: AnnData) -> float | None:
    """Return the distance of neighbouring centres in spot-file pixels, or None where it is not known.

    The grid of array positions is fitted to the centres (least squares, centres far off left out), so
    that centres moved by hand do not bias it, as they would bias the distances between neighbours.
    Without array positions the nearest other spot stands in, and only where those distances agree with
    each other, as they do on a dense regular grid.
    """
    array = array_yx(table)
    if array is None:
        return _nearest_px(table)
    arranged = layout(table)
    if arranged is None:
        return None
    centres = np.asarray(table.obsm["spatial"], dtype=np.float64)
    grid = np.column_stack([array * np.array(_UNIT_YX[arranged]), np.ones(len(array))])
    near = np.ones(len(array), dtype=bool)
    for _ in range(3):
        if near.sum() < MIN_SPOTS or np.linalg.matrix_rank(grid[near]) < 3:
            return None
        fitted = np.linalg.lstsq(grid[near], centres[near], rcond=None)[0]
        off = np.linalg.norm(grid @ fitted - centres, axis=1)
        near = off <= 4 * np.median(off) + 1e-6
    pitch = math.sqrt(abs(float(np.linalg.det(fitted[:2]))))
    return pitch if pitch > 0 else None


def _distances_px(table: AnnData, array: NDArray[np.int64], steps: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    centres = np.asarray(table.obsm["spatial"], dtype=np.float64)
    last = ~_keys(array).duplicated(keep="last")
    array, centres = array[last], centres[last]
    places = _keys(array)
    found = []
    for step in steps:
        neighbour = places.get_indexer(_keys(array + step))
        has_one = neighbour >= 0
        found.append(np.linalg.norm(centres[neighbour[has_one]] - centres[has_one], axis=1))
    return np.concatenate(found)


def _keys(array: NDArray[np.int64]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([array[:, 0], array[:, 1]])


def _nearest_px(table: AnnData) -> float | None:
    centres = np.asarray(table.obsm["spatial"], dtype=np.float64)
    if len(centres) < MIN_SPOTS:
        return None
    nearest: NDArray[np.float64] = np.asarray(cKDTree(centres).query(centres, k=2)[0])[:, 1]
    middle = float(np.median(nearest))
    alike = np.abs(nearest / middle - 1) < 0.1 if middle > 0 else np.zeros(0, dtype=bool)
    return middle if alike.size and alike.mean() >= 0.8 else None
