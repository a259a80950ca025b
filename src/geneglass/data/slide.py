"""A slide: a pyramid of RGB levels, read lazily. The checks stand here, the reading in the formats."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

import numpy as np

from geneglass.data.types import Level, Region, UInt8Array

PAD_VALUE = 255
"""Pixels beyond the slide's edge are white, as empty glass is."""


class Slide(ABC):
    """One opened slide. Formats implement `_read` and `close`; everything else is the same for all.

    Attributes
    ----------
    path
        The file the user named (not a cached pyramid of it).
    levels
        The pyramid, full resolution first.
    mpp
        Micrometres per level-0 pixel from the file's own tags, or None where they do not say.
    mpp_rivals
        Where those tags contradict each other: each size that may be meant, `mpp` first, and where it stands
        ("description"); else empty.
    format
        Name of the format that read it, empty where none did.
    warnings
        What a reader should know about the file, one sentence each ("The resolution tag means ...").
    """

    path: Path
    levels: tuple[Level, ...]
    mpp: float | None
    mpp_rivals: tuple[tuple[float, str], ...] = ()
    format: str = ""
    warnings: tuple[str, ...] = ()

    @abstractmethod
    def _read(self, region: Region) -> UInt8Array:
        """Return the pixels of a region that lies within its level."""

    @abstractmethod
    def content_hash(self) -> str:
        """Return a digest of what the slide shows, the key of everything cached about it."""

    @abstractmethod
    def close(self) -> None:
        """Release the file; a closed slide can not be read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def read(self, region: Region) -> UInt8Array:
        """Return a region as (height, width, 3) uint8; what lies beyond the slide is white.

        Raises
        ------
        ValueError
            When the level does not exist or the region is empty.
        """
        if not 0 <= region.level < len(self.levels):
            raise ValueError(f"level must be 0 to {len(self.levels) - 1}, got {region.level}")
        if region.height_px < 1 or region.width_px < 1:
            raise ValueError(f"a region needs at least 1 x 1 px, got {region.height_px} x {region.width_px}")
        level = self.levels[region.level]
        top, left = max(region.top_px, 0), max(region.left_px, 0)
        bottom = min(region.top_px + region.height_px, level.height_px)
        right = min(region.left_px + region.width_px, level.width_px)
        if (top, left) == (region.top_px, region.left_px) and (bottom - top, right - left) == (
            region.height_px,
            region.width_px,
        ):
            return self._read(region)
        out = np.full((region.height_px, region.width_px, 3), PAD_VALUE, dtype=np.uint8)
        if bottom > top and right > left:
            inner = Region(region.level, top, left, bottom - top, right - left)
            y, x = top - region.top_px, left - region.left_px
            out[y : y + inner.height_px, x : x + inner.width_px] = self._read(inner)
        return out

    def level_for(self, downsample: float) -> int:
        """Return the coarsest level that is still at least as fine as `downsample`."""
        fine_enough = [i for i, level in enumerate(self.levels) if level.downsample <= downsample * 1.001]
        return max(fine_enough, default=0)
