"""A slide read through OpenSlide, for the formats that tifffile can not read; needs the extra `openslide`.

Associated pictures (label, macro, thumbnail) are never asked for.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.folder_content import folder_digest
from geneglass.data.pixels import over_white
from geneglass.data.slide_formats import OnlyThisFormatError
from geneglass.data.stated_mpp import believed_mpp
from geneglass.data.tiff_pages import downsample_of
from geneglass.data.tiled_slide import TiledSlide
from geneglass.data.types import Level, UInt8Array
from geneglass.errors import InputError

_TILE_PX = 512
_OWN_CACHE_BYTES = 16 * 2**20
"""OpenSlide's own cache only bridges neighbouring tiles: decoded tiles are kept in ours."""

_MAX_SIDE_PX = 2**24


class OpenSlideSlide(TiledSlide):
    """A slide that OpenSlide opens; safe to read from several threads, as its one handle is.

    Parameters
    ----------
    path
        What the user named: a file, or a folder of DICOM files.
    file
        What OpenSlide is given.
    parts
        All files that the slide consists of.
    kind
        What it is called in an error ("DICOM").

    Raises
    ------
    InputError
        When OpenSlide is not installed or can not open the file.
    """

    def __init__(self, path: Path, file: Path, parts: Sequence[Path], kind: str) -> None:
        self.path = path
        self._parts = tuple(parts)
        self._digest: str | None = None
        self._handle = opened(path, file, kind)
        super().__init__(self._handle.close)
        try:
            self._describe()
            last = self.levels[0]
            height, width = self.tiles_yx[0]
            # A copy that was cut short lacks its end.
            self._decode(0, (last.height_px - 1) // height, (last.width_px - 1) // width)
            self._decode(len(self.levels) - 1, 0, 0)
        except BaseException:
            self.close()
            raise

    def _describe(self) -> None:
        sizes = [(height, width) for width, height in self._handle.level_dimensions]
        if not sizes or not all(0 < side < _MAX_SIDE_PX for size in sizes for side in size):
            raise InputError(f"{self.path} states a size of {sizes[:1]} px, which no slide has; copy it again.")
        self._downsamples = tuple(self._handle.level_downsamples)
        self.levels = tuple(Level(*size, downsample=downsample_of(sizes[0], size)) for size in sizes)
        stated = dict(self._handle.properties)
        edges = [
            [_whole(stated, f"openslide.level[{i}].tile-{side}") for side in ("height", "width")]
            for i in range(len(sizes))
        ]
        self.tiles_yx = tuple((_tile(height), _tile(width)) for height, width in edges)
        mpp_y, mpp_x = (_number(stated, f"openslide.mpp-{axis}") for axis in "yx")
        self.mpp, doubt = believed_mpp(mpp_y, mpp_x)
        self.warnings = (doubt,) if doubt else ()
        self._name = stated.get("openslide.quickhash-1") or self.path.name

    def content_hash(self) -> str:
        """Return a digest of all the slide's files, and of which slide among them it is."""
        if self._digest is None:
            folder = self._parts[0].parent
            files = folder_digest(folder, (part.relative_to(folder).as_posix() for part in self._parts))
            self._digest = hashlib.blake2b(f"{self._name}\0{files}".encode(), digest_size=16).hexdigest()
        return self._digest

    def _decode(self, level: int, row: int, column: int) -> UInt8Array:
        size, (height, width) = self.levels[level], self.tiles_yx[level]
        top, left = row * height, column * width
        shape = (min(height, size.height_px - top), min(width, size.width_px - left))
        corner_xy = tuple(round(place * self._downsamples[level]) for place in (left, top))
        try:
            pixels = np.asarray(self._handle.read_region(corner_xy, level, shape[::-1]))
        except Exception as error:
            if self._closed:
                raise ValueError(f"{self.path} is closed and cannot be read") from error
            raise damaged(self.path, error) from error
        return over_white(pixels[..., :3], pixels[..., 3])


def opened(path: Path, file: Path, kind: str) -> Any:
    """Return an OpenSlide handle of a file; `InputError` names `path`."""
    openslide = library(path, kind)
    try:
        handle = openslide.OpenSlide(file)
        handle.set_cache(openslide.OpenSlideCache(_OWN_CACHE_BYTES))
    except openslide.OpenSlideUnsupportedFormatError as error:
        raise OnlyThisFormatError(
            f"{path} is a {kind} file but no slide that OpenSlide can read; export it as a tiled TIFF."
        ) from error
    except Exception as error:
        raise damaged(path, error) from error
    return handle


def library(path: Path, kind: str) -> Any:
    """Return the module `openslide`, or tell what to install to read this file."""
    try:
        import openslide
    except (ImportError, OSError) as error:  # OSError: the package without OpenSlide's library
        raise OnlyThisFormatError(
            f"{path} is a {kind} slide, which is read through OpenSlide; install it with: pip install "
            '"geneglass[openslide]".'
        ) from error
    return openslide


def damaged(path: Path, error: Exception) -> InputError:
    """Return the error for a slide that OpenSlide fails on."""
    text = str(error).strip().splitlines()
    cause = text[0][:200] if text else type(error).__name__
    return OnlyThisFormatError(f"{path} is damaged or cut short ({cause}); copy it again, with all its files.")


def _tile(native_px: int) -> int:
    return native_px * max(1, round(_TILE_PX / native_px)) if 1 <= native_px <= 2 * _TILE_PX else _TILE_PX


def _whole(stated: dict[str, str], name: str) -> int:
    text = stated.get(name, "")
    return int(text) if text.isdigit() else 0


def _number(stated: dict[str, str], name: str) -> float:
    try:
        return float(stated.get(name, "nan"))
    except ValueError:
        return float("nan")
