"""Measured against predicted, spot by spot: what is selected here is ringed on the slide, and the other way round."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QShowEvent
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from geneglass.data.annotation import spots_inside
from geneglass.viewer.desk import listen
from geneglass.viewer.look import quiet
from geneglass.viewer.picking import Picker, within
from geneglass.viewer.scatter_plot import ScatterPlot
from geneglass.viewer.selection import Selection
from geneglass.viewer.session import Session
from geneglass.viewer.titles import r_text
from geneglass.viewer.values import pearson

NOTHING = "A gene that is both measured and predicted at the same spots is drawn here, spot by spot."
FEWEST = 3
"""Spots that a correlation needs."""


class Scatter(QWidget):
    """The current gene, one point per spot; lasso and box select, keys L, B and M change the tool, Escape unselects."""

    def __init__(self, session: Session, selection: Selection, picker: Picker, theme: str) -> None:
        super().__init__()
        self._session, self._selection, self._picker = session, selection, picker
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        """Of the measured places that are drawn; `_xy` has their values."""
        self._xy = np.empty((0, 2), np.float32)
        self._stale = True
        self.plot = ScatterPlot(theme)
        self.figures = quiet(NOTHING)
        self.lasso = _tool("Lasso", "Draw round points to select their spots (L); with Shift they are added")
        self.box = _tool("Box", "Drag a box over points to select their spots (B); with Shift they are added")
        self.move = _tool("Move", "Drag to move the plot, wheel to zoom (M)")
        self.on_slide = _tool("On slide", "Draw round spots on the slide itself to select them (S)")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Take the rings off all spots: none is selected any more (Escape)")
        self._lay_out()
        self._listen()

    def _lay_out(self) -> None:
        tools, group = QHBoxLayout(), QButtonGroup(self)
        for button, tool in ((self.lasso, "lasso"), (self.box, "box"), (self.move, "move")):
            group.addButton(button)
            button.toggled.connect(lambda on, tool=tool: self.plot.set_tool(tool) if on else None)
        for button in (self.lasso, self.box, self.move, self.on_slide, self.clear):
            tools.addWidget(button)
        self.lasso.setChecked(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(tools)
        layout.addWidget(self.plot)
        layout.addWidget(self.figures)

    def _listen(self) -> None:
        self.plot.outlined.connect(self._on_outlined)
        self.clear.clicked.connect(self._unselect)
        self.on_slide.toggled.connect(self._picker.set_drawing)
        session, selection = self._session, self._selection
        for signal in (session.gene_changed, session.prediction_changed, session.section_changed):
            listen(signal, self, self.refresh)
        listen(session.domains_changed, self, self.refresh)
        listen(selection.domain_changed, self, self.refresh)
        listen(selection.spots_changed, self, self._show_selected)
        listen(self._picker.drawing_changed, self, self._on_drawing_changed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Change the tool, or select nothing."""
        tools = {Qt.Key.Key_L: self.lasso, Qt.Key.Key_B: self.box, Qt.Key.Key_M: self.move}
        key = Qt.Key(event.key())
        if key in tools:
            tools[key].setChecked(True)
        elif key == Qt.Key.Key_S:
            self.on_slide.toggle()
        elif key == Qt.Key.Key_Escape:
            self._unselect()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what has changed while nobody looked."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Draw the current gene anew, now or when it can be seen."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        self._rows, self._xy = self.values()
        self.plot.draw(self._xy, self._session.gene or "")
        self._show_selected()

    def values(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return rows of the spots that have both values, and these values (measured, predicted)."""
        session, nothing = self._session, (np.empty(0, np.int64), np.empty((0, 2), np.float32))
        places = session.measured_places
        if session.gene is None or places is None or not session.on_spots:
            return nothing
        measured, predicted = session.measured(session.gene), session.predicted(session.gene)
        if measured is None or predicted is None:
            return nothing
        both = places.kept & np.isfinite(measured) & np.isfinite(predicted) & self._in_domain(len(places.names))
        return np.flatnonzero(both), np.stack([measured[both], predicted[both]], axis=1)

    def _in_domain(self, n: int) -> NDArray[np.bool_]:
        domain, places = self._selection.domain, self._session.measured_places
        return np.ones(n, bool) if domain is None or places is None else spots_inside(domain, places.centres_yx)

    def _show_selected(self) -> None:
        if not self.isVisible():
            self._stale = True
            return
        chosen = np.isin(self._rows, self._selection.spots)
        self.plot.mark(self._xy[chosen])
        self.clear.setEnabled(len(self._selection.spots) > 0)
        self.figures.setText(self._sentence(chosen))

    def _sentence(self, chosen: NDArray[np.bool_]) -> str:
        if not len(self._rows):
            return NOTHING
        domain = self._selection.domain
        where = "All spots" if domain is None else f"Domain {domain.name}"
        training = ", training data" if self._session.trained_on else ""
        everything = f"{where}: {_r(self._xy)}{training}.{self.plot.told}"
        if not len(self._selection.spots):
            return f"{everything}\nSelected: none."
        out = len(self._selection.spots) - int(chosen.sum())
        aside = f" {out} more without both values." if out else ""
        return f"{everything}\nSelected: {_r(self._xy[chosen])}.{aside}"

    def _on_outlined(self, line: Any, add: bool) -> None:
        inside = self._rows[within(np.asarray(line), self._xy)] if len(self._rows) else self._rows
        self._selection.set_spots(np.union1d(self._selection.spots, inside) if add else inside)

    def _unselect(self) -> None:
        self._selection.set_spots(np.empty(0, np.int64))

    def _on_drawing_changed(self) -> None:
        self.on_slide.setChecked(self._picker.drawing)


def _r(xy: NDArray[np.float32]) -> str:
    r = pearson(xy[:, 0], xy[:, 1])
    if np.isfinite(r):
        return f"r = {r_text(r)} (n = {len(xy):,})"
    return f"r undefined (n = {len(xy):,}, {'too few spots' if len(xy) < FEWEST else 'no variation'})"


def _tool(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
