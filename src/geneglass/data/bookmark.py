"""Places on a slide that a reader wants to find again, with a note each, kept in a small JSON file per slide."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError


@dataclass(frozen=True)
class Bookmark:
    """A view of a slide.

    Attributes
    ----------
    centre_yx_px
        What lies in the middle, in level-0 pixels from the corner of the slide, to a hundredth as in the file.
    zoom
        Screen pixels per level-0 pixel.
    note
        What the reader wrote about it.
    """

    centre_yx_px: tuple[float, float]
    zoom: float
    note: str = ""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.centre_yx_px)) or not 0 < self.zoom < math.inf:
            raise InputError(f"A place needs a finite centre and a zoom above 0, got {self.centre_yx_px}, {self.zoom}.")
        y, x = self.centre_yx_px
        object.__setattr__(self, "centre_yx_px", (round(y, 2), round(x, 2)))


def as_json(bookmarks: Sequence[Bookmark]) -> list[dict[str, Any]]:
    """Return bookmarks as they stand in a file, centres as (x, y)."""
    return [
        {"centre_xy_px": [x, y], "zoom": item.zoom, "note": item.note}
        for item in bookmarks
        for y, x in [item.centre_yx_px]
    ]


def from_json(items: Any) -> tuple[Bookmark, ...]:
    """Return bookmarks from what a file holds.

    Raises
    ------
    InputError
        When an entry is no bookmark.
    """
    try:
        return tuple(_bookmark(item) for item in items)
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(f"A place is damaged ({error}): it needs centre_xy_px, zoom and note.") from error


def _bookmark(item: Mapping[str, Any]) -> Bookmark:
    x, y = (float(value) for value in item["centre_xy_px"])
    return Bookmark((y, x), float(item["zoom"]), str(item.get("note", "")))


def read_bookmarks(path: Path) -> tuple[Bookmark, ...]:
    """Return the bookmarks of a file; none where there is no file.

    Raises
    ------
    InputError
        When it can not be read or is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise InputError(f"The places kept in {path} can not be read ({error}): move the file away.") from error
    if not isinstance(content, dict):
        raise InputError(f"The places kept in {path} can not be read (no table): move the file away.")
    return from_json(content.get("places", ()))


def write_bookmarks(path: Path, slide: Path, bookmarks: Sequence[Bookmark]) -> None:
    """Write the bookmarks of a slide, atomically.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    content = {"slide": str(slide), "places": as_json(bookmarks)}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
