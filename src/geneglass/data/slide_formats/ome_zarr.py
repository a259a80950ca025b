"""OME-Zarr (NGFF 0.1 to 0.5, zarr 2 and 3), a folder or one ZIP file; also a picture in a SpatialData store."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.cached_pyramid import with_pyramid
from geneglass.data.dark import dark_warnings
from geneglass.data.pixels import eight_bits, over_white
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, SlideFormat
from geneglass.data.tiff_pages import downsample_of
from geneglass.data.tiled_slide import TiledSlide
from geneglass.data.types import Level, UInt8Array
from geneglass.data.zarr_files import DamagedStoreError, ZarrFiles, ZarrFolder, ZarrZip
from geneglass.data.zarr_image import ZarrImage, find_image, is_image_store
from geneglass.errors import InputError


class OmeZarrSlide(TiledSlide):
    """The largest colour picture of an OME-Zarr; safe to read from several threads.

    Raises
    ------
    InputError
        When it is damaged or holds no colour picture.
    """

    def __init__(self, path: Path, files: ZarrFiles) -> None:
        super().__init__(files.close)
        self.path = path
        self._files = files
        self._digest: str | None = None
        try:
            self._image = _found(path, files)
        except BaseException:
            self.close()
            raise
        image = self._image
        sizes = [image.size_yx(i) for i in range(len(image.levels))]
        self.levels = tuple(Level(*size, downsample=downsample_of(sizes[0], size)) for size in sizes)
        y, x = image.axes.index("y"), image.axes.index("x")
        self.tiles_yx = tuple((level.chunk_shape[y], level.chunk_shape[x]) for level in image.levels)
        self.mpp = image.mpp
        self.warnings = image.warnings + self._missing()
        self._read_first_tile()
        self.warnings += dark_warnings(self, 8 * image.levels[0].dtype.itemsize)

    def _read_first_tile(self) -> None:
        try:
            self._decode(len(self.levels) - 1, 0, 0)
        except BaseException:
            self.close()
            raise

    def _missing(self) -> tuple[str, ...]:
        """Count the chunks of the finest level: what is not there is shown as the fill value, as zarr has it."""
        finest = self._image.levels[0]
        marks = (".z", "zarr.json")
        there = sum(not key.rpartition("/")[2].startswith(marks) for key in self._files.keys(finest.key))
        missing = finest.n_files - there
        if not there:
            self.close()
            raise InputError(f"{self.path} is damaged or cut short: its finest level holds no pixels; copy it again.")
        if missing <= 0:
            return ()
        return (
            f"{missing:,} of the {finest.n_files:,} chunks of its finest level are not in the store and shown as "
            f"{finest.fill_value:g}, as if they were left out on purpose.",
        )

    def content_hash(self) -> str:
        """Return a digest of the files of the slide's levels."""
        if self._digest is None:
            self._digest = self._files.digest([level.key for level in self._image.levels])
        return self._digest

    def _decode(self, level: int, row: int, column: int) -> UInt8Array:
        image, array = self._image, self._image.levels[level]
        axes = image.axes
        height, width = self.tiles_yx[level]
        size = self.levels[level]
        shape = (min(height, size.height_px - row * height), min(width, size.width_px - column * width))
        pixels = np.empty((*shape, image.samples), dtype=array.dtype)
        deep = array.chunk_shape[axes.index("c")] if "c" in axes else 1
        for first in range(0, image.samples, deep):
            place = {"y": row, "x": column, "c": first // deep}
            chunk = self._chunk(level, tuple(place.get(axis, 0) for axis in axes))
            part = _yxc(chunk, axes)[: shape[0], : shape[1], : image.samples - first]
            pixels[..., first : first + deep] = part
        return _rgb(pixels)

    def _chunk(self, level: int, place: tuple[int, ...]) -> Any:
        array = self._image.levels[level]
        try:
            return array.chunk(place)
        except InputError:
            raise
        except Exception as error:
            if self._closed:
                raise ValueError(f"{self.path} is closed and cannot be read") from error
            raise InputError(
                f"{self.path} is damaged: chunk {'.'.join(map(str, place))} of its array {array.key} cannot be decoded "
                f"({_first_line(error)}); copy it again or export it anew."
            ) from error


def _rgb(pixels: Any) -> UInt8Array:
    levels = eight_bits(pixels, 8 * pixels.dtype.itemsize)
    if levels.shape[-1] == 4:
        return over_white(levels[..., :3], levels[..., 3])
    return levels if levels.shape[-1] == 3 else np.repeat(levels, 3, axis=-1)


def _yxc(chunk: Any, axes: str) -> Any:
    kept = "".join(axis for axis in axes if axis in "yxc")
    flat = chunk[tuple(slice(None) if axis in "yxc" else 0 for axis in axes)]
    if "c" not in kept:
        flat, kept = flat[..., None], kept + "c"
    return flat.transpose([kept.index(axis) for axis in "yxc"])


def _found(path: Path, files: ZarrFiles) -> ZarrImage:
    try:
        return find_image(files)
    except (DamagedStoreError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged or cut short: {_first_line(error)}; copy it again.") from error
    except ValueError as error:
        raise InputError(
            f"{path} cannot be opened as a slide: {_first_line(error)}; export it as an 8-bit RGB OME-Zarr or TIFF."
        ) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def _is_ome_zarr(path: Path) -> bool:
    try:
        return path.is_dir() and is_image_store(ZarrFolder(path))
    except (ValueError, OSError):
        # A folder that calls itself so and is damaged is told by `open_ome_zarr`.
        return path.name.lower().endswith(".zarr")


def open_ome_zarr(path: Path) -> Slide:
    """Open an OME-Zarr: a folder, or a ZIP file of one."""
    if path.is_dir():
        return with_pyramid(OmeZarrSlide(path, ZarrFolder(path)))
    with path.open("rb") as file:
        if file.read(4) != b"PK\3\4":
            raise NotThisFormatError(f"{path} is no ZIP file.")
    try:
        files = ZarrZip(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{path} is damaged or cut short: its ZIP directory cannot be read ({_first_line(error)}); copy it again."
        ) from error
    return with_pyramid(OmeZarrSlide(path, files))


SLIDE_FORMATS.register("ome-zarr")(
    SlideFormat((".ome.zarr.zip", ".zarr.zip", ".ozx"), open_ome_zarr, is_folder=_is_ome_zarr, tried_on_real_file=False)
)
