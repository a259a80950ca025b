"""Names for domains with their colours, kept per user; each user may add their own."""

import json
from collections.abc import Mapping
from pathlib import Path

from geneglass.data.annotation import RGB, class_name
from geneglass.data.atomic import atomic_path, require_folder

COLOURS: tuple[RGB, ...] = (
    (213, 94, 0),
    (0, 114, 178),
    (240, 228, 66),
    (0, 158, 115),
    (86, 180, 233),
    (230, 159, 0),
    (60, 60, 60),
    (204, 121, 167),
)
"""Told apart by colour-blind readers: Okabe and Ito 2008, "Color universal design", figure 16."""

FURTHER_COLOURS: tuple[RGB, ...] = (
    (153, 153, 51),
    (17, 119, 51),
    (136, 34, 85),
    (204, 102, 119),
    (170, 68, 153),
    (51, 34, 136),
)
"""For names of one's own beside the first: Tol 2021, "Colour schemes", those of "muted" that are none of the above."""

FIRST_NAMES = (
    "Tumor", "Stroma", "Immune cells", "Normal epithelium", "Vessel", "Fat", "Necrosis", "Artefact",
)  # fmt: skip

Palette = dict[str, RGB]
"""Names in the order in which they are offered."""


def first_palette() -> Palette:
    """Return what is offered to who has named nothing yet."""
    return dict(zip(FIRST_NAMES, COLOURS, strict=True))


def read_palette(path: Path) -> Palette:
    """Return the palette of a file; the first one where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return first_palette()
    if not isinstance(found, Mapping):
        return first_palette()
    entries = {class_name(str(name)): _rgb(colour) for name, colour in found.items()}
    return {name: colour for name, colour in entries.items() if name and colour is not None} or first_palette()


def write_palette(path: Path, palette: Palette) -> None:
    """Write a palette.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    require_folder(path.parent)
    text = json.dumps({name: list(colour) for name, colour in palette.items()}, indent=1, ensure_ascii=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", "utf-8")


def next_colour(palette: Palette) -> RGB:
    """Return the colour that the fewest names have, the first of several: a new name beside the first has its own."""
    used = list(palette.values())
    return min((*COLOURS, *FURTHER_COLOURS), key=used.count)


def _rgb(value: object) -> RGB | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    if not all(isinstance(part, int) and 0 <= part <= 255 for part in value):
        return None
    return int(value[0]), int(value[1]), int(value[2])
