"""Which of several pictures is the slide: told by their names, then by size and pyramid, whatever holds them."""

import math
import re
from collections.abc import Iterable
from itertools import pairwise

_PYRAMID_WEIGHT = 16
"""A picture with coarser levels is taken for the slide unless another has more than this many times its area."""

_ROLES = r"label|macro|thumbnail|thumb|overview|preview|barcode|map|probability|cytassist"
_WORD = re.compile(rf"(?:slide|scan|glass|image)?({_ROLES})s?(image|img|picture|photo|view)?")
_PICTURE = re.compile(r"(image|img|picture|photo)s?")
_OF_TISSUE = re.compile(r"free|dissect.*")
"""What follows in "label-free" and "macro-dissected"."""

_CASE_CHANGES = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def role_of(name: str) -> str:
    """Return what a name says the picture is ("label", "macro" ...), where that is not the slide; else nothing.

    One whole word must say it: words end at a change to upper case, and at all that is no letter. It may be in
    the plural, and grown together with "slide" or "image" ("macroimage"); "labelled", "macrophages" and
    "macro-dissected" say nothing. CytAssist, the instrument, names data sets too: its picture is
    "cytassist_image" or ends with "cytassist".
    """
    words = re.findall(r"[^\W\d_]+", _CASE_CHANGES.sub(" ", name.replace("CytAssist", "Cytassist")).lower())
    for word, following in pairwise([*words, ""]):
        fits = _WORD.fullmatch(word)
        if fits is None or _OF_TISSUE.fullmatch(following):
            continue
        role, grown = fits.groups()
        if role != "cytassist" or grown or not following or _PICTURE.fullmatch(following):
            return str(role)
    return ""


def named_otherwise(names: Iterable[str], where: str) -> tuple[str, ...]:
    """Return the sentence about pictures that are left out by their names, or nothing where there are none.

    Parameters
    ----------
    names
        Of all pictures.
    where
        The file that holds them, for the sentence.
    """
    others = [name for name in names if role_of(name)]
    if not others:
        return ()
    if len(others) == 1:
        return (f"Of {where} 1 picture is not shown, being no slide by its name: {others[0]}.",)
    return (f"Of {where} {len(others)} pictures are not shown, being no slide by their names: {', '.join(others)}.",)


def weight(size_yx: tuple[int, int], *, n_levels: int) -> int:
    """Return how likely a picture is the slide: its area, more where it has coarser levels."""
    return math.prod(size_yx) * (_PYRAMID_WEIGHT if n_levels > 1 else 1)


def rivals_warning(chosen_yx: tuple[int, int], others_yx: Iterable[tuple[int, int]]) -> str:
    """Return the sentence about other pictures that may be tissue too, or nothing where there are none.

    Parameters
    ----------
    chosen_yx
        Height and width in pixels of the picture that is shown.
    others_yx
        Those of the others that may be tissue.
    """
    n_rivals = sum(math.prod(size) * _PYRAMID_WEIGHT > math.prod(chosen_yx) for size in others_yx)
    height, width = chosen_yx
    return f"It holds {n_rivals + 1} scanned pictures; that of {width:,} x {height:,} px is shown." if n_rivals else ""
