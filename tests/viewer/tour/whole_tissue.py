"""States of predicting the whole tissue: growing, stopped, doubt marked, confidence as a map."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QApplication

PREDICT, GENES = 1, 2


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Predict the open section on a grid with the session's model, and save a picture of each state."""
    tab, runner = panel.predict_tab, panel.desk.runner
    panel.tabs.setCurrentIndex(PREDICT)
    _until(lambda: tab.check._known is not None and tab.check._runner.running is None)
    tab.on_grid.setChecked(True)
    tab.stride_um.setValue(25)
    _save(panel, folder / "whole_tissue_ready.png")
    tab.predict.click()
    session = panel.desk.session
    _until(lambda: runner.running is None or 0.2 < float(session.provenance.get("covered", 0)) < 1)
    _save(panel, folder / "whole_tissue_growing.png")
    panel.job.cancel.click()
    _until(lambda: runner.running is None)
    _save(panel, folder / "whole_tissue_stopped.png")
    tab.predict.click()
    _until(lambda: runner.running is None)
    panel.compare.set_look(doubt_below=0.7)
    _save(panel, folder / "whole_tissue_doubt.png")
    panel.compare.set_look(doubt_below=None, show_confidence=True)
    _save(panel, folder / "whole_tissue_confidence.png")
    panel.compare.set_look(show_confidence=False)


def _until(holds: Any) -> None:
    while not holds():
        QApplication.processEvents()


def _save(panel: Any, path: Path) -> None:
    for _ in range(20):
        QApplication.processEvents()
    panel.window().grab().save(str(path))
