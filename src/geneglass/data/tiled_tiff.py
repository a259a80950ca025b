"""A slide over a tiled TIFF: tiles are decoded directly, once, by several threads."""

import os
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np

from geneglass.data.content import file_digest
from geneglass.data.dark import dark_warnings
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import NotThisFormatError
from geneglass.data.tiff_file import UnfitTiffError, clear_errors, first_line, is_tiff, opened
from geneglass.data.tiff_level import TiffLevel
from geneglass.data.tiff_pages import TiffContents
from geneglass.data.tiff_tags import orientation_warning
from geneglass.data.tiff_vendors import contents_of, vendor_of
from geneglass.data.tiled_slide import TiledSlide
from geneglass.data.types import Level, Region, UInt8Array
from geneglass.errors import InputError

MAX_SINGLE_LEVEL_PX = 8192
"""A slide of one level whose longer edge is beyond this gets a pyramid: no overview could be shown."""

MAX_ASSOCIATED_PX = 50_000_000
"""A label or macro picture is far smaller."""


class TiledTiffSlide(TiledSlide):
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
        self._digest: str | None = None
        with clear_errors(self.path), opened(path) as tif:
            contents = contents_of(tif)
            if not (contents.levels[0].is_tiled or strips):
                raise UnfitTiffError("it is stored in strips, not in tiles")
            self._tiffs = [TiffLevel.of(page) for page in contents.levels]
            _describe(self, contents)
            self.associated_names = tuple(contents.associated)
        self.levels = tuple(
            Level(tiff.height_px, tiff.width_px, downsample)
            for tiff, downsample in zip(self._tiffs, contents.downsamples, strict=True)
        )
        self.tiles_yx = tuple(tiff.tile_yx for tiff in self._tiffs)
        self._file = _Bytes(path)
        super().__init__(self._file.close)
        try:
            for tiff in self._tiffs:
                _check_complete(self.path, tiff, self._file.size)
            self.read(Region(0, 0, 0, 1, 1))
            self.warnings += dark_warnings(self, self._tiffs[0].rule.bits)
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

    def _decode(self, level: int, row: int, column: int) -> UInt8Array:
        try:
            return self._tiffs[level].tile(row, column, self._file.read)
        except Exception as error:
            if self._closed:
                raise ValueError(f"{self.path} is closed and cannot be read") from error
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

    def read(self, offset: int, count: int) -> bytes:
        # Without the lock a file closed meanwhile could have given its number to another.
        with self._lock:
            self._file.seek(offset)
            return self._file.read(count)

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _check_complete(path: Path, tiff: TiffLevel, size: int) -> None:
    end = tiff.end(size)
    if end > size:
        raise InputError(f"{path} is cut short: its tiles reach to byte {end:,} but it has {size:,}; copy it again.")


def _describe(slide: Slide, contents: TiffContents) -> None:
    turned = orientation_warning(int(contents.levels[0].tags.valueof(274, 1)))
    slide.warnings = (*contents.warnings, turned) if turned else contents.warnings
    slide.mpp, slide.mpp_rivals = contents.mpp, contents.mpp_rivals


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


def describe_as_tiff(slide: Slide, path: Path) -> None:
    """Give the slide over a cached pyramid the pixel size and the warnings of the TIFF that it was made of."""
    with clear_errors(path), opened(path) as tif:
        contents = contents_of(tif)
        _describe(slide, contents)
        slide.warnings += dark_warnings(slide, int(contents.levels[0].bitspersample))


def _is_ready(contents: TiffContents) -> bool:
    base: Any = contents.levels[0]
    small = max(base.imagelength, base.imagewidth) <= MAX_SINGLE_LEVEL_PX
    return bool(base.is_tiled and (small or len(contents.levels) > 1))
