"""The bin folders of Visium HD (`square_008um`): which there are, and which one a path means."""

import re
from pathlib import Path

from geneglass.data.space_ranger_files import home_of, is_part

_SQUARE = re.compile(r"square_(\d{3})um")


def in_bins(path: Path) -> bool:
    """Return whether a path is an output in bins, or a part of one."""
    return bool(bins_below(path)) or bin_folder(path) is not None


def bin_folder(path: Path) -> Path | None:
    """Return the folder of one bin size that a path is or lies in, else None."""
    if not (path.is_dir() or is_part(path)):
        return None
    home = home_of(path)
    return home if home is not None and _SQUARE.fullmatch(home.name.lower()) else None


def bins_below(path: Path) -> dict[int, Path]:
    """Return the folders of bins by edge in micrometres, for `outs`, its parent or `binned_outputs`; else nothing."""
    for folder in (path / "outs" / "binned_outputs", path / "binned_outputs", path):
        try:
            items = sorted(folder.iterdir()) if folder.is_dir() else []
        except OSError:
            continue
        found = {int(match[1]): item for item in items if (match := _SQUARE.fullmatch(item.name)) and item.is_dir()}
        if found:
            return found
    return {}
