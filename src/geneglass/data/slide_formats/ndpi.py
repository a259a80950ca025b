"""Hamamatsu NDPI: what it holds is found by `tiff_vendors`, its tiles are read by `tiled_tiff`."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, SlideFormat
from geneglass.data.tiled_tiff import open_vendor


def open_ndpi(path: Path) -> Slide:
    """Open a slide of this kind."""
    return open_vendor(path, "ndpi")


SLIDE_FORMATS.register("ndpi")(SlideFormat((".ndpi",), open_ndpi, tried_on_real_file=False))
