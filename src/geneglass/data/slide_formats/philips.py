"""Philips TIFF: what it holds is found by `tiff_vendors`, its tiles are read by `tiled_tiff`."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, SlideFormat
from geneglass.data.tiled_tiff import open_vendor


def open_philips(path: Path) -> Slide:
    """Open a slide of this kind."""
    return open_vendor(path, "philips")


SLIDE_FORMATS.register("philips")(SlideFormat((".tiff",), open_philips, tried_on_real_file=False))
