"""Overlays: values and places -> a napari layer tuple, without importing napari."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.lattice import Lattice
from geneglass.data.types import FloatArray
from geneglass.registry import Registry

LayerTuple = tuple[Any, dict[str, Any], str]
"""Data, keyword arguments and kind of a napari layer."""

COLOURMAPS = ("viridis", "cividis", "magma", "inferno", "YlGnBu", "YlOrRd", "Greys")
"""Sequential and safe for colour-blind readers; the first is the default. Names as in matplotlib."""

DIVERGING = ("RdBu_r", "PuOr_r")
"""From low over a light middle to high, safe for colour-blind readers; for differences."""

NO_SIGNAL_RGBA = (0.66, 0.66, 0.66, 0.7)
"""Places of a gene that has nothing to show: there, but neutral."""

DOUBTFUL_SIZE = 0.5
"""Of the usual diameter: a place in doubt lets the tissue around it be seen."""

STEPS = 128
"""Colours of a ramp; between them the viewer interpolates."""


@dataclass(frozen=True)
class Layout:
    """Where n values belong on the slide, and how large they are drawn.

    Attributes
    ----------
    centres_yx
        (n, 2) centres in level-0 pixels, counted from the slide's corner.
    mpp
        Micrometres per level-0 pixel; None where unknown, then the layer's unit is the pixel.
    diameter_px
        Diameter of a spot, or edge of a tile, in level-0 pixels.
    kept
        (n,) False for spots set aside for too few counts: drawn as rings. None when all are kept.
    doubtful
        (n,) True for predictions of too little confidence: drawn as small crosses, in a raster as a hatch. None for
        none.
    lattice
        Rows and columns of the places, for a raster.
    """

    centres_yx: FloatArray
    mpp: float | None
    diameter_px: float
    kept: NDArray[np.bool_] | None = None
    doubtful: NDArray[np.bool_] | None = None
    lattice: Lattice | None = None


@dataclass(frozen=True)
class Shade:
    """How values become colours, the same on both sides of a comparison.

    Attributes
    ----------
    low, high
        Values of the first and the last colour; finite and in this order.
    clear_low
        True makes values at or below `low` transparent; False gives them the first colour.
    colourmap
        One of `COLOURMAPS` or `DIVERGING`.
    signal
        False draws every value in one neutral grey: there is nothing to see.
    """

    low: float = 0.0
    high: float = 1.0
    clear_low: bool = True
    colourmap: str = COLOURMAPS[0]
    signal: bool = True

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"colour limits must be finite and in order, got {self.low} to {self.high}")
        if self.colourmap not in (*COLOURMAPS, *DIVERGING):
            raise ValueError(f"colourmap must be one of {', '.join(COLOURMAPS + DIVERGING)}, got {self.colourmap!r}")


Overlay = Callable[[FloatArray, Layout, Shade], LayerTuple]
"""(n,) values, where they belong, how they are coloured -> layer tuple; NaN is missing and not shown."""

OVERLAYS: Registry[Overlay] = Registry("overlay", __name__)


def points_layer(values: FloatArray, layout: Layout, shade: Shade, *, symbol: str) -> LayerTuple:
    """Return a points layer with one `value` feature: the layer is made once and its values exchanged.

    Parameters
    ----------
    values
        (n,) values; NaN is not shown.
    layout
        Where they belong.
    shade
        Limits, threshold and colours.
    symbol
        A napari symbol for the places that are not set aside.
    """
    n = len(layout.centres_yx)
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (n,):
        raise ValueError(f"{n} places need {n} values, got {column.shape}")
    scale = 1.0 if layout.mpp is None else layout.mpp
    unit = "pixel" if layout.mpp is None else "um"
    symbols = np.full(n, symbol, dtype=object)
    if layout.kept is not None:
        symbols[~layout.kept] = "ring"
    if layout.doubtful is not None:
        symbols[layout.doubtful] = "cross"
    kwargs = {
        "features": {"value": column},
        "face_color": "value",
        "face_contrast_limits": (shade.low, shade.high),
        "face_colormap": colour_ramp(shade),
        "symbol": symbols,
        "size": _size(layout),
        "border_width": 0,
        "scale": (scale, scale),
        # A viewer counts from the middle of the first pixel, a slide from its corner.
        "translate": (-scale / 2, -scale / 2),
        "units": (unit, unit),
        # Discs have soft edges; squares touch each other and would show them as a lattice.
        "antialiasing": 0 if symbol == "square" else 1,
    }
    return layout.centres_yx, kwargs, "points"


def _size(layout: Layout) -> float | FloatArray:
    if layout.doubtful is None:
        return layout.diameter_px
    return np.where(layout.doubtful, layout.diameter_px * DOUBTFUL_SIZE, layout.diameter_px)


def colour_ramp(shade: Shade) -> dict[str, Any]:
    """Return the few arguments of a napari colormap; equal shades but for their limits share one ramp.

    A viewer keeps every colormap it has seen, so that ramps must not depend on the values.
    """
    if not shade.signal:
        return {"name": "geneglass no signal", "colors": np.array([NO_SIGNAL_RGBA] * 2)}
    ramp: dict[str, Any] = {"name": f"geneglass {shade.colourmap}", "colors": _colours(shade.colourmap)}
    if shade.clear_low:
        ramp["name"] += ", low is clear"
        ramp["low_color"] = np.zeros(4)
    return ramp


@lru_cache
def _colours(name: str) -> NDArray[np.float64]:
    import matplotlib

    return np.array([matplotlib.colormaps[name](step) for step in np.linspace(0, 1, STEPS)], dtype=np.float64)


def spot_diameter_px(layout_yx: FloatArray, mpp: float | None, diameter_um: float | None) -> float:
    """Return the drawn diameter in level-0 pixels; half the pitch where nothing says how large a spot is.

    Parameters
    ----------
    layout_yx
        (n, 2) centres in level-0 pixels.
    mpp
        Micrometres per level-0 pixel, or None.
    diameter_um
        Diameter of the platform's spots, or None.
    """
    if mpp is not None and diameter_um is not None:
        return diameter_um / mpp
    if len(layout_yx) < 2:
        return 50.0
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(layout_yx).query(layout_yx, k=2)
    pitch = float(np.median(np.asarray(distances)[:, 1]))
    return pitch / 2 if pitch > 0 else 50.0
