"""A slide's levels as dask arrays whose chunks decode when they are looked at."""

from typing import Any

import dask.array as da
import numpy as np

from geneglass.data.slide import Slide
from geneglass.data.types import Region, UInt8Array

CHUNK_PX = 512
"""About the edge of a chunk: few enough pixels to appear quickly, enough to keep dask's overhead small."""


class _LevelArray:
    """What dask needs of an array: shape, dtype and slicing."""

    def __init__(self, slide: Slide, level: int) -> None:
        size = slide.levels[level]
        self.slide = slide
        self.level = level
        self.shape = (size.height_px, size.width_px, 3)
        self.dtype = np.dtype(np.uint8)
        self.ndim = 3

    def __getitem__(self, key: tuple[slice, slice, slice]) -> UInt8Array:
        (top, bottom, _), (left, right, _), _ = (
            part.indices(length) for part, length in zip(key, self.shape, strict=True)
        )
        return self.slide.read(Region(self.level, top, left, bottom - top, right - left))[..., key[2]]


def lazy_levels(slide: Slide) -> list[Any]:
    """Return one (height, width, 3) uint8 dask array per level, finest first.

    A chunk is a whole number of tiles. The arrays can be read as long as the slide is open.
    """
    tile_yx = getattr(slide, "tile_yx", (CHUNK_PX, CHUNK_PX))
    chunk_yx = tuple(edge * max(1, round(CHUNK_PX / edge)) for edge in tile_yx)
    return [
        da.from_array(
            _LevelArray(slide, level),
            chunks=(*chunk_yx, 3),
            name=f"slide-{slide.content_hash()}-{level}",
            asarray=False,
            fancy=False,
            meta=np.empty((0, 0, 0), dtype=np.uint8),
        )
        for level in range(len(slide.levels))
    ]
