"""What every part of the tour needs: a picture of the window, and a wait."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QPoint
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest

SETTLE_MS = 1200
STEP_MS = 20


def save_window(panel: Any, path: Path) -> None:
    """Save a picture of the panel's window as the X server shows it."""
    QTest.qWait(SETTLE_MS)
    window = panel.window()
    corner, size = window.mapToGlobal(QPoint(0, 0)), window.size()
    picture = QGuiApplication.primaryScreen().grabWindow(0, corner.x(), corner.y(), size.width(), size.height())
    picture.save(str(path))


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Let the window live until something holds."""
    for _ in range(int(seconds * 1000 / STEP_MS)):
        if holds():
            return
        QTest.qWait(STEP_MS)
    raise TimeoutError(f"nothing came within {seconds:g} s")


def show_page(panel: Any, title: str) -> None:
    """Bring a tab of the panel to the front."""
    tabs = panel.tabs
    tabs.setCurrentIndex(next(i for i in range(tabs.count()) if tabs.tabText(i) == title))
