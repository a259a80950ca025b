"""The offer to go on with a training that was killed or cancelled."""

import time

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.look import quiet
from geneglass.workflow.stopped_runs import StoppedRun, give_up, stopped_runs

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


class ResumeOffer(QWidget):
    """Shown while a training on the open cohort can go on and nothing runs."""

    chosen = Signal(object)
    """The config to train with."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._run: StoppedRun | None = None
        self.text = quiet()
        self.go_on = QPushButton("Go on")
        self.go_on.setToolTip("Take up that training where it stopped, with the settings it had")
        self.forget = QPushButton("Forget")
        self.forget.setToolTip("Remove what it had done so far")
        buttons = QHBoxLayout()
        buttons.addWidget(self.go_on)
        buttons.addWidget(self.forget)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        self.go_on.clicked.connect(self._on_go_on)
        self.forget.clicked.connect(self._on_forget)
        listen(desk.session.cohort_changed, self, self.look)
        desk.runner.started.connect(self.hide)
        desk.runner.finished.connect(self.look)
        self.look()

    def look(self) -> None:
        """Look for a training that can go on."""
        cohort = self._desk.session.cohort
        found: tuple[StoppedRun, ...] = ()
        with self._desk.reporting():
            found = () if cohort is None else stopped_runs(cohort.path)
        self._run = found[0] if found else None
        if self._run is not None:
            self.text.setText(told(self._run, time.time()))
        self.setVisible(self._run is not None and self._desk.runner.running is None)

    def _on_go_on(self) -> None:
        if self._run is not None:
            self.chosen.emit(self._run.config)

    def _on_forget(self) -> None:
        if self._run is not None:
            give_up(self._run)
        self.look()


def told(run: StoppedRun, now: float) -> str:
    """Return what was stopped, and when."""
    config = run.config
    left_out = [item.partition(":")[2] for item in config.hold_out]
    without = f" without {', '.join(left_out)}" if left_out else ""
    name = config.recipe.replace(":faithful", ", as published")
    return f"A training of {name}{without} was stopped {_ago(now - run.stopped)} and can go on: {config.out.name}"


def _ago(seconds: float) -> str:
    for length, word in ((DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute")):
        n = int(seconds // length)
        if n:
            return f"{n} {word} ago" if n == 1 else f"{n} {word}s ago"
    return "just now"
