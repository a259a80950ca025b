"""Scatter and blinded reading."""

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from geneglass.viewer.selection import selection_of
from tour.pictures import save_window, show_page

PREDICTED_WELL = "KRT8 BGN LOX CCND1 AGR2 KRT7"
"""Genes of which a reader has to look twice."""


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the states of the page Judge, on a section that is measured and predicted at its spots."""
    page, session = panel.pages["judge"], panel.desk.session
    show_page(panel, "Judge")
    save_window(panel, folder / "judge_scatter.png")
    _, xy = page.scatter.values()
    middle, wide = np.median(xy, axis=0), np.ptp(xy, axis=0) / 9
    corners = [middle + wide * step for step in ((-1, 0), (0, 1), (1, 0), (0, -1))]
    page.scatter.plot.outlined.emit(np.array(corners), False)
    save_window(panel, folder / "judge_selected.png")
    selection_of(viewer).set_spots(np.empty(0, np.int64))
    form = page.blinded
    form.reader.setText("Dr. Example")
    form.count.setValue(4)
    form.genes.setText(PREDICTED_WELL)
    form.seed.setValue(7)
    form.set_file(folder / "readings.csv")
    QTest.mouseClick(form.start, Qt.MouseButton.LeftButton)
    save_window(panel, folder / "judge_blinded.png")
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        QTest.keyClick(form, key)
    save_window(panel, folder / "judge_result.png")
    assert session.gene is not None
