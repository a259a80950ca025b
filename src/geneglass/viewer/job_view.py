"""The running job: what it does, how far it is, how long it will take, its curve, and Cancel."""

import time
from array import array
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from geneglass.viewer.look import Elided, colours, quiet
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Event

CURVE_HEIGHT_PX = 110
SHORTEST_FOR_ESTIMATE_S = 1.0
MOST_DRAWN = 1000
"""Points of a curve; of more losses the mean of so many runs is drawn, so that a long training draws as fast."""


class JobView(QWidget):
    """Watches a runner; hidden until a job starts, and again when it has ended (a curve stays to be read)."""

    def __init__(self, runner: JobRunner, theme_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self.stage = Elided()
        self.bar = QProgressBar()
        self.bar.setTextVisible(True)
        self.times = quiet()
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop at the next step; files written before stay as they were")
        self.cancel.clicked.connect(self._on_cancel)
        self.curve = Curve(theme_name)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.stage, self.curve):
            layout.addWidget(part)
        layout.insertLayout(1, row)
        layout.insertWidget(2, self.times)
        self._started = self._stage_started = 0.0
        self._last: Event | None = None
        self._outcome = ""
        self._clock = QTimer(self)
        self._clock.setInterval(500)
        self._clock.timeout.connect(self._show_times)
        runner.started.connect(self._on_started)
        runner.progressed.connect(self._on_progressed)
        runner.cancelled.connect(self._on_cancelled)
        runner.finished.connect(self._on_finished)
        self.hide()

    def _on_started(self, title: str) -> None:
        self._started = self._stage_started = time.monotonic()
        self._last = None
        self._outcome = f"{title} took"
        self.curve.clear()
        self.stage.setText(title)
        self.bar.setRange(0, 0)
        self.cancel.setText("Cancel")
        self.cancel.setEnabled(True)
        for part in (self.bar, self.cancel, self.times):
            part.show()
        self._show_times()
        self._clock.start()
        self.show()

    def _on_progressed(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._last is None or event.stage != self._last.stage:
                self._stage_started = time.monotonic()
                self.curve.start_again()
            self._last = event
            self.curve.add(event)
        last = events[-1]
        self.stage.setText(last.stage)
        self.bar.setRange(0, max(last.total, 0))
        self.bar.setValue(last.done)
        self.curve.draw()

    def _on_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.cancel.setText("Stopping…")
        self._runner.cancel()

    def _on_cancelled(self) -> None:
        self._outcome = "Cancelled after"

    def _on_finished(self) -> None:
        self._clock.stop()
        self._show_times()
        for part in (self.bar, self.cancel, self.times):
            part.hide()
        self.setVisible(self.curve.isVisibleTo(self))
        self.stage.setText(f"{self._outcome} {duration(time.monotonic() - self._started)}")

    def _show_times(self) -> None:
        now = time.monotonic()
        text = f"{duration(now - self._started)} elapsed"
        left = remaining_s(self._last, now - self._stage_started)
        self.times.setText(text if left is None else f"{text} · about {duration(left)} left in this step")


class Curve(QWidget):
    """Training loss, and the score on the inner held-out part, while a recipe learns."""

    def __init__(self, theme_name: str) -> None:
        super().__init__()
        self._tone = colours(theme_name)
        self._loss = array("d")
        self._scores: list[tuple[int, float]] = []
        self._fresh = True
        self.caption = quiet()
        self.plot = pg.PlotWidget(background=None)
        self.plot.setFixedHeight(CURVE_HEIGHT_PX)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setMenuEnabled(False)
        item = self.plot.getPlotItem()
        item.showAxis("right")
        item.setContentsMargins(0, 8, 0, 0)
        self._score_box = pg.ViewBox(enableMouse=False, enableMenu=False)
        item.scene().addItem(self._score_box)
        item.getAxis("right").linkToView(self._score_box)
        self._score_box.setXLink(item)
        item.getViewBox().sigResized.connect(self._fit_score_box)
        self._loss_line = item.plot()
        self._score_line = pg.PlotDataItem()
        self._score_box.addItem(self._score_line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.caption)
        layout.addWidget(self.plot)
        self.set_theme(theme_name)
        self.hide()

    def set_theme(self, theme_name: str) -> None:
        """Take the colours of one of napari's themes."""
        self._tone = colours(theme_name)
        self._loss_line.setPen(pg.mkPen(self._tone["curve"], width=2))
        self._score_line.setPen(pg.mkPen(self._tone["second_curve"], width=2))
        for side in ("left", "bottom", "right"):
            axis = self.plot.getAxis(side)
            axis.setPen(self._tone["quiet"])
            axis.setTextPen(self._tone["quiet"])
            axis.setStyle(tickLength=-4, maxTickLevel=0)
        self._write_caption()

    def clear(self) -> None:
        """Forget the last job."""
        self._loss, self._scores = array("d"), []
        self.draw()
        self.hide()

    def start_again(self) -> None:
        """Begin a new curve with the next loss or score; the last one stays until then."""
        self._fresh = True

    def add(self, event: Event) -> None:
        """Take one event; what has neither loss nor score is no part of a curve."""
        if self._fresh and (event.loss is not None or event.score is not None):
            self._loss, self._scores, self._fresh = array("d"), [], False
        if event.loss is not None:
            self._loss.append(event.loss)
        if event.score is not None:
            self._scores.append((max(len(self._loss) - 1, 0), event.score))

    def draw(self) -> None:
        """Draw what was added."""
        if not self._loss and not self._scores:
            self._loss_line.setData([], [])
            self._score_line.setData([], [])
            return
        self._loss_line.setData(*in_short(np.frombuffer(self._loss)) if self._loss else ([], []))
        self._score_line.setData([x for x, _ in self._scores], [y for _, y in self._scores])
        self.plot.getPlotItem().showAxis("right", bool(self._scores))
        self._score_box.enableAutoRange(axis="y")
        self._write_caption()
        self.show()

    def _write_caption(self) -> None:
        parts = []
        if self._loss:
            parts.append(f'<span style="color:{self._tone["curve"]}">■</span> training loss {self._loss[-1]:.3g}')
        if self._scores:
            last = self._scores[-1][1]
            parts.append(f'<span style="color:{self._tone["second_curve"]}">■</span> held-out r {last:.2f} (right)')
        self.caption.setText("&nbsp;&nbsp;".join(parts))

    def _fit_score_box(self) -> None:
        self._score_box.setGeometry(self.plot.getPlotItem().getViewBox().sceneBoundingRect())


def in_short(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of at most `MOST_DRAWN` points: the values, or the means of equally long runs of them."""
    step = -(-len(values) // MOST_DRAWN)
    whole = len(values) // step * step
    runs = values[:whole].reshape(-1, step)
    return np.arange(len(runs)) * step + (step - 1) / 2, runs.mean(axis=1)


def remaining_s(event: Event | None, elapsed_s: float) -> float | None:
    """Return how long the stage of an event will go on at its pace so far, None while that is a guess."""
    if event is None or event.done <= 0 or event.total <= event.done or elapsed_s < SHORTEST_FOR_ESTIMATE_S:
        return None
    return elapsed_s / event.done * (event.total - event.done)


def duration(seconds: float) -> str:
    """Return a time as m:ss, or h:mm:ss from one hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
