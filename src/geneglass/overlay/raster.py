"""Places too many for points, as one picture: a pixel per tile or bin."""

import numpy as np
from numpy.typing import NDArray

from geneglass.data.lattice import Lattice
from geneglass.data.types import FloatArray
from geneglass.overlay import OVERLAYS, LayerTuple, Layout, Shade, colour_ramp

HATCH = 3
"""Of places in doubt, one diagonal in this many is drawn."""
ABOVE_LOW = 1e-4
"""Of the range of colours: values that get the first colour lie this far above its limit, so that they are seen."""


@OVERLAYS.register("raster")
def raster(values: FloatArray, layout: Layout, shade: Shade) -> LayerTuple:
    """Return an image layer; where there is no place, no value, or the lowest one is clear, the tissue is seen.

    Raises
    ------
    ValueError
        When the places lie on no lattice, or the values are not as many.
    """
    lattice, n = layout.lattice, len(layout.centres_yx)
    if lattice is None:
        raise ValueError(f"{n} places lie on no lattice: draw them as points")
    column = np.asarray(values, dtype=np.float32)
    if column.shape != (n,):
        raise ValueError(f"{n} places need {n} values, got {column.shape}")
    if not (shade.clear_low and shade.signal):
        column = np.maximum(column, np.float32(shade.low + ABOVE_LOW * (shade.high - shade.low)))
    if layout.doubtful is not None:
        column = np.where(hatched(lattice, layout.doubtful), column, np.float32("nan"))
    scale = 1.0 if layout.mpp is None else layout.mpp
    unit = "pixel" if layout.mpp is None else "um"
    place = np.eye(3)
    place[:2, :2] = lattice.steps_yx_px.T * scale
    # A viewer counts from the middle of the first pixel, a slide from its corner.
    place[:2, 2] = (lattice.origin_yx_px - 0.5) * scale
    ramp = colour_ramp(shade)
    kwargs = {
        "contrast_limits": (shade.low, shade.high),
        "colormap": {**ramp, "name": f"{ramp['name']}, raster", "low_color": np.zeros(4)},
        "interpolation2d": "nearest",
        "rgb": False,
        "affine": place,
        "scale": (1.0, 1.0),
        "units": (unit, unit),
    }
    return lattice.picture(column), kwargs, "image"


def hatched(lattice: Lattice, doubtful: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (n,) which places are drawn where those in doubt are hatched."""
    return np.asarray(~doubtful | ((lattice.row + lattice.column) % HATCH == 0))
