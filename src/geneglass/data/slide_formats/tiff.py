"""Tiled TIFF slides: Aperio SVS, generic pyramids, OME-TIFF."""

from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, SlideFormat
from geneglass.data.tiled_tiff import TiledTiffSlide, is_tiff, reads_directly


def open_tiff(path: Path) -> Slide:
    """Open a tiled TIFF; one in strips, or large and without a pyramid, is left to the flat pictures."""
    if not is_tiff(path):
        raise NotThisFormatError(f"{path} is not a TIFF.")
    if not reads_directly(path):
        raise NotThisFormatError(f"{path} has no tiles or no coarser levels.")
    return TiledTiffSlide(path)


SLIDE_FORMATS.register("tiff")(SlideFormat((".svs", ".tif", ".tiff", ".btf", ".tf8"), open_tiff))
