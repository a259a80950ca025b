"""Places that nobody measured, as squares: never mistaken for spots."""

from geneglass.data.types import FloatArray
from geneglass.overlay import OVERLAYS, LayerTuple, Layout, Shade, points_layer


@OVERLAYS.register("tiles")
def tiles(values: FloatArray, layout: Layout, shade: Shade) -> LayerTuple:
    """Return a points layer of squares."""
    return points_layer(values, layout, shade, symbol="square")
