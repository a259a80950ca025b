"""A slide over a tiled TIFF: tiles are decoded directly, once, by several threads."""

import itertools
import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.content import file_digest
from geneglass.data.pixels import PixelRule, rule_of
from geneglass.data.slide import Slide
from geneglass.data.threads import worker_count
from geneglass.data.tiff_tags import downsample_of, slide_pages, tiff_mpp
from geneglass.data.tile_cache import SLIDE_NUMBERS, TILES
from geneglass.data.types import Level, Region, UInt8Array
from geneglass.errors import InputError

MAX_SINGLE_LEVEL_PX = 8192
"""A slide of one level whose longer edge is beyond this gets a pyramid: no overview could be shown."""

_PARALLEL_FROM_TILES = 4


@cache
def _decoders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(worker_count(), thread_name_prefix="geneglass-tiles")


@dataclass(frozen=True)
class _TiledLevel:
    """What reading one level needs; a strip is a tile as wide as the level."""

    decode: Callable[..., Any]
    offsets: NDArray[np.int64]
    byte_counts: NDArray[np.int64]
    dtype: Any
    samples: int
    rule: PixelRule
    tile_yx: tuple[int, int]
    n_across: int
    n_down: int
    planes: int
    tables: dict[str, bytes]

    @classmethod
    def of(cls, page: Any, rule: PixelRule) -> "_TiledLevel":
        """Return the layout of a tifffile page."""
        height, width = int(page.imagelength), int(page.imagewidth)
        tile_yx = (int(page.tilelength), int(page.tilewidth))
        if not page.is_tiled:
            tile_yx = (min(int(page.rowsperstrip), height), width)
        separate = page.planarconfig == 2
        tables = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
        return cls(
            decode=page.decode,
            offsets=np.asarray(page.dataoffsets, dtype=np.int64),
            byte_counts=np.asarray(page.databytecounts, dtype=np.int64),
            dtype=page.dtype,
            samples=1 if separate else int(page.samplesperpixel),
            rule=rule,
            tile_yx=tile_yx,
            n_across=-(-width // tile_yx[1]),
            n_down=-(-height // tile_yx[0]),
            planes=int(page.samplesperpixel) if separate else 1,
            tables={name: table for name, table in tables.items() if table is not None},
        )


class TiledTiffSlide(Slide):
    """A tiled pyramidal TIFF; safe to read from several threads.

    Parameters
    ----------
    path
        The TIFF.
    shown_as
        The file the user named, where `path` is a cached pyramid of it.
    strips
        Also open a TIFF that is stored in strips: slow to read in pieces, meant for making a pyramid of it.

    Raises
    ------
    InputError
        When the file is damaged or holds no colour picture.
    """

    def __init__(self, path: Path, *, shown_as: Path | None = None, strips: bool = False) -> None:
        self.path = shown_as or path
        self._file_path = path
        self._number = next(SLIDE_NUMBERS)
        self._lock = threading.Lock()
        self._digest: str | None = None
        with _clear_errors(self.path), _opened(path) as tif:
            pages = slide_pages(tif)
            if not (pages[0].is_tiled or strips):
                raise InputError("it is stored in strips, not in tiles")
            self._layouts = [_layout(page) for page in pages]
            self.mpp, _ = tiff_mpp(tif, pages[0])
            self.warnings = _warnings(tif, pages[0])
        base = (int(pages[0].imagelength), int(pages[0].imagewidth))
        sizes = [(int(page.imagelength), int(page.imagewidth)) for page in pages]
        self.levels = tuple(Level(*size, downsample=downsample_of(base, size)) for size in sizes)
        self.tile_yx = self._layouts[0].tile_yx
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, _release, self._file, self._number)
        try:
            self._check_complete()
            self._tile(0, 0, 0)
        except BaseException:
            self.close()
            raise

    def _check_complete(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        for layout in self._layouts:
            expected = layout.n_across * layout.n_down * layout.planes
            complete = len(layout.offsets) == len(layout.byte_counts) >= expected
            end = int((layout.offsets + layout.byte_counts).max(initial=0)) if complete else size + 1
            if end > size:
                raise InputError(
                    f"{self.path} is cut short: its tiles reach to byte {end:,} but it has {size:,}; copy it again."
                )

    def content_hash(self) -> str:
        """Return a digest of the user's file (see `content.file_digest`)."""
        if self._digest is None:
            self._digest = file_digest(self.path)
        return self._digest

    def close(self) -> None:
        """Release the file and the slide's decoded tiles."""
        with self._lock:
            _release(self._file, self._number)

    def _read(self, region: Region) -> UInt8Array:
        height, width = self._layouts[region.level].tile_yx
        rows = range(region.top_px // height, (region.top_px + region.height_px - 1) // height + 1)
        columns = range(region.left_px // width, (region.left_px + region.width_px - 1) // width + 1)
        out = np.empty((region.height_px, region.width_px, 3), dtype=np.uint8)
        places = list(itertools.product(rows, columns))
        if len(places) < _PARALLEL_FROM_TILES:
            for place in places:
                self._paste(out, region, place)
        else:
            list(_decoders().map(lambda place: self._paste(out, region, place), places))
        return out

    def _paste(self, out: UInt8Array, region: Region, place: tuple[int, int]) -> None:
        tile = self._tile(region.level, *place)
        layout = self._layouts[region.level]
        y, x = place[0] * layout.tile_yx[0] - region.top_px, place[1] * layout.tile_yx[1] - region.left_px
        part = tile[max(-y, 0) : region.height_px - y, max(-x, 0) : region.width_px - x]
        y, x = max(y, 0), max(x, 0)
        out[y : y + part.shape[0], x : x + part.shape[1]] = part

    def _tile(self, level: int, row: int, column: int) -> UInt8Array:
        return TILES.get((self._number, level, row, column), lambda: self._decode(level, row, column))

    def _decode(self, level: int, row: int, column: int) -> UInt8Array:
        layout = self._layouts[level]
        size = self.levels[level]
        shape = (
            min(layout.tile_yx[0], size.height_px - row * layout.tile_yx[0]),
            min(layout.tile_yx[1], size.width_px - column * layout.tile_yx[1]),
        )
        index = row * layout.n_across + column
        planes = [
            self._segment(layout, index + plane * layout.n_across * layout.n_down, shape)
            for plane in range(layout.planes)
        ]
        pixels = np.concatenate(planes, axis=-1) if len(planes) > 1 else planes[0]
        return layout.rule.to_rgb(pixels)

    def _segment(self, layout: _TiledLevel, index: int, shape: tuple[int, int]) -> Any:
        """Return one decoded segment, (h, w, samples); one that the file leaves out is white."""
        offset, count = int(layout.offsets[index]), int(layout.byte_counts[index])
        if not count or not offset:
            empty = 0 if layout.rule.white_is_zero else np.iinfo(layout.dtype).max
            return np.full((*shape, layout.samples), empty, dtype=layout.dtype)
        with self._lock:
            if self._file.closed:
                raise ValueError(f"{self.path} is closed and cannot be read")
            self._file.seek(offset)
            data = self._file.read(count)
        try:
            segment = layout.decode(data, index, **layout.tables)[0]
        except Exception as error:
            raise InputError(
                f"{self.path} is damaged: its tile number {index} cannot be decoded ({_first_line(error)}); "
                "copy the file again or export it anew."
            ) from error
        return segment[0, : shape[0], : shape[1]]


def _release(file: IO[bytes], number: int) -> None:
    file.close()
    TILES.forget(number)


def _layout(page: Any) -> _TiledLevel:
    rule = rule_of(page)
    if isinstance(rule, str):
        raise InputError(rule)
    return _TiledLevel.of(page, rule)


def is_tiff(path: Path) -> bool:
    """Return whether the file begins as a TIFF or BigTIFF does."""
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def reads_directly(path: Path) -> bool:
    """Return whether a TIFF can be looked at as it is: in tiles, and with coarser levels where it is large."""
    with _clear_errors(path), _opened(path) as tif:
        pages = slide_pages(tif)
        small = max(pages[0].imagelength, pages[0].imagewidth) <= MAX_SINGLE_LEVEL_PX
        return bool(pages[0].is_tiled and (small or len(pages) > 1))


def tiff_warnings(path: Path) -> tuple[str, ...]:
    """Return what a reader should know about a TIFF, one sentence each."""
    with _clear_errors(path), _opened(path) as tif:
        return _warnings(tif, slide_pages(tif)[0])


def orientation_warning(orientation: int) -> str:
    """Return the sentence about a picture that asks to be turned, or nothing where it does not."""
    if orientation == 1:
        return ""
    return f"The orientation tag ({orientation}) is not applied: positions count pixels as they are stored."


def _warnings(tif: Any, page: Any) -> tuple[str, ...]:
    texts = (tiff_mpp(tif, page)[1], orientation_warning(int(page.tags.valueof(274, 1))))
    return tuple(text for text in texts if text)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import tifffile

    # tifffile logs what it also raises or what is harmless; the user gets one sentence from us.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(path) as tif:
        yield tif


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn whatever reading a TIFF's structure raises into one sentence."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path} cannot be opened as a slide: {error}; export it as an 8-bit RGB TIFF.") from error
    except Exception as error:
        raise InputError(
            f"{path} is damaged or cut short: its TIFF structure cannot be read ({_first_line(error)}); copy it again."
        ) from error


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:120] if text else type(error).__name__
