"""A real breast section in a real window: a model trained once on two of its sisters, and hand, keys and slide."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit, QWidget

from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.triton_apart import load_triton_apart
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train
from tour.canvas import Canvas

LEFT, CONTROL, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier
SECTIONS = ("C4", "C2", "C3", "A1")
"""C4 comes first and is opened with the cohort; C2 and C3 train; A1 is of another patient, and reduced."""
N_GENES, MIN_COUNTS = 60, 500


@dataclass(frozen=True)
class Study:
    """Files that every test of real tissue shares: a cohort, a model, and predictions of C4 and A1."""

    cohort: Path
    model: Path
    predictions: dict[str, Path]


@cache
def study_of(her2st: Path) -> Study:
    """Train geneglass on C2 and C3 once, and predict C4 and A1."""
    load_triton_apart()
    folder = her2st.parent
    sources = {source.name: source for source in read_cohort(her2st).sections}
    cohort = folder / "breast" / "cohort.toml"
    cohort.parent.mkdir(exist_ok=True)
    write_cohort(Cohort(cohort, tuple(sources[name] for name in SECTIONS)))
    asked = TrainConfig(
        cohort, folder / "breast.safetensors", hold_out=("section:C4", "section:A1"), panel_size=N_GENES
    )
    model = finish(train(asked))
    predictions = {}
    for name in ("C4", "A1"):
        predictions[name] = folder / f"{name}.h5ad"
        finish(predict(PredictConfig(model, f"{cohort}#{name}", predictions[name])))
    return Study(cohort, model, predictions)


@cache
def measured_by_file(her2st: Path, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return ln(1 + 10,000 x / total), spots x genes, and the totals, straight from a section's file of counts."""
    path = next(source.spots for source in read_cohort(her2st).sections if source.name == name)
    counts = pd.read_csv(path, sep="\t", index_col=0)
    totals = counts.sum(axis=1)
    return np.log1p(counts.mul(10_000 / totals, axis=0)), totals


def picture_of(path: Path) -> Image.Image:
    """Return a slide's picture, read without geneglass; its pixels when they are asked for."""
    with pytest.MonkeyPatch.context() as patch:
        # Pillow warns of pictures as large as a slide.
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        return Image.open(path)


class Real:
    """What a person does to one window, and what the tests look at; it holds nothing of the window itself.

    Parameters
    ----------
    hand
        At an empty window.
    her2st
        The cohort of real sections.
    """

    def __init__(self, hand: Any, her2st: Path) -> None:
        self.hand, self._her2st, self.study = hand, her2st, study_of(her2st)

    @property
    def panel(self) -> Any:
        return self.hand.window.findChild(GeneglassPanel, "geneglass")

    @property
    def session(self) -> Any:
        return self.panel.desk.session

    @property
    def viewer(self) -> Any:
        return self.panel._viewer

    @property
    def slide(self) -> Canvas:
        """The slide under the mouse."""
        return Canvas(self.viewer)

    @property
    def note(self) -> str:
        """What stands below the maps, in one line."""
        return self.viewer.canvas.overlays.text.text.replace("\n", " ")

    def file_of(self, name: str) -> tuple[pd.DataFrame, pd.Series]:
        """Return the measured values of a section and its totals, read without geneglass."""
        return measured_by_file(self._her2st, name)

    def drop(self, *paths: Path) -> None:
        """Drop files on the window and wait until they are open."""
        self.hand.drop(*paths, reader="geneglass")
        self.hand.wait(lambda: self.panel is not None and not self.panel.drops.busy)
        self.idle()
        self.hand.window.activateWindow()

    def idle(self) -> None:
        """Wait until no job runs and the maps are laid out."""
        self.hand.wait(lambda: self.panel.desk.runner.running is None)
        self.hand.wait(lambda: not self.panel._refit.isActive())

    def load_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Load the study's model by its button."""
        monkeypatch.setattr("geneglass.viewer.predict_tab.choose_file", lambda *_: self.study.model)
        self.hand.tab(self.panel.tabs, "Predict")
        self.hand.click(self.panel.predict_tab.load)
        assert self.session.model_path == self.study.model

    def page(self, title: str) -> Any:
        """Click a tab, and return its page."""
        self.hand.tab(self.panel.tabs, title)
        QTest.qWait(50)
        return self.panel.pages.get(title.lower())

    def key(self, widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEY) -> None:
        """Press a key in a widget."""
        widget.setFocus()
        self.hand.qtbot.keyClick(widget, key, modifier)

    def show_gene(self, name: str) -> None:
        """Type a gene's name into the search box of the page Genes, and press Enter."""
        search = self.panel.genes.search
        self.hand.click(search)
        self.key(search, Qt.Key.Key_A, CONTROL)
        self.hand.keys(search, name, Qt.Key.Key_Return)
        assert self.session.gene == name

    def type_number(self, box: Any, text: str) -> None:
        """Type over what a box of a number holds, and press Enter."""
        self.hand.click(box.findChild(QLineEdit))
        self.key(box, Qt.Key.Key_A, CONTROL)
        self.hand.keys(box, text, Qt.Key.Key_Return)

    def choose(self, menu: Any, text: str) -> None:
        """Choose in a menu by keys."""
        row = menu.findText(text)
        assert row >= 0, f"{text} is not in {[menu.itemText(i) for i in range(menu.count())]}"
        self.key(menu, Qt.Key.Key_Home)
        for _ in range(row):
            self.hand.qtbot.keyClick(menu, Qt.Key.Key_Down)
        assert menu.currentText() == text

    def unfold(self, content: QWidget) -> None:
        """Unfold a part of a page by its heading and scroll to it."""
        if not content.isVisible():
            self.hand.click(content.parentWidget().button)
        QTest.qWait(60)
        self.hand.scroll_to(content)
        QTest.qWait(20)

    def polygon(self, corners_yx: Sequence[tuple[float, float]]) -> None:
        """Click corner after corner on the slide; a double click on the last one closes it."""
        slide = self.slide
        for corner in corners_yx:
            # vispy leaves out moves that come within 10 ms, and napari takes a corner from the last move.
            for nudge in (-2, -1, 0):
                QTest.mouseMove(slide.widget, slide.at(*corner) + QPoint(nudge, 0))
                QTest.qWait(15)
            slide.click(*corner)
            QTest.qWait(50)
        QTest.mouseDClick(slide.widget, LEFT, NO_KEY, slide.at(*corners_yx[-1]))

    def run(self, press: QWidget) -> None:
        """Press a button that starts a job, and wait until it has ended well."""
        self.hand.click(press)
        self.idle()
        assert self.panel.messages.property("kind") != "error", self.panel.messages.text.text()

    def look(self, name: str) -> None:
        """Save a picture of the window where pictures are asked for."""
        if os.environ.get("GENEGLASS_SCREENSHOTS"):
            self.hand.look(name, settle_ms=1000)


def opened(hand: Any, her2st: Path, monkeypatch: pytest.MonkeyPatch) -> Real:
    """Open C4 by drop, with its prediction."""
    monkeypatch.setenv("GENEGLASS_CACHE", str(her2st.parent / "cache"))
    real = Real(hand, her2st)
    real.drop(real.study.cohort, real.study.predictions["C4"])
    assert real.session.source.name == "C4"
    assert real.session.on_spots, real.panel.messages.text.text()
    real.panel.offer.hide()
    return real
