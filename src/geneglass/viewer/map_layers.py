"""A map is points, or a raster where they would be too many: what both have, in public napari only."""

from typing import Any

import numpy as np
from napari.layers import Image, Layer, Points
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.overlay import LayerTuple
from geneglass.viewer.painting import repaint

FAINT = 0.35
"""Opacity of a raster before a gene is chosen, so that the tissue under it can be seen."""


def is_map(layer: Layer) -> bool:
    """Return whether a layer holds values at places, as points or as a raster."""
    return isinstance(layer, Points) or (isinstance(layer, Image) and not layer.rgb)


def colour_bar(layer: Layer) -> Any:
    """Return the colour bar of a map."""
    return layer.face_colorbar if isinstance(layer, Points) else layer.colorbar


def paint(layer: Layer, made: LayerTuple, *, opacity: float, outlined: bool) -> None:
    """Give a map the values and colours of a newly made one; places stay as they are.

    Parameters
    ----------
    layer
        A map.
    made
        The same places with the wanted values.
    opacity
        Of the layer.
    outlined
        True draws thin circles instead, so that the tissue in them can be seen; a raster is made faint.
    """
    if isinstance(layer, Points):
        _glyphs(layer, made[1])
        repaint(layer, made, opacity=opacity, outlined=outlined)
        return
    data, kwargs, _ = made
    if layer.colormap.name != kwargs["colormap"]["name"]:
        layer.colormap = kwargs["colormap"]
    if tuple(layer.contrast_limits) != kwargs["contrast_limits"]:
        # The range of the slider first: limits are cut off at it. They follow, and are told then.
        with layer.events.contrast_limits.blocker():
            layer.contrast_limits_range = kwargs["contrast_limits"]
        layer.contrast_limits = kwargs["contrast_limits"]
    layer.data = data
    wanted = opacity * (FAINT if outlined else 1.0)
    if layer.opacity != wanted:
        layer.opacity = wanted


def paint_palette(layer: Image, numbers: FloatArray, palette: NDArray[np.float32]) -> None:
    """Colour a raster by numbers instead of values.

    Parameters
    ----------
    layer
        A raster.
    numbers
        (rows, columns) which colour each cell has; NaN has none.
    palette
        (colours, 4) RGBA from 0 to 1.
    """
    name = f"geneglass palette of {len(palette)}"
    if layer.colormap.name != name:
        layer.colormap = {"name": name, "colors": palette, "interpolation": "zero"}
    layer.contrast_limits_range = layer.contrast_limits = (0.0, float(len(palette)))
    # The middle of a colour, so that no rounding takes its neighbour.
    layer.data = numbers + 0.5


def _glyphs(layer: Points, kwargs: dict[str, Any]) -> None:
    """Give places in doubt their own glyph, and back; setting glyphs is slow, so only where one changes."""
    if not np.allclose(layer.size, kwargs["size"]):
        layer.symbol = kwargs["symbol"]
        layer.size = kwargs["size"]


def same_raster(layer: Layer, made: LayerTuple) -> bool:
    """Return whether a layer is a raster of the very cells of a newly made one."""
    data, kwargs, _ = made
    same_shape: bool = is_map(layer) and not isinstance(layer, Points) and layer.data.shape == data.shape
    return same_shape and bool(np.allclose(layer.affine.affine_matrix, kwargs["affine"]))


def raster_pitch(layer: Image) -> float:
    """Return the distance of neighbouring cells in world units."""
    return float(np.hypot(*layer.affine.affine_matrix[:2, 0]))


def place_width(layer: Layer) -> float:
    """Return what one place of a map covers in world units; 0 of an empty one."""
    if not isinstance(layer, Points):
        return raster_pitch(layer)
    return float(np.max(layer.size)) * float(layer.scale[-1]) if len(layer.data) else 0.0
