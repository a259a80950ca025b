"""Maps cut at an upright edge: points by a clipping plane, a raster by leaving out the cells beyond the edge."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Layer, Points

from geneglass.data.types import FloatArray


class Cutter:
    """Cuts maps and mends them; it keeps what a raster was before it was cut."""

    def __init__(self) -> None:
        self._whole: WeakKeyDictionary[Layer, FloatArray] = WeakKeyDictionary()

    def cut(self, layer: Layer, x: float, sign: float) -> None:
        """Show a map only left (-1) or right (1) of a place in world units."""
        if isinstance(layer, Points):
            _clip(layer, x, sign)
        else:
            whole = self._whole.setdefault(layer, layer.data)
            layer.data = np.where((_cells_x(layer) - x) * sign >= 0, whole, np.float32("nan"))

    def mend(self, layer: Layer) -> None:
        """Show all of a map again."""
        if layer in self._whole:
            layer.data = self._whole.pop(layer)
        elif len(layer.experimental_clipping_planes):
            layer.experimental_clipping_planes = []

    def forget(self) -> None:
        """Take what the maps show now as whole: they have been painted anew."""
        self._whole.clear()


def _clip(layer: Points, x: float, sign: float) -> None:
    # napari cuts a flat picture in world units, whatever the scale of its layer.
    plane = {"position": (0.0, 0.0, x), "normal": (0.0, 0.0, sign)}
    if len(layer.experimental_clipping_planes) == 1:
        for field, value in plane.items():
            setattr(layer.experimental_clipping_planes[0], field, value)
    else:
        layer.experimental_clipping_planes = [plane]


def _cells_x(layer: Image) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the x of the middle of every cell in world units, (rows, columns) by broadcasting."""
    per_row, per_column, first = layer.affine.affine_matrix[-2]
    rows, columns = layer.data.shape
    return np.asarray(first + per_row * np.arange(rows)[:, None] + per_column * np.arange(columns)[None])
