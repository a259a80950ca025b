"""One rule for each kind of picture that lies in memory as an array, so that all end as 8-bit RGB.

- Grey is repeated three times; a second channel of grey or a fourth of RGB is alpha, laid over white.
- Floating point of 0 to 1 is multiplied by 255 and rounded; of 0 to 255 it is rounded.
- Whole numbers up to 255 are taken as they are, in whatever type; up to 65,535 the high byte is kept.
- Booleans are black and white. Anything else (negative, not finite, other channels) is refused.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.pixels import over_white
from geneglass.data.types import UInt8Array
from geneglass.errors import InputError

_ROUNDING = 1e-3
"""How far resampling may have carried a value of 0 to 1 beyond its range."""


def rgb_from_array(pixels: NDArray[Any], name: str) -> UInt8Array:
    """Return a picture as (height, width, 3) uint8 RGB.

    Parameters
    ----------
    pixels
        (height, width) or (height, width, channels): grey, grey and alpha, RGB or RGBA.
    name
        What the picture is called in an error ("the hires picture of a.h5ad").

    Raises
    ------
    InputError
        When it is empty, has other channels, or its values are no colours.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.shape[-1] not in (1, 2, 3, 4):
        shape = " x ".join(map(str, pixels.shape)) or "a single number"
        raise InputError(
            f"{name} has the shape {shape}, which is no picture; it must be (height, width) grey or "
            "(height, width, 3 or 4) RGB."
        )
    if 0 in pixels.shape:
        raise InputError(f"{name} is empty ({pixels.shape[0]} x {pixels.shape[1]} px); give the slide itself.")
    levels = _eight_bit(pixels, name)
    n_colours = 1 if levels.shape[-1] < 3 else 3
    colours = levels[..., :n_colours]
    if n_colours == 1:
        colours = np.repeat(colours, 3, axis=-1)
    if levels.shape[-1] > n_colours:
        colours = over_white(colours, levels[..., n_colours])
    return np.ascontiguousarray(colours)


def _eight_bit(pixels: NDArray[Any], name: str) -> UInt8Array:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "buif":
        raise InputError(f"{name} holds values of the type {pixels.dtype}, which are no colours; save it as 8-bit RGB.")
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    low, high = float(pixels.min()), float(pixels.max())
    if pixels.dtype.kind == "f":
        return _from_float(pixels, low, high, name)
    if low < 0 or high > 65_535:
        raise _no_colours(low, high, "0 to 255 or 0 to 65,535", name)
    result: UInt8Array = (pixels if high <= 255 else pixels >> 8).astype(np.uint8)
    return result


def _from_float(pixels: NDArray[Any], low: float, high: float, name: str) -> UInt8Array:
    if not (low >= -_ROUNDING and high <= 255 + _ROUNDING):  # also where a value is NaN
        raise _no_colours(low, high, "0 to 1 or 0 to 255", name)
    result = np.empty(pixels.shape, dtype=np.uint8)
    factor = 255.0 if high <= 1 + _ROUNDING else 1.0
    for rows, out in zip(pixels, result, strict=True):  # by rows: a whole picture in float64 is 8 times its size
        out[:] = (rows * factor).clip(0, 255).round()
    return result


def _no_colours(low: float, high: float, allowed: str, name: str) -> InputError:
    return InputError(
        f"{name} holds values from {low:.6g} to {high:.6g}, which are no colours; they must be {allowed}: "
        "save it as 8-bit RGB."
    )
