"""Opening a TIFF with tifffile, and one sentence for whatever is wrong with it."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geneglass.errors import InputError

_MAX_PLANES = 100_000
_OME_SIZE = re.compile(r'\bSize([ZCT])="(\d+)"')


class UnfitTiffError(Exception):
    """A TIFF that can be read but is no slide here; the text is a clause, such as "it holds no colour picture".

    Parameters
    ----------
    clause
        What is the matter.
    advice
        What to do about it.
    """

    def __init__(self, clause: str, advice: str = "export it as an 8-bit RGB TIFF") -> None:
        super().__init__(clause)
        self.advice = advice


def is_tiff(path: Path) -> bool:
    """Return whether the file begins as a TIFF or BigTIFF does."""
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a TIFF as a tifffile `TiffFile`; Hamamatsu's own layout is known by its tags, not by the file's name."""
    # tifffile logs what it also raises or what is harmless; the user gets one sentence from us.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with _tiff_file(path) as tif:
        _check_planes(tif)
        yield tif


def _tiff_file(path: Path) -> Any:
    import tifffile

    cause: Exception | None = None
    for ndpi in (True, False) if path.suffix.lower() == ".ndpi" else (False, True):
        tif = None
        try:
            tif = tifffile.TiffFile(path, is_ndpi=ndpi)
            if bool(tif.pages.first.is_ndpi) == ndpi:
                return tif
        except Exception as error:  # noqa: BLE001
            cause = cause or error
        if tif is not None:
            tif.close()
    if cause is not None:
        raise cause
    return tifffile.TiffFile(path, is_ndpi=False)


def _check_planes(tif: Any) -> None:
    """Refuse an OME header that claims more planes than any slide has: tifffile makes a list of them."""
    if not tif.is_ome:
        return
    for pixels in (tif.ome_metadata or "").split("<Pixels")[1:]:
        planes = 1
        for _, size in _OME_SIZE.findall(pixels.split(">", 1)[0]):
            planes *= int(size)
        if planes > _MAX_PLANES:
            raise UnfitTiffError(f"its OME header claims {planes:,} planes")


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn whatever reading a TIFF's structure raises into one sentence."""
    try:
        yield
    except InputError:
        raise
    except UnfitTiffError as error:
        raise InputError(f"{path} cannot be opened as a slide: {error}; {error.advice}.") from error
    except Exception as error:
        raise InputError(
            f"{path} is damaged or cut short: its TIFF structure cannot be read ({first_line(error)}); copy it again."
        ) from error


def first_line(error: Exception) -> str:
    """Return the beginning of what an error says, in one line."""
    text = str(error).strip().splitlines()
    return text[0][:120] if text else type(error).__name__
