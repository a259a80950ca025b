"""A banner before prediction: in what the open slide is unlike those that the model was trained on."""

from typing import Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.look import heading
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.suitability import Concern, judge_slide

WAIT_MS = 300
"""After a change, so that the window is drawn first."""


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
        self._known: tuple[Any, ...] | None = None
        self._runner = JobRunner()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.banner = QFrame()
        # Coloured as a message of the panel is.
        self.banner.setObjectName("strip")
        self.banner.setProperty("kind", "warning")
        inside = QVBoxLayout(self.banner)
        inside.setContentsMargins(10, 8, 10, 8)
        inside.addWidget(heading("Unlike the training slides"))
        inside.addWidget(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.banner)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._look)
        listen(desk.session.model_changed, self, self._on_changed)
        listen(desk.session.section_changed, self, self._on_changed)
        desk.runner.finished.connect(self._wait.start)
        self._runner.finished.connect(self._wait.start)
        self.destroyed.connect(self._runner.abandon)
        self._say(())

    def showEvent(self, event: QShowEvent) -> None:
        """Look when the tab is seen."""
        super().showEvent(event)
        self._wait.start()

    def _wanted(self) -> tuple[Any, ...] | None:
        """Return what is to be looked at; None where model, slide or pixel size are missing."""
        session = self._desk.session
        section = session.section
        if session.model_path is None or section is None or section.slide is None or section.mpp is None:
            return None
        return session.model_path, session.source, section.mpp

    def _on_changed(self) -> None:
        if self._wanted() != self._known:
            self._known = None
            self._runner.cancel()
            self._say(())
            self._wait.start()

    def _look(self) -> None:
        """Start looking, unless it is known, somebody else computes, or nobody would see it."""
        session, wanted = self._desk.session, self._wanted()
        idle = self._runner.running is None and self._desk.runner.running is None
        if wanted is None or wanted == self._known or not idle or not self.isVisible():
            return
        if session.model_path is None or session.section is None:
            return
        self._known = wanted
        self._runner.run(
            "Comparing the slide with the model", judge_slide(session.model_path, session.section), self._take
        )

    def _take(self, concerns: tuple[Concern, ...]) -> None:
        if self._wanted() == self._known:
            self._say(concerns)

    def _say(self, concerns: tuple[Concern, ...]) -> None:
        self.concerns = concerns
        self.text.setText("\n\n".join((*(concern.sentence for concern in concerns), "You can predict all the same.")))
        self.banner.setVisible(bool(concerns))
        self.changed.emit()
