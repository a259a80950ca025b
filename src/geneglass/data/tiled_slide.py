"""A slide whose levels are grids of tiles: each is decoded once, by several threads, and kept in the shared cache."""

import itertools
import weakref
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from geneglass.data.slide import Slide
from geneglass.data.threads import worker_count
from geneglass.data.tile_cache import SLIDE_NUMBERS, TILES
from geneglass.data.types import Region, UInt8Array

_PARALLEL_FROM_PX = 2**20
"""A smaller region is read by the thread that asks: patches and chunks come from several threads already."""


@cache
def _decoders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(worker_count(), thread_name_prefix="geneglass-tiles")


class TiledSlide(Slide):
    """Formats implement `_decode` and `content_hash`, and set `path`, `levels`, `mpp` and the attributes below.

    Attributes
    ----------
    tiles_yx
        Height and width of a tile of each level, in its pixels; tiles at the far edges may be smaller.
    """

    tiles_yx: tuple[tuple[int, int], ...]

    def __init__(self, release: Callable[[], object]) -> None:
        """Prepare the slide; `release` closes the file, at `close` or when the slide is forgotten."""
        self._number = next(SLIDE_NUMBERS)
        self._closed = False
        self._finalizer = weakref.finalize(self, _release, release, self._number)

    @property
    def tile_yx(self) -> tuple[int, int]:
        """Height and width of a tile of the finest level."""
        return self.tiles_yx[0]

    @abstractmethod
    def _decode(self, level: int, row: int, column: int) -> UInt8Array:
        """Return one tile, cropped to its level."""

    def close(self) -> None:
        """Release the file and the slide's decoded tiles."""
        self._closed = True
        self._finalizer()

    def _read(self, region: Region) -> UInt8Array:
        if self._closed:
            raise ValueError(f"{self.path} is closed and cannot be read")
        height, width = self.tiles_yx[region.level]
        rows = range(region.top_px // height, (region.top_px + region.height_px - 1) // height + 1)
        columns = range(region.left_px // width, (region.left_px + region.width_px - 1) // width + 1)
        out = np.empty((region.height_px, region.width_px, 3), dtype=np.uint8)
        places = itertools.product(rows, columns)
        if region.height_px * region.width_px < _PARALLEL_FROM_PX:
            for place in places:
                self._paste(out, region, place)
        else:
            list(_decoders().map(lambda place: self._paste(out, region, place), places))
        return out

    def _paste(self, out: UInt8Array, region: Region, place: tuple[int, int]) -> None:
        key = (self._number, region.level, *place)
        tile = TILES.get(key, lambda: self._decode(region.level, *place))
        height, width = self.tiles_yx[region.level]
        y, x = place[0] * height - region.top_px, place[1] * width - region.left_px
        part = tile[max(-y, 0) : region.height_px - y, max(-x, 0) : region.width_px - x]
        y, x = max(y, 0), max(x, 0)
        out[y : y + part.shape[0], x : x + part.shape[1]] = part


def _release(release: Callable[[], object], number: int) -> None:
    release()
    TILES.forget(number)
