"""What is dropped on the window: gathered, and read together in one job."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QApplication

from geneglass.errors import InputError
from geneglass.viewer.desk import Desk
from geneglass.viewer.opened import Opened
from geneglass.viewer.opening import Dropped, open_together, take

GATHER_MS = 100
"""napari hands paths over one by one and lets the window live in between."""


class Drops(QObject):
    """Gathers the paths that napari hands over one by one, and opens them together.

    Parameters
    ----------
    desk
        Whose session takes what was read.
    show_alone
        Shows a prediction whose section is not open.
    parent
        What it lives with.
    """

    def __init__(self, desk: Desk, show_alone: Callable[[Opened], None], parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._show_alone = show_alone
        self._paths: list[Path] = []
        self._opening = False
        self._errors: list[str] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self._open)
        desk.runner.finished.connect(self._on_finished)

    @property
    def busy(self) -> bool:
        """Return whether something dropped is still to be opened."""
        return bool(self._paths) or self._opening

    def add(self, path: Path) -> None:
        """Open a path soon, together with what comes with it; what comes while others are being opened, after them."""
        if path not in self._paths:
            self._paths.append(path)
        self._soon.start()

    def _open(self) -> None:
        if not self._paths or self._opening:
            return
        if QApplication.activeModalWidget() is not None:
            # napari asks for a reader, and then hands over all paths again.
            self._soon.start()
            return
        paths, self._paths = self._paths, []
        session = self._desk.session
        title = f"Opening {', '.join(path.name for path in paths)}"
        job = open_together(paths, session.cohort, session.section)
        self._opening = self._desk.run(title, job, partial(self._take, paths))

    def _on_finished(self) -> None:
        self._opening = False
        if self._paths:
            self._soon.start()
        else:
            self._errors = []

    def _take(self, paths: list[Path], dropped: Dropped) -> None:
        if dropped.errors and self._paths:
            # More came meanwhile: what can not be opened alone may be with that.
            self._paths = list(dict.fromkeys([*paths, *self._paths]))
            return
        self._errors += map(str, dropped.errors)
        session = self._desk.session
        for opened in dropped.opened:
            try:
                if opened.prediction is not None and opened.section is None and session.section is None:
                    self._show_alone(opened)
                else:
                    take(session, opened)
            except InputError as error:
                self._errors.append(str(error))
        if dropped.told:
            self._desk.messages.warn("\n".join(dropped.told))
        if self._errors:
            self._desk.messages.error(InputError("\n".join(dict.fromkeys(self._errors))))
