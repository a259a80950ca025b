"""One rule for each kind of pixel that a slide file may hold, so that all levels are 8-bit RGB.

- 8-bit RGB is taken as it is, grey is repeated three times (inverted first where white is zero).
- 16 bits become 8 by keeping the high byte: no stretching, so tiles and levels agree.
- A fourth channel that is alpha is laid over white; other extra channels are dropped.
- CMYK, palettes, 1-bit masks, floating point and separate fluorescence channels are refused.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import UInt8Array

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_APERIO_JPEG2000_YCBCR = 33003
_ASSOCIATED, _UNASSOCIATED = 1, 2


@dataclass(frozen=True)
class PixelRule:
    """How the decoded segments of one TIFF page become RGB."""

    white_is_zero: bool = False
    alpha: int = 0
    """0: none; 1: colours already multiplied with it; 2: not multiplied."""
    ycbcr: bool = False

    def to_rgb(self, pixels: NDArray[Any]) -> UInt8Array:
        """Return (h, w, samples) of 8 or 16 bits as (h, w, 3) uint8."""
        if pixels.dtype != np.uint8:
            pixels = (pixels >> 8).astype(np.uint8)
        if self.white_is_zero:
            pixels = 255 - pixels
        colours = pixels[..., :3] if pixels.shape[-1] >= 3 else np.repeat(pixels[..., :1], 3, axis=-1)
        if self.ycbcr:
            colours = _rgb_from_ycbcr(colours)
        n_colours = 3 if pixels.shape[-1] >= 3 else 1
        if self.alpha and pixels.shape[-1] > n_colours:
            colours = over_white(colours, pixels[..., n_colours], multiplied=self.alpha == _ASSOCIATED)
        return np.ascontiguousarray(colours)


def over_white(colours: UInt8Array, alpha: UInt8Array, *, multiplied: bool = False) -> UInt8Array:
    """Return (h, w, 3) colours laid over white by an (h, w) alpha of 0..255."""
    opacity = alpha[..., None].astype(np.uint16)
    light = colours.astype(np.uint16) * (255 if multiplied else opacity)
    result: UInt8Array = np.minimum((light + 255 * (255 - opacity) + 127) // 255, 255).astype(np.uint8)
    return result


def rule_of(page: Any) -> PixelRule | str:
    """Return the rule for a tifffile page, or in words why its pixels are no colour picture."""
    refusal = _refusal(page)
    if refusal:
        return refusal
    extra = page.extrasamples
    alpha = int(extra[0]) if extra and int(extra[0]) in (_ASSOCIATED, _UNASSOCIATED) else 0
    return PixelRule(
        white_is_zero=page.photometric == _WHITE_IS_ZERO,
        alpha=alpha,
        ycbcr=page.compression == _APERIO_JPEG2000_YCBCR,
    )


def _refusal(page: Any) -> str:
    photometric = int(page.photometric)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR):
        name = getattr(page.photometric, "name", photometric)
        return f"its colours are stored as {name}, not as RGB or grey"
    if page.dtype not in (np.uint8, np.uint16) or page.bitspersample not in (8, 16):
        return f"its pixels are {page.bitspersample}-bit {page.dtype}, not 8- or 16-bit unsigned"
    if photometric == _YCBCR and page.compression not in (6, 7, _APERIO_JPEG2000_YCBCR):
        return "its colours are stored as YCbCr without JPEG compression"
    if photometric in (_RGB, _YCBCR) and page.samplesperpixel < 3:
        return f"it claims to be RGB with {page.samplesperpixel} channels"
    return ""


def _rgb_from_ycbcr(pixels: UInt8Array) -> UInt8Array:
    from PIL import Image

    size = (pixels.shape[1], pixels.shape[0])
    return np.asarray(Image.frombytes("YCbCr", size, np.ascontiguousarray(pixels).tobytes()).convert("RGB"))
