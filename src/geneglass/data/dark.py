"""A deep picture whose values leave its highest bits unused looks black: said when it is opened."""

from geneglass.data.slide import Slide
from geneglass.data.types import Region
from geneglass.errors import InputError

_NEARLY_BLACK = 32
_SEEN_PX = 1024
"""Only the middle of the coarsest level is looked at: this many pixels each way."""


def dark_warnings(slide: Slide, bits: int) -> tuple[str, ...]:
    """Return the sentence about a picture of more than 8 bits that shows almost black, in a tuple, which is else empty.

    Parameters
    ----------
    slide
        What is shown: the highest 8 bits.
    bits
        Stored per colour.
    """
    if bits <= 8:
        return ()
    index = len(slide.levels) - 1
    level = slide.levels[index]
    height, width = min(level.height_px, _SEEN_PX), min(level.width_px, _SEEN_PX)
    try:
        seen = slide.read(Region(index, (level.height_px - height) // 2, (level.width_px - width) // 2, height, width))
    except InputError:
        return ()  # a damaged tile is told by who reads it: the rest can be shown
    brightest = int(seen.max())
    if brightest >= _NEARLY_BLACK:
        return ()
    sentence = (
        f"It looks almost black: of its {bits} bits per colour the highest 8 are shown, and the brightest pixel in its "
        f"middle has {brightest} of 255; export it with its values spread over all {bits} bits, or as 8-bit RGB."
    )
    return (sentence,)
