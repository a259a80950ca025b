"""One level of a tiled TIFF: where its tiles lie in the file, and their pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.pixels import PixelRule, rule_of
from geneglass.data.tiff_decode import Decoder, decoder_of
from geneglass.data.tiff_file import UnfitTiffError
from geneglass.data.types import UInt8Array

EMPTY = 255
"""A tile that the file leaves out is white."""


ReadBytes = Callable[[int, int], bytes]
"""(offset, count) -> bytes of the slide's file."""


@dataclass(frozen=True, eq=False)
class TiffLevel:
    """What reading one page needs; a strip is a tile as wide as the page."""

    height_px: int
    width_px: int
    tile_yx: tuple[int, int]
    n_across: int
    n_down: int
    planes: int
    """1, or the number of channels where each is stored apart."""
    offsets: NDArray[np.int64]
    byte_counts: NDArray[np.int64]
    decode: Decoder
    rule: PixelRule

    @classmethod
    def of(cls, page: Any) -> "TiffLevel":
        """Return the layout of a tifffile page.

        Raises
        ------
        UnfitTiffError
            When its pixels are no colour picture or are stored in a way that is not read here.
        """
        rule = rule_of(page)
        if isinstance(rule, str):
            raise UnfitTiffError(rule)
        height, width = int(page.imagelength), int(page.imagewidth)
        if min(height, width) < 1:
            raise ValueError(f"a picture of {width} x {height} px")
        tile_yx = (int(page.tilelength), int(page.tilewidth))
        if not page.is_tiled:
            tile_yx = (min(int(page.rowsperstrip), height), width)
        return cls(
            height_px=height,
            width_px=width,
            tile_yx=tile_yx,
            decode=decoder_of(page, tile_yx),
            n_across=-(-width // tile_yx[1]),
            n_down=-(-height // tile_yx[0]),
            planes=int(page.samplesperpixel) if page.planarconfig == 2 else 1,
            offsets=np.asarray(page.dataoffsets, dtype=np.int64),
            byte_counts=np.asarray(page.databytecounts, dtype=np.int64),
            rule=rule,
        )

    def end(self, file_size: int) -> int:
        """Return where the last tile ends in the file; beyond its size where the list of tiles is not complete."""
        expected = self.n_across * self.n_down * self.planes
        complete = len(self.offsets) == len(self.byte_counts) >= expected
        if not complete or (self.offsets < 0).any() or (self.byte_counts < 0).any():
            return file_size + 1
        return int((self.offsets + self.byte_counts).max(initial=0))

    def tile(self, row: int, column: int, read: ReadBytes) -> UInt8Array:
        """Return the pixels of one tile, (h, w, 3), without what lies beyond the level's edge."""
        height = min(self.tile_yx[0], self.height_px - row * self.tile_yx[0])
        width = min(self.tile_yx[1], self.width_px - column * self.tile_yx[1])
        planes = []
        for plane in range(self.planes):
            index = (plane * self.n_down + row) * self.n_across + column
            offset, count = int(self.offsets[index]), int(self.byte_counts[index])
            if not offset or not count:
                return np.full((height, width, 3), EMPTY, dtype=np.uint8)
            segment = self.decode(read(offset, count), index)
            if segment.shape[0] < height or segment.shape[1] < width:
                raise ValueError(f"it has {segment.shape[1]} x {segment.shape[0]} px, not {width} x {height}")
            planes.append(segment[:height, :width])
        return self.rule.to_rgb(np.concatenate(planes, axis=-1) if len(planes) > 1 else planes[0])
