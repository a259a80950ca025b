"""Training: the form, a pathology network's terms, the live curve, a stopped training, the list of models."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QScrollArea

from geneglass.viewer.encoder_choice import PATHOLOGY, TEXTURE
from tour.pictures import save_window, show_page, wait_until


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the states of training, with a cohort open; nothing is trained to its end."""
    tab, runner = panel.train_tab, panel.desk.runner
    show_page(panel, "Train")
    save_window(panel, folder / "train_form.png")
    tab.encoder.kind.setCurrentIndex(tab.encoder.kind.findData(PATHOLOGY))
    tab.more.button.setChecked(True)
    save_window(panel, folder / "train_network.png")
    tab.encoder.kind.setCurrentIndex(tab.encoder.kind.findData(TEXTURE))
    tab.more.button.setChecked(False)
    tab.recipe.setCurrentIndex(tab.recipe.findData("mclstexp"))
    tab.train.click()
    wait_until(lambda: "held-out r" in panel.job.curve.caption.text(), 120)
    save_window(panel, folder / "train_learning.png")
    panel.job.cancel.click()
    wait_until(lambda: runner.running is None, 60)
    save_window(panel, folder / "train_stopped.png")
    tab.resume.forget.click()
    tab.recipe.setCurrentIndex(0)
    _models(panel, folder)


def _models(panel: Any, folder: Path) -> None:
    models = panel.predict_tab.models
    show_page(panel, "Predict")
    models.parentWidget().button.setChecked(True)
    wait_until(lambda: not models._reading.isActive())
    if models.models.count():
        models.models.setCurrentRow(0)
    area: Any = panel.tabs.currentWidget().findChild(QScrollArea)
    area.ensureWidgetVisible(models)
    save_window(panel, folder / "train_models.png")
    models.parentWidget().button.setChecked(False)
