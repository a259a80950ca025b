"""The panel in a window, and what most tests of it begin with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from geneglass.data.cohort import read_cohort
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.session import Session


def docked(viewer: Any, qtbot: Any) -> GeneglassPanel:
    """Return the panel at the right of a window of 1280 x 800 px, once it can be seen."""
    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    viewer.window.resize(1280, 800)
    qtbot.waitExposed(panel)
    return panel


def press(qtbot: Any, widget: QWidget) -> None:
    """Click a button that a person can click."""
    assert widget.isVisible()
    assert widget.isEnabled()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def open_path(panel: GeneglassPanel, path: Path, wait_for: Callable[..., None]) -> None:
    """Open a file as the panel does, and wait until nothing runs."""
    panel.desk.open_path(path)
    wait_for(lambda: panel.desk.runner.running is None)


def show_both_maps(session: Session, path: Path, predicted: Callable[..., Any]) -> None:
    """Open the first section of a cohort with its prediction, and choose ERBB2."""
    cohort = read_cohort(path)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    session.set_prediction(predicted(session.section))
    session.set_gene("ERBB2")
