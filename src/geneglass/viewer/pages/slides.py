"""Slides: the cohort in pictures, an overview to move in, places kept with notes, and the session as a file."""

from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from geneglass.viewer.bookmark_list import BookmarkList
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.keys import Shortcut, bind
from geneglass.viewer.look import quiet
from geneglass.viewer.overview import Overview
from geneglass.viewer.pages import PAGES, Page
from geneglass.viewer.session_row import SessionRow
from geneglass.viewer.slide_list import ROW_PX, SlideList
from geneglass.viewer.thumbnails import Thumbnails
from geneglass.viewer.travel import Travel

GROUP = "Slides"
NEXT = Shortcut("Control-PageDown", "Next slide, with the same gene, colours and zoom", GROUP)
PREVIOUS = Shortcut("Control-PageUp", "Previous slide, with the same gene, colours and zoom", GROUP)
KEEP = Shortcut("Control-D", "Keep this place, to write a note on it", GROUP)
NOTHING_OPEN = "Open a cohort, or drop slides on the window: they are listed here with their pictures."
FEWEST_ROWS, FRAME_PX = 2, 6


class SlidesPage(QWidget):
    """What the tab shows."""

    def __init__(self, desk: Desk, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = desk.session
        self.thumbnails = Thumbnails(desk, self)
        self.travel = Travel(desk, viewer, self)
        self.list = SlideList(desk.session, self.thumbnails)
        self.nothing = quiet(NOTHING_OPEN)
        self.previous, self.next = QPushButton("◂  Previous"), QPushButton("Next  ▸")
        self.overview = Overview(viewer, self.thumbnails)
        self.places = BookmarkList(viewer)
        self.session_row = SessionRow(desk, viewer)
        self._lay_out()
        self.list.chosen.connect(self.travel.go)
        for shortcut, button, answer in (
            (PREVIOUS, self.previous, self._on_previous),
            (NEXT, self.next, self._on_next),
            (KEEP, self.places.keep, self.places.keep_here),
        ):
            bind(viewer, self, shortcut, answer)
            button.setToolTip(f"{button.toolTip() or shortcut.words} ({shortcut.shown})")
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        listen(desk.session.cohort_changed, self, self._on_cohort_changed)
        self._on_cohort_changed()
        self.thumbnails.start()

    def _lay_out(self) -> None:
        steps = QHBoxLayout()
        steps.addWidget(self.previous, 1)
        steps.addWidget(self.next, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(6)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 2)
        layout.addLayout(steps)
        layout.addWidget(self.overview, 1)
        layout.addWidget(self.places)
        layout.addWidget(self.session_row)
        layout.addStretch(0)

    def _on_cohort_changed(self) -> None:
        cohort = self._session.cohort
        count = 0 if cohort is None else len(cohort.sections)
        self.nothing.setVisible(count == 0)
        self.list.setVisible(count > 0)
        self.list.setMinimumHeight(min(max(count, 1), FEWEST_ROWS) * ROW_PX + FRAME_PX)
        self.list.setMaximumHeight(max(count, 1) * ROW_PX + FRAME_PX)
        for button in (self.previous, self.next):
            button.setEnabled(count > 1)

    def _on_previous(self) -> None:
        self.travel.step(-1)

    def _on_next(self) -> None:
        self.travel.step(1)


PAGES.register("slides")(
    Page("Slides", "All slides of the cohort, places worth keeping, and the session as a file", 10, SlidesPage)
)
