"""Which images of a TIFF are the slide: found by size and pyramid, never a label, macro picture or thumbnail."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from geneglass.data.slide_choice import rivals_warning as rivals_told
from geneglass.data.slide_choice import role_of, weight
from geneglass.data.tiff_file import UnfitTiffError

_ROLES_OF_A_LINE = ("label", "macro", "thumbnail", "overview", "probability")
"""What the beginning of a line can say; other words begin lines of facts ("Barcode = 12")."""

_MACRO = 9
"""The "new subfile type" by which Aperio and others mark a macro picture."""


@dataclass(frozen=True)
class Stack:
    """One image of a file: its name, if it has one, and its pages, finest first."""

    name: str
    pages: tuple[Any, ...]

    @property
    def role(self) -> str:
        """What else than the slide it is ("label", "macro", "thumbnail" ...), or nothing."""
        return role_of(self.name) or page_role(self.pages[0])

    @property
    def weight(self) -> int:
        """How likely it is the slide (see `slide_choice.weight`)."""
        return weight(_size_yx(self.pages[0]), n_levels=len(self.pages))


@dataclass(frozen=True)
class TiffContents:
    """What a TIFF holds.

    Attributes
    ----------
    levels
        tifffile pages of the slide, finest first.
    downsamples
        Per level, level-0 pixels per pixel.
    mpp
        Micrometres per pixel of the finest level, or None.
    warnings
        What a reader should know, one sentence each.
    associated
        The other pictures (label, macro ...), by name.
    mpp_rivals
        As `Slide.mpp_rivals`.
    """

    levels: tuple[Any, ...]
    downsamples: tuple[float, ...]
    mpp: float | None
    warnings: tuple[str, ...] = ()
    associated: dict[str, Any] = field(default_factory=dict)
    mpp_rivals: tuple[tuple[float, str], ...] = ()


def page_role(page: Any) -> str:
    """Return what a page's description or type says it is, where that is not the slide."""
    description = page.description or ""
    lines = [] if description.lstrip().startswith("<") else description.splitlines()
    return next(filter(None, map(_role_of_line, lines)), "") or ("macro" if page.subfiletype == _MACRO else "")


def _role_of_line(line: str) -> str:
    """Return what a line of a description says: it is a name alone, or begins with the word."""
    first = line.split(maxsplit=1)[0] if line.strip() else ""
    role = role_of(first)
    begins = role in _ROLES_OF_A_LINE and first.lower().startswith(role)
    return role if begins or re.fullmatch(r"\w+", line.strip()) else ""


def area(page: Any) -> int:
    """Return the number of pixels of a page."""
    return math.prod(_size_yx(page))


def slide_stack(stacks: Iterable[Stack], *, merge: bool) -> tuple[Any, ...]:
    """Return the pages of the slide's pyramid, finest first.

    Parameters
    ----------
    stacks
        The images of the file.
    merge
        Also take pages of the other images that are the slide made smaller by a whole number.

    Raises
    ------
    UnfitTiffError
        When there is nothing but labels, macro pictures and thumbnails.
    """
    stacks = list(stacks)
    plain = [stack for stack in stacks if not stack.role]
    if not plain:
        names = ", ".join(dict.fromkeys(stack.role for stack in stacks)) or "none"
        raise UnfitTiffError(f"it holds no picture of the tissue (its pictures: {names})")
    tiled = [stack for stack in plain if stack.pages[0].is_tiled] or plain
    pyramids = [Stack(stack.name, _shrinking(_merged(stack, tiled) if merge else stack.pages)) for stack in tiled]
    return max(pyramids, key=lambda stack: stack.weight).pages


def other_pictures(stacks: Iterable[Stack], levels: Sequence[Any]) -> dict[str, Any]:
    """Return the finest page of every image that is not the slide, by what it is; twins are numbered."""
    offsets = {page.offset for page in levels}
    found: dict[str, Any] = {}
    for stack in stacks:
        if stack.pages[0].offset in offsets:
            continue
        name = base = stack.role or stack.name.strip().lower() or "picture"
        number = 1
        while name in found:
            number += 1
            name = f"{base} {number}"
        found[name] = stack.pages[0]
    return found


def rivals_warning(stacks: Iterable[Stack], levels: Sequence[Any]) -> str:
    """Return the sentence about other pictures that may be tissue too, or nothing where there are none."""
    offsets = {page.offset for page in levels}
    others = (stack.pages[0] for stack in stacks if not stack.role and stack.pages[0].offset not in offsets)
    return rivals_told(_size_yx(levels[0]), (_size_yx(page) for page in others if page.is_tiled))


def downsample_of(base_yx: tuple[int, int], level_yx: tuple[int, int]) -> float:
    """Return how much coarser a level is: a whole number where rounding explains the sizes."""
    ratio = (base_yx[0] / level_yx[0] + base_yx[1] / level_yx[1]) / 2
    whole = max(round(ratio), 1)
    explained = all(abs(base / whole - level) < 1 for base, level in zip(base_yx, level_yx, strict=True))
    return float(whole) if explained else ratio


def downsamples_of(pages: Sequence[Any]) -> tuple[float, ...]:
    """Return how much coarser each page is than the first."""
    sizes = [_size_yx(page) for page in pages]
    return tuple(downsample_of(sizes[0], size) for size in sizes)


def _size_yx(page: Any) -> tuple[int, int]:
    return int(page.imagelength), int(page.imagewidth)


def _merged(base: Stack, stacks: list[Stack]) -> list[Any]:
    others = (page for stack in stacks if stack is not base for page in stack.pages)
    return [*base.pages, *(page for page in others if downsamples_of([base.pages[0], page])[1].is_integer())]


def _shrinking(pages: Sequence[Any]) -> tuple[Any, ...]:
    base = pages[0]
    kept = [base]
    for page in sorted(pages, key=area, reverse=True):
        finer = kept[-1]
        smaller = page.imagewidth < finer.imagewidth and page.imagelength < finer.imagelength
        if smaller and _same_picture(base, page):
            kept.append(page)
    return tuple(kept)


def _same_picture(base: Any, page: Any) -> bool:
    if not page.imagewidth or not page.imagelength:
        return False
    expected = base.imagelength / (base.imagewidth / page.imagewidth)
    # One pixel of rounding in the width moves the expected height by up to base height / base width.
    tolerance = 1 + max(1.0, base.imagelength / base.imagewidth) + 0.005 * expected
    same_kind = page.samplesperpixel == base.samplesperpixel and page.dtype == base.dtype
    return bool(same_kind and abs(page.imagelength - expected) <= tolerance)
