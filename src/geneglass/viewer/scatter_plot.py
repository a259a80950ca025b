"""A plot of points in which a lasso or a box can be drawn."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QMouseEvent

from geneglass.viewer.look import colours

HEIGHT_PX = 300
MOST_DRAWN = 50_000
"""More points are thinned out in the drawing, never in the figures."""
LASSO, BOX, MOVE = "lasso", "box", "move"
MARK = "#ff5c1a"
"""As the rings on the slide."""


class ScatterPlot(pg.PlotWidget):
    """Points, the line on which both are equal, and a line that the mouse draws."""

    outlined = Signal(object, bool)
    """Corners (m, 2) of a closed line in the values of the axes, and whether Shift was held."""

    def __init__(self, theme: str) -> None:
        super().__init__(background=None)
        self.told = ""
        """What the drawing leaves out, for the figures below it."""
        self._tool = LASSO
        self._line: list[tuple[float, float]] = []
        self._points = pg.ScatterPlotItem(size=5, pen=None, pxMode=True)
        self._marked = pg.ScatterPlotItem(size=8, pen=pg.mkPen(MARK, width=1.5), brush=None, pxMode=True)
        self._equal = pg.PlotDataItem()
        self._outline = pg.PlotDataItem()
        for item in (self._equal, self._points, self._marked, self._outline):
            self.addItem(item)
        self.setFixedHeight(HEIGHT_PX)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_theme(theme)
        self.set_tool(LASSO)

    def set_theme(self, theme: str) -> None:
        """Take the colours of one of napari's themes."""
        tone = colours(theme)
        self._points.setBrush(pg.mkBrush(tone["curve"] + "70"))
        self._equal.setPen(pg.mkPen(tone["quiet"], style=Qt.PenStyle.DashLine))
        self._outline.setPen(pg.mkPen(MARK, width=1.5))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(tone["quiet"])
            axis.setTextPen(tone["text"])

    def set_tool(self, tool: str) -> None:
        """Choose what a drag does: `LASSO`, `BOX` or `MOVE`."""
        self._tool = tool
        self.setMouseEnabled(x=tool == MOVE, y=tool == MOVE)

    def draw(self, xy: NDArray[np.float32], gene: str) -> None:
        """Show (n, 2) points, measured and predicted, and all of them at once."""
        shown = xy
        if len(xy) > MOST_DRAWN:
            shown = xy[np.random.default_rng(0).choice(len(xy), MOST_DRAWN, replace=False)]
        self.told = "" if shown is xy else f" {MOST_DRAWN:,} of {len(xy):,} points are drawn."
        self._points.setData(pos=shown)
        low, high = (float(xy.min()), float(xy.max())) if len(xy) else (0.0, 1.0)
        self._equal.setData([low, high], [low, high])
        self.setLabel("bottom", f"{gene} measured" if gene else "measured")
        self.setLabel("left", "predicted")
        self.autoRange()

    def mark(self, xy: NDArray[np.float32]) -> None:
        """Go round these points."""
        self._marked.setData(pos=xy[:MOST_DRAWN])

    def marked(self) -> NDArray[np.float64]:
        """Return the (n, 2) points that are gone round."""
        return np.stack(self._marked.getData(), axis=1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a line."""
        if self._tool == MOVE or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self.parentWidget().setFocus()
        self._line = [self._value_at(event)]
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the line."""
        if not self._line:
            super().mouseMoveEvent(event)
            return
        self._line.append(self._value_at(event))
        self._outline.setData(*np.array([*self._corners(), self._corners()[0]]).T)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the line and tell of it; a click without one selects nothing."""
        if not self._line:
            super().mouseReleaseEvent(event)
            return
        corners = self._corners()
        self._line = []
        self._outline.setData([], [])
        self.outlined.emit(corners, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        event.accept()

    def _corners(self) -> NDArray[np.float64]:
        line = np.array(self._line)
        if self._tool == LASSO:
            return line
        (left, top), (right, bottom) = line[0], line[-1]
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])

    def _value_at(self, event: QMouseEvent) -> tuple[float, float]:
        box = self.getPlotItem().getViewBox()
        found: Any = box.mapSceneToView(self.mapToScene(event.pos()))
        return float(found.x()), float(found.y())
