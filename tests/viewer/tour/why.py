"""The reference patches behind a value."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from tour.canvas import Canvas
from tour.pictures import save_window, show_page, wait_until


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the states of the page Why, on a section predicted by a recipe that retrieves."""
    page, session = panel.pages["why"], panel.desk.session
    show_page(panel, "Why")
    save_window(panel, folder / "why_before.png")
    places = session.measured_places
    Canvas(viewer).click(*places.centres_yx[len(places.names) // 2])
    wait_until(lambda: page.explanation is not None)
    save_window(panel, folder / "why_votes.png")
    first = page.votes.visualItemRect(page.votes.item(0)).center()
    QTest.mouseClick(page.votes.viewport(), Qt.MouseButton.LeftButton, pos=first)
    save_window(panel, folder / "why_opposite.png")
