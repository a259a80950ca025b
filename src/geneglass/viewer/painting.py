"""Exchanges the values and colours of a layer of places, as fast as public napari can."""

import numpy as np
from napari.layers import Points

from geneglass.data.types import FloatArray
from geneglass.overlay import LayerTuple

VALUE = "value"
"""The one feature."""
OUTLINE = "#1c6ea4"
"""Of places before a gene is chosen: seen on tissue, on glass and on black."""
OUTLINE_WIDTH = 0.12
"""Of a diameter."""
MOST_CHECKED = 64
"""Places whose colour is looked at after an exchange."""


def repaint(layer: Points, made: LayerTuple, *, opacity: float, outlined: bool) -> None:
    """Give a points layer the values and colours of a newly made one; places stay as they are.

    Parameters
    ----------
    layer
        A layer of places.
    made
        The same places with the wanted values.
    opacity
        Of the layer.
    outlined
        True draws thin circles instead, so that the tissue in them can be seen.
    """
    _, kwargs, _ = made
    if outlined:
        kwargs = {**kwargs, "face_colormap": {"name": "geneglass outlined", "colors": np.zeros((2, 4))}}
    if bool(np.any(layer.border_width)) != outlined:
        layer.border_color = OUTLINE
        layer.border_width = OUTLINE_WIDTH if outlined else 0
    if layer.face_color_mode != "colormap":
        layer.features = kwargs["features"]
        layer.face_color = kwargs["face_color"]
    if layer.face_colormap.name != kwargs["face_colormap"]["name"]:
        layer.face_colormap = kwargs["face_colormap"]
    exchange(layer, kwargs["features"][VALUE], kwargs["face_contrast_limits"])
    if layer.opacity != opacity:
        layer.opacity = opacity


def exchange(layer: Points, values: FloatArray, limits: tuple[float, float]) -> None:
    """Give a layer new values and limits.

    New features make napari build all it draws once for the values and once for their colours, and new limits
    once more. Values written into the table that is there are coloured and built with the limits, at once.

    Parameters
    ----------
    layer
        Points coloured by the feature `VALUE`.
    values
        (n,) NaN is not shown.
    limits
        Values of the first and the last colour.
    """
    if VALUE in layer.features and layer.features[VALUE].dtype == values.dtype:
        before = layer.features[VALUE].to_numpy(copy=True)
        layer.features.loc[:, VALUE] = values
        layer.face_contrast_limits = limits
        if _painted(layer, values, before):
            layer.events.features()
            return
    layer.face_contrast_limits = limits
    layer.features = {VALUE: values}


def _painted(layer: Points, values: FloatArray, before: FloatArray) -> bool:
    """Return whether places that got another value have its colour.

    They have not where the table's column was replaced, so that napari colours by one that nobody else knows.
    """
    differs = np.flatnonzero((values != before) & ~(np.isnan(values) & np.isnan(before)))
    rows = differs[:: max(len(differs) // MOST_CHECKED, 1)]
    wanted = layer.face_colormap.map(np.interp(values[rows], layer.face_contrast_limits, (0, 1)))
    return bool(np.allclose(layer.face_color[rows], wanted, atol=1e-3, equal_nan=True))
