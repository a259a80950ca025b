"""Flat pictures (JPEG, PNG, TIFF in strips or large and of one level): a pyramid is made once and cached.

The pyramid is lossless, so its pixels are the picture's own. The orientation tag of a camera is not
applied: spot files count pixels as they are stored. The density that a JPEG or PNG states is a screen's
or a printer's, so `mpp` is None; that of a TIFF is believed in the range of microscopes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.cache import cache_folder
from geneglass.data.content import file_digest
from geneglass.data.dark import dark_warnings
from geneglass.data.pixels import over_white
from geneglass.data.pyramid import RowBands, write_pyramid
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, SlideFormat
from geneglass.data.tiff_file import is_tiff
from geneglass.data.tiff_tags import orientation_warning
from geneglass.data.tiled_tiff import TiledTiffSlide, describe_as_tiff, reads_directly
from geneglass.data.types import Region, UInt8Array
from geneglass.errors import InputError

PYRAMID_VERSION = 2
"""Part of the cached file's name: raised when the same picture would give other pixels."""

MAX_PIXELS = 10**9
"""A JPEG or PNG is decoded in one piece, at 4 bytes a pixel; a larger one must come as a TIFF."""

_MAX_PIXELS_PER_BYTE = 10_000
"""A file that claims more than any compression can reach (1 bit a pixel, 1,032 to 1) is damaged."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH_AT = 24
"""Where a PNG states its bits per colour."""

_BAND_PX = 1024
_ORIENTATION = 274
_CONVERTED_BY_PILLOW = ("RGB", "L", "P", "1", "YCbCr", "CMYK")


def open_flat(path: Path) -> Slide:
    """Open a flat picture through its cached pyramid, which is made first where it is missing."""
    with path.open("rb") as file:
        head = file.read(_PNG_DEPTH_AT + 1)
    picture = _picture_class(head)
    if picture is None and (not is_tiff(path) or reads_directly(path)):
        raise NotThisFormatError(f"{path} is no flat picture.")
    pyramid = cache_folder("pyramids") / f"{file_digest(path)}-{PYRAMID_VERSION}.ome.tif"
    slide = _cached(pyramid, path)
    if slide is None:
        if picture is None:
            _write_from_tiff(path, pyramid)
        else:
            _write_from_picture(path, pyramid, picture)
        slide = TiledTiffSlide(pyramid, shown_as=path)
    if picture is None:
        describe_as_tiff(slide, path)
    else:
        slide.warnings = _picture_warnings(path, picture)
        deep = head.startswith(_PNG) and head[_PNG_DEPTH_AT:] == b"\x10"
        slide.warnings += dark_warnings(slide, 16 if deep else 8)
    return slide


def _picture_warnings(path: Path, picture: Any) -> tuple[str, ...]:
    with _clear_errors(path), picture(path) as image:
        warning = orientation_warning(int(image.getexif().get(_ORIENTATION, 1)))
    return (warning,) if warning else ()


def _cached(pyramid: Path, path: Path) -> TiledTiffSlide | None:
    """Return the slide over a pyramid made before; a damaged one counts as missing and is made again."""
    if not pyramid.exists():
        return None
    try:
        return TiledTiffSlide(pyramid, shown_as=path)
    except InputError:
        return None


def _picture_class(head: bytes) -> Any:
    """Return Pillow's class for a JPEG or PNG: opened by class, no picture is taken for a bomb by its size."""
    if head.startswith(b"\xff\xd8\xff"):
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile
    if head.startswith(_PNG):
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile
    return None


def _write_from_tiff(path: Path, pyramid: Path) -> None:
    source = TiledTiffSlide(path, strips=True)
    try:
        level = source.levels[0]
        rows = source.tile_yx[0] * max(1, 256 // source.tile_yx[0])
        tops = range(0, level.height_px, rows)
        bands = (source.read(Region(0, top, 0, min(rows, level.height_px - top), level.width_px)) for top in tops)
        write_pyramid(pyramid, RowBands(level.height_px, level.width_px, bands), source.mpp, compression="zstd")
    finally:
        source.close()


def _write_from_picture(path: Path, pyramid: Path, picture: Any) -> None:
    with _clear_errors(path):
        image = picture(path)
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise InputError(
                f"{path} has {image.width:,} x {image.height:,} px, more than the {MAX_PIXELS:,} that a JPEG or PNG "
                "may have here; convert it to a tiled pyramidal TIFF."
            )
        if image.width * image.height > _MAX_PIXELS_PER_BYTE * path.stat().st_size:
            raise InputError(
                f"{path} is damaged or cut short: it claims {image.width:,} x {image.height:,} px; copy it again."
            )
        if image.mode not in (*_CONVERTED_BY_PILLOW, "RGBA", "LA", "PA", "I;16"):
            raise InputError(f"{path} stores its colours as {image.mode}, which has no one look; save it as RGB.")
        with _clear_errors(path):
            image.load()
        write_pyramid(pyramid, RowBands(image.height, image.width, _bands(image)), None, compression="zstd")


def _bands(image: Any) -> Iterator[UInt8Array]:
    for top in range(0, image.height, _BAND_PX):
        yield _rgb(image.crop((0, top, image.width, min(top + _BAND_PX, image.height))))


def _rgb(band: Any) -> UInt8Array:
    if band.mode == "I;16":
        grey = (np.asarray(band) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=-1)
    if band.mode in ("RGBA", "LA", "PA") or "transparency" in band.info:
        pixels = np.asarray(band.convert("RGBA"))
        return over_white(pixels[..., :3], pixels[..., 3])
    return np.asarray(band.convert("RGB"))


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise InputError(f"{path} is damaged or cut short ({str(error)[:120]}); copy it again.") from error


SLIDE_FORMATS.register("flat")(SlideFormat((".jpg", ".jpeg", ".png", ".tif", ".tiff"), open_flat))
