"""States of predicting the whole tissue: growing, stopped, doubt marked, confidence as a map."""

from pathlib import Path
from typing import Any

import numpy as np

from geneglass.viewer.confidence_controls import ConfidenceControls
from geneglass.viewer.doubt import confidence_of
from tour.pictures import save_window, show_page, wait_until


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Predict the open section on a grid with the session's model, and save a picture of each state."""
    tab, runner = panel.predict_tab, panel.desk.runner
    show_page(panel, "Predict")
    wait_until(lambda: tab.check._known is not None and tab.check._runner.running is None)
    tab.on_grid.setChecked(True)
    tab.stride_um.setValue(25)
    save_window(panel, folder / "whole_tissue_ready.png")
    tab.predict.click()
    session = panel.desk.session
    wait_until(lambda: runner.running is None or 0.2 < float(session.provenance.get("covered", 0)) < 1)
    save_window(panel, folder / "whole_tissue_growing.png")
    panel.job.cancel.click()
    wait_until(lambda: runner.running is None, 120)
    save_window(panel, folder / "whole_tissue_stopped.png")
    tab.predict.click()
    wait_until(lambda: runner.running is None, 120)
    panel.genes.findChild(ConfidenceControls).parentWidget().button.setChecked(True)
    confidence = confidence_of(session)
    panel.compare.set_look(doubt_below=round(float(np.nanquantile(confidence, 0.2)), 2))
    save_window(panel, folder / "whole_tissue_doubt.png")
    panel.compare.set_look(doubt_below=None, show_confidence=True)
    save_window(panel, folder / "whole_tissue_confidence.png")
    panel.compare.set_look(show_confidence=False)
