"""Two buttons: save the session as a file, open one."""

from pathlib import Path
from typing import Any
from weakref import ref

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from geneglass.viewer.desk import Desk, choose_file, choose_target, cohort_name, listen
from geneglass.viewer.saving import save, snapshot
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.session_file import SUFFIX

KINDS = f"Sessions of geneglass (*{SUFFIX})"
WORDS = "Files, colours, gene, view, domains and places in one file, to go on later; domains lie beside it as GeoJSON."


class SessionRow(QWidget):
    """Saves in a thread of its own, so that it need not wait for a training to end.

    Parameters
    ----------
    desk
        Whose session is saved.
    viewer
        Whose colours, view and places are saved with it.
    """

    def __init__(self, desk: Desk, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self._own = JobRunner()
        self._own.failed.connect(desk.messages.error)
        self.destroyed.connect(self._own.abandon)
        self.save = QPushButton("Save session…")
        self.save.setToolTip(WORDS)
        self.open = QPushButton("Open session…")
        self.open.setToolTip("Go on where a session was saved; dropping its file on the window does the same")
        self.save.clicked.connect(self._on_save)
        self.open.clicked.connect(self._on_open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 0)
        row.addWidget(self.save, 1)
        row.addWidget(self.open, 1)
        listen(desk.session.cohort_changed, self, self._on_cohort_changed)
        self._on_cohort_changed()

    def save_to(self, path: Path) -> None:
        """Save the session of the window as it is now."""
        viewer = self._viewer()
        if viewer is None:
            return
        with self._desk.reporting():
            self._own.run("Saving the session", save(snapshot(viewer), path), self._on_saved)

    def _on_save(self) -> None:
        cohort = self._desk.session.cohort
        if cohort is None:
            return
        start = cohort.path.parent / f"{cohort_name(cohort)}{SUFFIX}"
        path = choose_target(self, "Save the session", start, KINDS)
        if path is not None:
            self.save_to(path if path.name.lower().endswith(".json") else path.with_name(path.name + SUFFIX))

    def _on_open(self) -> None:
        path = choose_file(self, "Open a session", KINDS)
        if path is not None:
            self._desk.open_path(path)

    def _on_saved(self, path: Path) -> None:
        self._desk.messages.note(f"Session saved: {path}")

    def _on_cohort_changed(self) -> None:
        self.save.setEnabled(self._desk.session.cohort is not None)
