"""The mouse over napari's canvas, where the slide is."""

from typing import Any

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMainWindow, QWidget

from geneglass.viewer.session import session_of

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
NOTCH = 120
"""Of a mouse wheel, in Qt's eighths of a degree."""


class Canvas:
    """Presses and drags at places of the slide, in the first pane.

    Parameters
    ----------
    viewer
        A shown napari viewer, alone in its process or the last one made.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow) and w.isVisible()]
        (self.widget,) = (w for w in windows[-1].findChildren(QWidget) if type(w).__name__ == "CanvasBackendDesktop")

    def at(self, y_px: float, x_px: float, pane: int = 0) -> QPoint:
        """Return where a place of the slide (level-0 pixels) is drawn, in pixels of the canvas."""
        section = session_of(self._viewer).section
        mpp = 1.0 if section is None or section.mpp is None else section.mpp
        camera = self._viewer.scene.camera
        height_px, width_px = self._viewer.canvas.viewbox_size(self._viewer.layers)
        gap = self._viewer.canvas.grid.spacing if self._viewer.canvas.grid.enabled else 0
        y = ((y_px - 0.5) * mpp - camera.center[-2]) * camera.zoom + height_px / 2
        x = ((x_px - 0.5) * mpp - camera.center[-1]) * camera.zoom + width_px / 2 + pane * (width_px + gap)
        return QPoint(round(x), round(y))

    def click(self, y_px: float, x_px: float, *, pane: int = 0, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Click at a place of the slide."""
        QTest.mouseClick(self.widget, LEFT, keys, self.at(y_px, x_px, pane))

    def drag(self, corners_yx: Any, *, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Press at the first corner, move over the others, release at the last."""
        points = [self.at(*corner) for corner in corners_yx]
        QTest.mousePress(self.widget, LEFT, keys, points[0])
        for point in points[1:]:
            QTest.mouseMove(self.widget, point)
            QTest.qWait(20)
        QTest.mouseRelease(self.widget, LEFT, keys, points[-1])

    def wheel(self, y_px: float, x_px: float, notches: int, *, pane: int = 0) -> None:
        """Turn the wheel over a place of the slide, away from the hand: it comes nearer."""
        place = QPointF(self.at(y_px, x_px, pane))
        turned = QPoint(0, NOTCH * notches)
        phase, no_button = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
        event = QWheelEvent(place, self.widget.mapToGlobal(place), QPoint(), turned, no_button, NO_KEY, phase, False)
        QApplication.sendEvent(self.widget, event)
