"""A slide over a tiled TIFF: tiles are decoded directly, once, by several threads."""

import itertools
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from geneglass.data.content import file_digest
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import NotThisFormatError
from geneglass.data.threads import worker_count
from geneglass.data.tiff_file import UnfitTiffError, clear_errors, first_line, is_tiff, opened
from geneglass.data.tiff_level import TiffLevel
from geneglass.data.tiff_pages import TiffContents
from geneglass.data.tiff_tags import orientation_warning
from geneglass.data.tiff_vendors import contents_of, vendor_of
from geneglass.data.tile_cache import SLIDE_NUMBERS, TILES
from geneglass.data.types import Level, Region, UInt8Array
from geneglass.errors import InputError

MAX_SINGLE_LEVEL_PX = 8192
"""A slide of one level whose longer edge is beyond this gets a pyramid: no overview could be shown."""

MAX_ASSOCIATED_PX = 50_000_000
"""A label or macro picture is far smaller."""

_PARALLEL_FROM_PX = 2**20
"""A smaller region is read by the thread that asks: patches and chunks come from several threads already."""


@cache
def _decoders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(worker_count(), thread_name_prefix="geneglass-tiles")


class TiledTiffSlide(Slide):
    """A tiled pyramidal TIFF; safe to read from several threads.

    Attributes
    ----------
    associated_names
        The other pictures of the file ("label", "macro", "thumbnail"): a label often shows a patient's name.
        None of them is read unless `read_associated` is asked for it by name.

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

    associated_names: tuple[str, ...]

    def __init__(self, path: Path, *, shown_as: Path | None = None, strips: bool = False) -> None:
        self.path = shown_as or path
        self._file_path = path
        self._number = next(SLIDE_NUMBERS)
        self._digest: str | None = None
        with clear_errors(self.path), opened(path) as tif:
            contents = contents_of(tif)
            if not (contents.levels[0].is_tiled or strips):
                raise UnfitTiffError("it is stored in strips, not in tiles")
            self._tiffs = [TiffLevel.of(page) for page in contents.levels]
            self.mpp, self.warnings = contents.mpp, _warnings(contents)
            self.associated_names = tuple(contents.associated)
        self.levels = tuple(
            Level(tiff.height_px, tiff.width_px, downsample)
            for tiff, downsample in zip(self._tiffs, contents.downsamples, strict=True)
        )
        self.tile_yx = self._tiffs[0].tile_yx
        self._file = _Bytes(path)
        weakref.finalize(self, _release, self._file, self._number)
        try:
            for tiff in self._tiffs:
                _check_complete(self.path, tiff, self._file.size)
            self._tile(0, 0, 0)
        except BaseException:
            self.close()
            raise

    def content_hash(self) -> str:
        """Return a digest of the user's file (see `content.file_digest`)."""
        if self._digest is None:
            self._digest = file_digest(self.path)
        return self._digest

    def read_associated(self, name: str) -> UInt8Array:
        """Return another picture of the file, (height, width, 3); it may show who the patient is.

        Raises
        ------
        InputError
            When there is none of this name, or it is damaged.
        """
        with clear_errors(self.path), opened(self._file_path) as tif:
            page = contents_of(tif).associated.get(name)
            if page is None:
                names = ", ".join(self.associated_names) or "none"
                raise InputError(f"{self.path} has no picture {name!r}; it has: {names}.")
            if int(page.imagelength) * int(page.imagewidth) > MAX_ASSOCIATED_PX:
                raise InputError(f"{self.path} states a {name} picture of more than {MAX_ASSOCIATED_PX:,} px.")
            tiff = TiffLevel.of(page)
            _check_complete(self.path, tiff, self._file.size)
            rows = [
                np.concatenate([tiff.tile(row, column, self._file.read) for column in range(tiff.n_across)], axis=1)
                for row in range(tiff.n_down)
            ]
        return np.concatenate(rows)

    def close(self) -> None:
        """Release the file and the slide's decoded tiles."""
        _release(self._file, self._number)

    def _read(self, region: Region) -> UInt8Array:
        height, width = self._tiffs[region.level].tile_yx
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
        tile = self._tile(region.level, *place)
        height, width = self._tiffs[region.level].tile_yx
        y, x = place[0] * height - region.top_px, place[1] * width - region.left_px
        part = tile[max(-y, 0) : region.height_px - y, max(-x, 0) : region.width_px - x]
        y, x = max(y, 0), max(x, 0)
        out[y : y + part.shape[0], x : x + part.shape[1]] = part

    def _tile(self, level: int, row: int, column: int) -> UInt8Array:
        return TILES.get((self._number, level, row, column), lambda: self._decode(level, row, column))

    def _decode(self, level: int, row: int, column: int) -> UInt8Array:
        if self._file.closed:
            raise ValueError(f"{self.path} is closed and cannot be read")
        try:
            return self._tiffs[level].tile(row, column, self._file.read)
        except Exception as error:
            index = row * self._tiffs[level].n_across + column
            raise InputError(
                f"{self.path} is damaged: its tile number {index} cannot be decoded ({first_line(error)}); "
                "copy the file again or export it anew."
            ) from error


class _Bytes:
    """A file from which several threads read at once."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        self.size = os.fstat(self._file.fileno()).st_size

    @property
    def closed(self) -> bool:
        return self._file.closed

    def read(self, offset: int, count: int) -> bytes:
        # Without the lock a file closed meanwhile could have given its number to another.
        with self._lock:
            self._file.seek(offset)
            return self._file.read(count)

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _release(file: _Bytes, number: int) -> None:
    file.close()
    TILES.forget(number)


def _check_complete(path: Path, tiff: TiffLevel, size: int) -> None:
    end = tiff.end(size)
    if end > size:
        raise InputError(f"{path} is cut short: its tiles reach to byte {end:,} but it has {size:,}; copy it again.")


def _warnings(contents: TiffContents) -> tuple[str, ...]:
    turned = orientation_warning(int(contents.levels[0].tags.valueof(274, 1)))
    return (*contents.warnings, turned) if turned else contents.warnings


def open_vendor(path: Path, vendor: str) -> Slide:
    """Open a TIFF of one kind (see `tiff_vendors`); one that is not tiled is left to the flat pictures.

    Raises
    ------
    NotThisFormatError
        When it is of another kind, or has no tiles, or no coarser levels where it is large.
    InputError
        When it is damaged or can not be read as a slide.
    """
    if not is_tiff(path):
        raise NotThisFormatError(f"{path} is not a TIFF.")
    with clear_errors(path), opened(path) as tif:
        if vendor_of(tif) != vendor:
            raise NotThisFormatError(f"{path} is another kind of TIFF.")
        if not _is_ready(contents_of(tif)):
            raise NotThisFormatError(f"{path} has no tiles or no coarser levels.")
    return TiledTiffSlide(path)


def reads_directly(path: Path) -> bool:
    """Return whether a TIFF can be looked at as it is: in tiles, and with coarser levels where it is large."""
    with clear_errors(path), opened(path) as tif:
        return _is_ready(contents_of(tif))


def tiff_warnings(path: Path) -> tuple[str, ...]:
    """Return what a reader should know about a TIFF, one sentence each."""
    with clear_errors(path), opened(path) as tif:
        return _warnings(contents_of(tif))


def _is_ready(contents: TiffContents) -> bool:
    base: Any = contents.levels[0]
    small = max(base.imagelength, base.imagewidth) <= MAX_SINGLE_LEVEL_PX
    return bool(base.is_tiled and (small or len(contents.levels) > 1))
