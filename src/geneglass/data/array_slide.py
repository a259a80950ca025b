"""A slide over a picture that lies in memory, such as one embedded in a spot table."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.array_pixels import rgb_from_array
from geneglass.data.pyramid import halve, level_shapes
from geneglass.data.slide import Slide
from geneglass.data.types import Level, Region, UInt8Array

_BAND_PX = 1024


class ArraySlide(Slide):
    """A picture in memory with a pyramid of it; safe to read from several threads.

    Parameters
    ----------
    pixels
        (height, width) or (height, width, channels) of any type that `rgb_from_array` takes; an RGB uint8
        picture is used as it is, not copied, and must not be written to afterwards.
    path
        The file it came from.
    name
        What the picture is called there ("hires").
    mpp
        Micrometres per pixel, where known.

    Raises
    ------
    InputError
        When the array is no picture.
    """

    def __init__(self, pixels: NDArray[Any], path: Path, *, name: str = "", mpp: float | None = None) -> None:
        self.path = path
        self.mpp = mpp
        finest = rgb_from_array(pixels, f"The picture {name!r} in {path}" if name else f"The picture in {path}")
        shapes = level_shapes(*finest.shape[:2])
        self.levels = tuple(Level(*shape, downsample=float(2**i)) for i, shape in enumerate(shapes))
        self._pictures: tuple[UInt8Array, ...] = (finest,)
        for _ in shapes[1:]:
            self._pictures += (_halved(self._pictures[-1]),)
        self._digest: str | None = None

    def _read(self, region: Region) -> UInt8Array:
        pictures = self._pictures
        if not pictures:
            raise ValueError(f"the picture of {self.path} is closed and cannot be read")
        bottom, right = region.top_px + region.height_px, region.left_px + region.width_px
        return pictures[region.level][region.top_px : bottom, region.left_px : right].copy()

    def content_hash(self) -> str:
        """Return a digest of the pixels: the same picture in another file has the same."""
        if self._digest is None:
            if not self._pictures:
                raise ValueError(f"the picture of {self.path} is closed and cannot be read")
            digest = hashlib.blake2b(str(self._pictures[0].shape).encode(), digest_size=16)
            digest.update(self._pictures[0].data)
            self._digest = digest.hexdigest()
        return self._digest

    def close(self) -> None:
        """Release the pixels."""
        self._pictures = ()


def _halved(picture: UInt8Array) -> UInt8Array:
    height = max(picture.shape[0] // 2 * 2, 1)
    tops = range(0, height, _BAND_PX)
    return np.concatenate([halve(picture[top : min(top + _BAND_PX, height)]) for top in tops])
