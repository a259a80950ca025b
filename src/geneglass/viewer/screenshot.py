"""A picture of the whole window, taken when everything in it has been drawn."""

import time
from pathlib import Path
from typing import Any

from PIL import Image
from qtpy.QtWidgets import QApplication

from geneglass.data.atomic import atomic_path

SETTLE_S = 0.5


def settle(seconds: float = SETTLE_S) -> None:
    """Let the window work through what is waiting to be drawn."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.005)


def save_screenshot(viewer: Any, path: Path) -> None:
    """Write the whole window as a PNG, atomically.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    settle()
    pixels = viewer.screenshot(canvas_only=False, flash=False)
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).convert("RGB").save(temporary, format="PNG")
