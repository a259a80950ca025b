"""The pixels of a slide, as a test wants them."""

from geneglass.data.slide import Slide
from geneglass.data.types import Region, UInt8Array


def whole(slide: Slide, level: int = 0) -> UInt8Array:
    """Return the (h, w, 3) pixels of a whole level."""
    size = slide.levels[level]
    return slide.read(Region(level, 0, 0, size.height_px, size.width_px))
