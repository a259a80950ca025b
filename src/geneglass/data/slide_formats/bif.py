"""Ventana BIF whose tiles do not overlap: its pages are found by `tiff_vendors` and read by `tiled_tiff`."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, SlideFormat
from geneglass.data.tiled_tiff import open_vendor


def open_bif(path: Path) -> Slide:
    """Open a slide of this kind."""
    return open_vendor(path, "bif")


SLIDE_FORMATS.register("bif")(SlideFormat((".bif",), open_bif, tried_on_real_file=False))
