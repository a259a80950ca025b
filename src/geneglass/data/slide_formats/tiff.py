"""Tiled TIFFs of no scanner's own kind: generic pyramids, OME-TIFF, BigTIFF."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, SlideFormat
from geneglass.data.tiled_tiff import open_vendor


def open_tiff(path: Path) -> Slide:
    """Open a tiled TIFF; one in strips, or large and without a pyramid, is left to the flat pictures."""
    return open_vendor(path, "tiff")


SLIDE_FORMATS.register("tiff")(SlideFormat((".tif", ".tiff", ".btf", ".tf8"), open_tiff))
