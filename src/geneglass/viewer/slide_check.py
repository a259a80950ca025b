"""A banner before prediction: in what the open slide is unlike those that the model was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from geneglass.data.section import Section
from geneglass.errors import InputError
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.look import heading
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Job
from geneglass.workflow.suitability import Concern, compare_slide, not_compared

WAIT_MS = 300
"""After a change, so that the window is drawn first."""

UNLIKE, NOT_COMPARED = "Unlike the training slides", "Not compared with the training slides"
TITLE = "Comparing the slide with the model"
NO_SCALE = "its pixel size is not known. Give it above; predicting needs it too."
ALL_THE_SAME = "You can predict all the same."

Key = tuple[Any, ...]
"""What was compared: the model, the section, and its pixel size."""


@dataclass(frozen=True)
class Compared:
    """What was found of a slide before a job that was to follow.

    Attributes
    ----------
    key
        What was compared.
    concerns
        What speaks against the job.
    result
        What the job returned; None where something spoke against it, and it was not begun.
    """

    key: Key
    concerns: tuple[Concern, ...]
    result: Any


class SlideCheck(QWidget):
    """Looks at the slide in a worker of its own once there are a model and a slide, and says what it found.

    Attributes
    ----------
    changed
        Emitted when `concerns` has changed.
    concerns
        What speaks against predicting; empty for nothing, and until it is known.
    """

    changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.concerns: tuple[Concern, ...] = ()
        self._known: Key | None = None
        self._asked: Key | None = None
        self._runner = JobRunner()
        self.heading = heading(UNLIKE)
        self.text = QLabel()
        self.banner = QFrame()
        self._lay_out()
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._look)
        listen(desk.session.model_changed, self, self._on_changed)
        listen(desk.session.section_changed, self, self._on_changed)
        desk.runner.finished.connect(self._wait.start)
        self._runner.failed.connect(self._on_failed)
        self._runner.finished.connect(self._wait.start)
        self.destroyed.connect(self._runner.abandon)
        self._say(())

    def _lay_out(self) -> None:
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        # Coloured as a message of the panel is.
        self.banner.setObjectName("strip")
        self.banner.setProperty("kind", "warning")
        inside = QVBoxLayout(self.banner)
        inside.setContentsMargins(10, 8, 10, 8)
        inside.addWidget(self.heading)
        inside.addWidget(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.banner)

    @property
    def pending(self) -> bool:
        """Return whether there is a slide to compare of which nothing is known yet."""
        wanted = self._wanted()
        return wanted is not None and wanted != self._known

    def before(self, job: Job[Any]) -> Job[Compared]:
        """Return a job that compares the open slide first, and begins `job` only where nothing speaks against it.

        Parameters
        ----------
        job
            Not begun yet.
        """
        key, (model, section) = self._wanted(), self._pair()
        if key is None or model is None or section is None:
            raise InputError("There is nothing to compare: choose a model and open a slide first.")
        self._runner.cancel()
        return _compared_first(key, model, section, job)

    def take(self, key: Key, concerns: Sequence[Concern]) -> None:
        """Show what was found, unless another slide or model was chosen meanwhile."""
        if key == self._wanted():
            self._known = key
            self._say(tuple(concerns))

    def showEvent(self, event: QShowEvent) -> None:
        """Look when the tab is seen."""
        super().showEvent(event)
        self._wait.start()

    def _pair(self) -> tuple[Path | None, Section | None]:
        return self._desk.session.model_path, self._desk.session.section

    def _wanted(self) -> Key | None:
        """Return what is to be looked at; None where model or slide are missing."""
        model, section = self._pair()
        if model is None or section is None or section.slide is None:
            return None
        return model, self._desk.session.source, section.mpp

    def _on_changed(self) -> None:
        wanted, section = self._wanted(), self._desk.session.section
        if wanted == self._known:
            return
        self._known = None
        self._runner.cancel()
        self._say(())
        if wanted is not None and section is not None and section.mpp is None:
            self.take(wanted, (not_compared(section.name, NO_SCALE),))
        self._wait.start()

    def _look(self) -> None:
        """Start looking, unless it is known, somebody else computes, or nobody would see it."""
        model, section = self._pair()
        idle = self._runner.running is None and self._desk.runner.running is None
        if not self.pending or not idle or not self.isVisible() or model is None or section is None:
            return
        key = self._asked = self._wanted()
        self._runner.run(TITLE, compare_slide(model, section), lambda found: self.take(key, found))

    def _on_failed(self, error: BaseException) -> None:
        section = self._desk.session.section
        if self._asked is not None and section is not None:
            self.take(self._asked, (not_compared(section.name, error),))

    def _say(self, concerns: tuple[Concern, ...]) -> None:
        self.concerns = concerns
        section = self._desk.session.section
        last = () if section is None or section.mpp is None else (ALL_THE_SAME,)
        self.heading.setText(NOT_COMPARED if all(one.kind == "unknown" for one in concerns) else UNLIKE)
        self.text.setText("\n\n".join((*(concern.sentence for concern in concerns), *last)))
        self.banner.setVisible(bool(concerns))
        self.changed.emit()


def _compared_first(key: Key, model: Path, section: Section, job: Job[Any]) -> Job[Compared]:
    concerns = yield from compare_slide(model, section)
    if concerns:
        return Compared(key, concerns, None)
    return Compared(key, concerns, (yield from job))
