"""The mouse over the scatter of measured against predicted."""

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def over(plot: Any, x: float, y: float) -> QPoint:
    """Return where a value lies in a plot, in pixels of its widget."""
    place: QPoint = plot.mapFromScene(plot.getPlotItem().getViewBox().mapViewToScene(pg.Point(x, y)))
    return place


def drag(plot: Any, corners: Sequence[tuple[float, float]], keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """Press at the first value, move over the others, let go at the last."""
    places = [over(plot, *corner) for corner in corners]
    QTest.mousePress(plot.viewport(), LEFT, keys, places[0])
    for place in places[1:]:
        QTest.mouseMove(plot.viewport(), place)
        QTest.qWait(10)
    QTest.mouseRelease(plot.viewport(), LEFT, keys, places[-1])
