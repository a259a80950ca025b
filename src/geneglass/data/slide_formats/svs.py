"""Aperio SVS, JPEG and JPEG 2000: what it holds is found by `tiff_vendors`, its tiles are read by `tiled_tiff`."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, SlideFormat
from geneglass.data.tiled_tiff import open_vendor


def open_svs(path: Path) -> Slide:
    """Open a slide of this kind."""
    return open_vendor(path, "svs")


SLIDE_FORMATS.register("svs")(SlideFormat((".svs",), open_svs))
