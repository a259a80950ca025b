"""Measured places as discs, as large as the spots of the platform."""

from geneglass.data.types import FloatArray
from geneglass.overlay import OVERLAYS, LayerTuple, Layout, Shade, points_layer


@OVERLAYS.register("spots")
def spots(values: FloatArray, layout: Layout, shade: Shade) -> LayerTuple:
    """Return a points layer of discs."""
    return points_layer(values, layout, shade, symbol="disc")
