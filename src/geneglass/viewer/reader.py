"""Reader of slides, spots, domains, predictions and cohorts, for File > Open and for what is dropped on the window."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari
from napari.plugins.utils import get_preferred_reader
from napari.utils.notifications import show_error
from npe2 import PluginManager

from geneglass.data.cohort import is_cohort
from geneglass.data.slide_formats import is_slide_folder
from geneglass.data.spot_formats import is_spots
from geneglass.errors import InputError
from geneglass.viewer.layers import layers_of
from geneglass.viewer.opening import TABLES, belongs_on_a_section, open_path
from geneglass.viewer.preferred import READER
from geneglass.viewer.window import show_panel
from geneglass.workflow.events import finish

NOTHING: list[tuple[Any, ...]] = [(None,)]
"""What napari takes for "read, and no layers came of it"."""

Read = Callable[[Any], list[Any]]


def get_reader(path: str | Sequence[str]) -> Read | None:
    """Return the reader of a path, or None where it is left to others.

    What does not look like ours is left to others where there are any, unless a person chose geneglass for it:
    then it is opened, or they are told why it can not be.

    Parameters
    ----------
    path
        What was opened; several paths at once are a stack, which is not ours.
    """
    if not isinstance(path, str | Path):
        return None
    file = Path(path)
    return read if is_ours(file) or _was_chosen(file) else None


def read(path: str) -> list[Any]:
    """Open a path in the panel, in its worker, together with what is dropped with it; its layers come later.

    Without a window its layers are returned. What can not be read is said in one sentence, and no layer appears.
    """
    file = Path(path)
    panel = show_panel()
    if panel is not None:
        panel.drops.add(file)
        return NOTHING
    try:
        opened = finish(open_path(file))
        return NOTHING if opened.section is None and opened.prediction is None else list(layers_of(opened))
    except InputError as error:
        show_error(str(error))
        return NOTHING


def is_ours(path: Path) -> bool:
    """Return whether a path looks like something of geneglass, by its name and a first look; damaged files do."""
    name = path.name.lower()
    if path.is_dir():
        return is_spots(path) or is_slide_folder(path) or any(map(is_cohort, path.glob("*.toml")))
    if name.endswith(".toml"):
        return is_cohort(path)
    if name.endswith(TABLES):
        return is_spots(path) or belongs_on_a_section(path)
    if name.endswith((".tif", ".tiff")):
        return is_colour_tiff(path)
    return True


def is_colour_tiff(path: Path) -> bool:
    """Return whether a TIFF's first page is a colour picture; damaged ones count as such, to be told why."""
    import tifffile

    colour = {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.PALETTE, tifffile.PHOTOMETRIC.YCBCR}
    try:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages.first
            return page.photometric in colour or (page.samplesperpixel in (3, 4) and page.dtype == "uint8")
    except (OSError, ValueError, IndexError, tifffile.TiffFileError):
        return True


def _was_chosen(path: Path) -> bool:
    """Return whether a person chose geneglass for this very path: napari had others to offer, or there are none."""
    if napari.current_viewer() is None:
        return False
    readers = {reader.plugin_name for reader in PluginManager.instance().iter_compatible_readers([str(path)])}
    return readers <= {READER} or get_preferred_reader(path) != READER
