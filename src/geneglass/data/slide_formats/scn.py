"""Leica SCN: what it holds is found by `tiff_vendors`, its tiles are read by `tiled_tiff`."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, SlideFormat
from geneglass.data.tiled_tiff import open_vendor


def open_scn(path: Path) -> Slide:
    """Open a slide of this kind."""
    return open_vendor(path, "scn")


SLIDE_FORMATS.register("scn")(SlideFormat((".scn",), open_scn, tried_on_real_file=False))
