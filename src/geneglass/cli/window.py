"""The window, reached through the entry point that the viewer registers: the command line never imports it."""

import os
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path


def window_is_possible() -> bool:
    """Return whether a window can be opened: napari is installed and there is a display."""
    has_display = sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return has_display and find_spec("napari") is not None


def open_window(section: str, *, model: Path, prediction: Path, gene: str) -> None:
    """Open the window on a section with its prediction and wait until it is closed."""
    (point,) = entry_points(group="geneglass.commands", name="view")
    point.load()(section=section, model=model, prediction=prediction, gene=gene, screenshot=None)
