"""When a stated size of a pixel is believed, and when two of them contradict each other."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

MPP_RANGE = (0.05, 20.0)
"""A size outside this (um per pixel) is a screen's or a printer's, not a microscope's."""

MAX_DISAGREEMENT = 0.05
"""Two sources of the pixel size that differ by more can not both be right."""

_SQUARE_WITHIN = 0.02


@dataclass(frozen=True)
class StatedMpp:
    """What one place of a slide's file says of the pixel size.

    Attributes
    ----------
    by
        Where it stands, in words ("OME header").
    mpp
        Micrometres per level-0 pixel, or None where nothing is said or it is not believed.
    doubt
        The sentence that tells why it is not believed, or nothing.
    """

    by: str
    mpp: float | None
    doubt: str = ""


def believed_mpp(height_um: float, width_um: float, *, named: str = "Its scale") -> tuple[float | None, str]:
    """Return micrometres per pixel, and a warning where what is stated is not believed.

    Parameters
    ----------
    height_um, width_um
        What the file states of one pixel; nothing (None, "") is returned where one is not positive.
    named
        What states it, as the warning's subject.
    """
    if not all(math.isfinite(size) and size > 0 for size in (height_um, width_um)):
        return None, ""
    if abs(height_um - width_um) > _SQUARE_WITHIN * max(height_um, width_um):
        return None, f"Its pixels are {width_um:.4g} um wide and {height_um:.4g} um high; neither is believed."
    mpp = (height_um + width_um) / 2
    if MPP_RANGE[0] <= mpp <= MPP_RANGE[1]:
        return mpp, ""
    return None, f"{named} means {mpp:.4g} um per pixel, which no microscope slide has; it is ignored."


def stated_by(by: str, height_um: float | None, width_um: float | None) -> StatedMpp:
    """Return what one place states, checked as `believed_mpp` does; None where it does not say."""
    return StatedMpp(by, *believed_mpp(height_um or math.nan, width_um or math.nan, named=f"The {by}"))


def disagree(mpp: float, other_mpp: float) -> bool:
    """Return whether two pixel sizes can not both be right."""
    return abs(other_mpp / mpp - 1) > MAX_DISAGREEMENT


def chosen(stated: Iterable[StatedMpp]) -> tuple[float | None, tuple[tuple[float, str], ...], tuple[str, ...]]:
    """Return the first size that is believed, all that are where they contradict each other, and warnings.

    Doubts are told up to the size that is taken: an idle tag of a printer beside it troubles nobody.
    """
    stated = list(stated)
    believed = [(each.mpp, each.by) for each in stated if each.mpp is not None]
    first = next((index for index, each in enumerate(stated) if each.mpp is not None), len(stated))
    doubts = tuple(dict.fromkeys(each.doubt for each in stated[:first] if each.doubt))
    if not believed:
        return None, (), doubts
    contradict = any(disagree(believed[0][0], mpp) for mpp, _ in believed)
    return believed[0][0], tuple(believed) if contradict else (), doubts
