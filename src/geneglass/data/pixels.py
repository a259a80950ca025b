"""One rule for each kind of pixel that a picture may hold, so that all levels are 8-bit RGB.

- 8-bit RGB is taken as it is, grey is repeated three times (inverted first where white is zero).
- Of more than 8 bits the highest 8 are kept: no stretching, so tiles and levels agree. Fewer than 8 bits
  are spread evenly over 0 to 255: of one bit, 0 is black and 1 is white.
- A palette's index becomes its colour, of which the high byte is kept.
- CMYK becomes (255 - C)(255 - K) / 255 and so on, without a colour profile.
- YCbCr becomes RGB as in JPEG files (ITU-R BT.601, full range).
- A channel that is alpha is laid over white; other extra channels are dropped.
- CIELab, floating point, 32 bits and separate fluorescence channels are refused.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import UInt8Array

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_ASSOCIATED, _UNASSOCIATED = 1, 2
_N_COLOURS = {_RGB: 3, _CMYK: 4, _YCBCR: 3}
_DECODED_TO_RGB = (6, 7, 33003, 33004, 33005, 34712, 50001)
"""JPEG, JPEG 2000 and WebP: their decoders give RGB for YCbCr."""


@dataclass(frozen=True, eq=False)
class PixelRule:
    """How the decoded segments of one TIFF page become RGB."""

    photometric: int = _RGB
    bits: int = 8
    alpha: int = 0
    """0: none; 1: colours already multiplied with it; 2: not multiplied."""
    palette: UInt8Array | None = None
    """(n, 3) colours of the indices."""

    def to_rgb(self, pixels: NDArray[Any]) -> UInt8Array:
        """Return (h, w, samples) as stored as (h, w, 3) uint8."""
        if self.palette is not None:
            colours: UInt8Array = self.palette[np.minimum(pixels[..., 0], len(self.palette) - 1)]
            return colours
        pixels = eight_bits(pixels, self.bits)
        n_colours = _N_COLOURS.get(self.photometric, 1)
        colours = _rgb(pixels[..., :n_colours], self.photometric)
        if self.alpha and pixels.shape[-1] > n_colours:
            colours = over_white(colours, pixels[..., n_colours], multiplied=self.alpha == _ASSOCIATED)
        return np.ascontiguousarray(colours)


def rule_of(page: Any) -> PixelRule | str:
    """Return the rule for a tifffile page, or in words why its pixels are no colour picture."""
    refusal = _refusal(page)
    if refusal:
        return refusal
    photometric = int(page.photometric)
    if photometric == _YCBCR and page.compression in _DECODED_TO_RGB:
        photometric = _RGB
    extra = page.extrasamples
    alpha = int(extra[0]) if extra and int(extra[0]) in (_ASSOCIATED, _UNASSOCIATED) else 0
    palette = _palette(page.colormap) if photometric == _PALETTE else None
    return PixelRule(photometric, int(page.bitspersample), alpha, palette)


def eight_bits(pixels: NDArray[Any], bits: int) -> UInt8Array:
    """Return unsigned numbers of `bits` bits (or booleans) as 8 bits each."""
    if bits > 8:
        pixels = pixels >> (bits - 8)
    elif bits < 8:
        pixels = pixels.astype(np.uint16) * 255 // (2**bits - 1)
    return pixels.astype(np.uint8, copy=False)


def over_white(colours: UInt8Array, alpha: UInt8Array, *, multiplied: bool = False) -> UInt8Array:
    """Return (h, w, 3) colours laid over white by an (h, w) alpha of 0..255."""
    opacity = alpha[..., None].astype(np.uint16)
    light = colours.astype(np.uint16) * (255 if multiplied else opacity)
    result: UInt8Array = np.minimum((light + 255 * (255 - opacity) + 127) // 255, 255).astype(np.uint8)
    return result


def rgb_from_ycbcr(pixels: UInt8Array) -> UInt8Array:
    """Return (h, w, 3) YCbCr, full range, as RGB."""
    from PIL import Image

    size = (pixels.shape[1], pixels.shape[0])
    return np.asarray(Image.frombytes("YCbCr", size, np.ascontiguousarray(pixels).tobytes()).convert("RGB"))


def _rgb(colours: UInt8Array, photometric: int) -> UInt8Array:
    if photometric == _RGB:
        return colours
    if photometric == _YCBCR:
        return rgb_from_ycbcr(colours)
    if photometric == _CMYK:
        light = 255 - colours.astype(np.uint16)
        light = (light[..., :3] * light[..., 3:] + 127) // 255
        return light.astype(np.uint8)
    return np.repeat(255 - colours if photometric == _WHITE_IS_ZERO else colours, 3, axis=-1)


def _palette(colormap: NDArray[np.uint16]) -> UInt8Array:
    # Some writers store 8-bit colours where 16-bit ones belong.
    high = colormap if colormap.max(initial=0) < 256 else colormap >> 8
    return np.ascontiguousarray(high.T.astype(np.uint8))


def _refusal(page: Any) -> str:
    photometric = int(page.photometric)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR):
        name = getattr(page.photometric, "name", photometric)
        return f"its colours are stored as {name}, not as RGB, CMYK, a palette or grey"
    unsigned = page.dtype is not None and page.dtype.kind in "bu"
    if not unsigned or not isinstance(page.bitspersample, int) or not 1 <= page.bitspersample <= 16:
        return f"its pixels are {page.bitspersample}-bit {page.dtype}, not unsigned of at most 16 bits"
    if photometric == _PALETTE and page.colormap is None:
        return "it has no colour map for its palette"
    if photometric == _CMYK and int(page.tags.valueof(332, 1)) != 1:
        return "its inks are not cyan, magenta, yellow and black"
    return _channels_refusal(page, photometric)


def _channels_refusal(page: Any, photometric: int) -> str:
    samples, needed = int(page.samplesperpixel), _N_COLOURS.get(photometric, 1)
    if samples < needed:
        return f"it claims to be {getattr(page.photometric, 'name', photometric)} with {samples} channels"
    n_extra = len(page.extrasamples or ())
    if needed == 1 and (samples > 2 or samples - n_extra > 1):
        return f"it holds {samples} separate channels, as fluorescence does, and no colours"
    return ""
