"""Spots laid onto their slide, and how many of them lie beyond it."""

import numpy as np
from numpy.typing import NDArray

from geneglass.data.cohort import SectionSource
from geneglass.data.orientation import UNTURNED, oriented
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray

MAX_OUTSIDE = 0.05
"""A larger share of spots beyond the slide's edge means another slide, or another scale."""


def laid(source: SectionSource, slide: Slide | None, spots: Spots, scale: float) -> FloatArray:
    """Return (n, 2) centres in level-0 pixels of the slide: scaled first, then turned with it."""
    centres_yx = np.asarray(spots.table.obsm["spatial"], dtype=np.float64)[:, 1::-1] * scale
    if slide is not None:
        size = slide.levels[0]
        way = source.orientation or UNTURNED
        centres_yx = oriented(centres_yx, way, height_px=size.height_px, width_px=size.width_px)
    return centres_yx.astype(np.float32)


def too_many_outside(slide: Slide, centres_yx: FloatArray) -> bool:
    """Return whether more spots lie beyond the slide than can be borne."""
    return bool(_beyond(slide, centres_yx).mean() > MAX_OUTSIDE)


def outside_sentences(source: SectionSource, slide: Slide, centres_yx: FloatArray, scale: float) -> tuple[str, ...]:
    """Return a sentence on the spots beyond the slide, with what to do where they are too many; none for none."""
    outside, total = int(_beyond(slide, centres_yx).sum()), len(centres_yx)
    if not outside:
        return ()
    if not too_many_outside(slide, centres_yx):
        return (f"{outside} of {total} spots lie outside {slide.path.name}.",)
    level = slide.levels[0]
    furthest_y, furthest_x = centres_yx.max(axis=0)
    return (
        f"Section {source.name}: {outside} of {total} spots lie outside {slide.path.name} "
        f"({level.width_px} x {level.height_px} px; spots reach x {furthest_x:.0f}, y {furthest_y:.0f}); "
        f"give the slide of these spots, or its `scale` (now {scale:g}).",
    )


def _beyond(slide: Slide, centres_yx: FloatArray) -> NDArray[np.bool_]:
    level = slide.levels[0]
    y, x = centres_yx.T
    return np.asarray((y < 0) | (x < 0) | (y >= level.height_px) | (x >= level.width_px))
