"""Pictures of the tab Slides, the first hint and the help, on the sample."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import QEventLoop
from qtpy.QtWidgets import QApplication

from geneglass.data.bookmark import Bookmark
from geneglass.viewer.bookmarks import bookmarks_of
from geneglass.viewer.help import Help
from geneglass.viewer.screenshot import save_screenshot, settle

NOTES = ("ducts with necrosis?", "dense lymphocytes")


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save `slides_*.png`: the cohort with places, the next slide at the same zoom, and the help."""
    page = panel.pages["slides"]
    panel.tabs.setCurrentIndex(next(i for i in range(panel.tabs.count()) if panel.tabs.tabText(i) == "Slides"))
    settle()
    view = panel.field.now()
    bookmarks = bookmarks_of(viewer)
    for number, note in enumerate(NOTES):
        y, x = view.centre_yx_px
        bookmarks.add(Bookmark((y * (0.7 + 0.5 * number), x * (0.8 + 0.3 * number)), view.zoom * 3, note))
    page.places.list.itemClicked.emit(page.places.list.item(0))
    save_screenshot(viewer, folder / "slides_places.png")
    loop = QEventLoop()
    panel.desk.runner.finished.connect(loop.quit)
    page.travel.step(1)
    loop.exec()
    panel.desk.runner.finished.disconnect(loop.quit)
    save_screenshot(viewer, folder / "slides_next.png")
    panel.head.help.click()
    settle()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, Help):
            widget.grab().save(str(folder / "slides_help.png"))
            widget.close()
