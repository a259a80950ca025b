"""Coordinate transformations as OME-NGFF and SpatialData write them, as 3 x 3 matrices on (x, y, 1)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_XY = ("x", "y")


def matrix_of(transformation: Mapping[str, Any], axes: Sequence[str]) -> Matrix:
    """Return what a transformation does to x and y.

    Parameters
    ----------
    transformation
        `identity`, `scale`, `translation`, `affine`, `mapAxis` or a `sequence` of them.
    axes
        Names of the axes it begins on, where it does not name them itself ("c", "y", "x").

    Raises
    ------
    ValueError
        When it is of another type, or can not be read or undone.
    """
    matrix = _matrix(transformation, [str(axis) for axis in axes])
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-12:
        raise ValueError("a coordinate transformation can not be undone")
    return matrix


def _matrix(transformation: Mapping[str, Any], axes: list[str]) -> Matrix:
    kind = transformation.get("type")
    axes = _axes(transformation, "input") or axes
    if kind == "sequence":
        matrix = np.eye(3)
        for step in transformation["transformations"]:
            matrix = _matrix(step, axes) @ matrix
        return matrix
    if kind == "affine":
        return _affine(transformation, axes)
    if kind == "mapAxis":
        comes_from = dict(transformation["mapAxis"])
        rows = [[float(comes_from.get(axis, axis) == name) for name in _XY] + [0.0] for axis in _XY]
        return np.array([*rows, [0.0, 0.0, 1.0]])
    if kind in ("scale", "translation"):
        x, y = (transformation[kind][axes.index(axis)] for axis in _XY)
        return np.diag([x, y, 1.0]) if kind == "scale" else np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
    if kind != "identity":
        raise ValueError(f"the coordinate transformation {kind!r} is not known")
    return np.eye(3)


def _affine(transformation: Mapping[str, Any], axes: list[str]) -> Matrix:
    """Rows are the axes it ends on, columns those it begins on and the shift."""
    stated = np.asarray(transformation["affine"], dtype=np.float64)
    ends = _axes(transformation, "output") or axes
    if stated.ndim != 2 or stated.shape[0] < len(ends) or stated.shape[1] != len(axes) + 1:
        raise ValueError("an affine transformation does not fit its axes")
    matrix = np.eye(3)
    columns = [*(axes.index(axis) for axis in _XY), len(axes)]
    for place, axis in enumerate(_XY):
        matrix[place] = stated[ends.index(axis), columns]
    return matrix


def _axes(transformation: Mapping[str, Any], end: str) -> list[str]:
    system = transformation.get(end)
    return [str(axis["name"]) for axis in system["axes"]] if isinstance(system, Mapping) and "axes" in system else []


def systems_of(transformations: Sequence[Mapping[str, Any]], axes: Sequence[str]) -> dict[str, Matrix]:
    """Return the matrix to each shared coordinate system that an element of SpatialData is set in.

    Raises
    ------
    ValueError, KeyError, TypeError, IndexError
        When a transformation can not be read.
    """
    return {str(item["output"]["name"]): matrix_of(item, axes) for item in transformations}


def pure_scale(matrix: Matrix) -> float | None:
    """Return the factor of a matrix that does nothing but scale x and y alike, within half a pixel; else None."""
    factor = float((matrix[0, 0] + matrix[1, 1]) / 2)
    scaled = np.diag([factor, factor, 1.0])
    same = np.allclose(matrix[:2, :2], scaled[:2, :2], rtol=0, atol=1e-3 * abs(factor))
    return factor if factor > 0 and same and np.abs(matrix[:2, 2]).max() <= 0.5 else None
