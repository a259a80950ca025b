"""What else only OpenSlide reads: Zeiss CZI, Sakura SVSLIDE, and Ventana BIF and Trestle with overlapping tiles."""

from pathlib import Path

from geneglass.data.openslide_slide import OpenSlideSlide, library
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, SlideFormat
from geneglass.errors import InputError

_SUFFIXES = (".czi", ".svslide")
_KINDS = {"zeiss": "Zeiss CZI", "sakura": "Sakura SVSLIDE", "ventana": "Ventana BIF", "trestle": "Trestle"}


def open_other(path: Path) -> Slide:
    """Open a slide of a vendor whose files no other format here reads."""
    kind = _KINDS["zeiss" if path.suffix.lower() == ".czi" else "sakura"]
    try:
        openslide = library(path, kind)
    except InputError:
        if path.suffix.lower() in _SUFFIXES:
            raise
        raise NotThisFormatError(f"{path} can not be tried without OpenSlide.") from None
    vendor = openslide.OpenSlide.detect_format(path)
    if vendor not in _KINDS:
        raise NotThisFormatError(f"{path} is of no vendor that is left to OpenSlide.")
    return OpenSlideSlide(path, path, [path], _KINDS[vendor])


SLIDE_FORMATS.register("openslide")(SlideFormat(_SUFFIXES, open_other, tried_on_real_file=False))
