"""The tutorial, step by step as its page stands, in a real window by mouse and keys.

A step of the page is marked `<!-- step: WHAT ARGUMENT -->`; what a hand does for it stands here under the same words.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from geneglass.data.geojson import read_domains
from geneglass.data.sample import sample_cohort
from geneglass.viewer.panel import GeneglassPanel
from tour.canvas import Canvas

pytestmark = pytest.mark.timeout(600)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
STEP = re.compile(r"<!-- step: (.*?) -->")
RING = np.linspace(0, 2 * np.pi, 30)


class Session:
    """A hand that follows the page.

    Parameters
    ----------
    hand
        At an empty window.
    folder
        Where files are saved.
    """

    def __init__(self, hand: Any, folder: Path) -> None:
        self.hand, self.folder = hand, folder
        self.verbs: dict[str, Callable[[str], None]] = {
            "drop": self.drop,
            "section": self.section,
            "leave out": self.leave_out,
            "recipe": self.recipe,
            "train": self.train,
            "predict": self.predict,
            "gene": self.gene,
            "draw by": self.draw,
            "save": self.save,
            "figure": self.figure,
            "report": self.report,
        }

    def follow(self, step: str) -> str:
        """Do a step, and return which it was."""
        verb = next(verb for verb in self.verbs if step == verb or step.startswith(f"{verb} "))
        self.verbs[verb](step.removeprefix(verb).strip())
        return verb

    @property
    def panel(self) -> Any:
        return self.hand.window.findChild(GeneglassPanel, "geneglass")

    @property
    def session(self) -> Any:
        return self.panel.desk.session

    def done(self) -> None:
        self.hand.wait(lambda: self.panel is not None and self.panel.desk.runner.running is None, 120)

    def drop(self, name: str) -> None:
        before = None if self.panel is None else self.session.cohort
        self.hand.drop(sample_cohort().parent / name, reader="geneglass")
        self.hand.wait(lambda: self.panel is not None and self.session.cohort not in (None, before))
        self.hand.wait(lambda: self.session.section is not None)
        self.done()
        # The question for a reader had the focus.
        self.hand.window.activateWindow()

    def section(self, name: str) -> None:
        chooser = self.panel.head.chooser
        row = next(i for i in range(chooser.count()) if chooser.itemData(i).name == name)
        self.hand.click(chooser)
        popup = chooser.view()
        self.hand.wait(popup.isVisible)
        for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * row, Qt.Key.Key_Return):
            self.hand.qtbot.keyClick(popup, key)
        self.hand.wait(lambda: self.session.source.name == name)
        self.done()

    def leave_out(self, name: str) -> None:
        self.hand.tab(self.panel.tabs, "Train")
        listed = self.panel.train_tab.sections
        row = next(i for i in range(listed.count()) if listed.item(i).data(Qt.ItemDataRole.UserRole) == name)
        rect = listed.visualItemRect(listed.item(row))
        self.hand.click(listed.viewport(), QPoint(rect.left() + 12, rect.center().y()))

    def recipe(self, name: str) -> None:
        menu = self.panel.train_tab.recipe
        menu.setFocus()
        self.hand.keys(menu, name)
        assert menu.currentData() == name

    def train(self, _: str) -> None:
        self.hand.click(self.panel.train_tab.train)
        self.done()
        assert self.session.model_info is not None, self.panel.messages.text.text()
        assert "cedar" not in [section.name for section in self.session.model_info.sections]

    def predict(self, _: str) -> None:
        self.hand.click(self.panel.predict_tab.predict)
        self.done()
        assert self.session.prediction is not None, self.panel.messages.text.text()
        self.hand.wait(lambda: not self.panel.compare.laying_out)
        assert not self.session.trained_on
        assert self.session.on_spots

    def gene(self, text: str) -> None:
        self.hand.tab(self.panel.tabs, "Genes")
        search = self.panel.genes.search
        self.hand.click(search)
        self.hand.keys(search, text)
        self.hand.wait(lambda: self.panel.genes.model.rowCount() > 0)
        self.hand.keys(search, "", Qt.Key.Key_Down)
        self.hand.wait(lambda: text in (self.session.gene or ""))
        self.hand.wait(lambda: "r = " in self.panel.compare.layer("predicted").name)

    def draw(self, name: str) -> None:
        self.hand.tab(self.panel.tabs, "Domains")
        page = self.panel.pages["domains"]
        self.hand.click(next(button for button in page.tools.tools.values() if button.text() == "Lasso"))
        self.hand.wait(page.tools.who.isVisible)
        self.hand.keys(page.tools.who, name, Qt.Key.Key_Return)
        centres = np.asarray(self.session.measured_places.centres_yx, float)
        reach = np.ptp(centres, axis=0) / 5
        Canvas(self.panel._viewer).drag(centres.mean(axis=0) + reach * np.stack([np.sin(RING), np.cos(RING)], axis=1))
        self.hand.wait(lambda: len(self.session.domains) == 1)
        assert self.session.domains[0].annotator == name

    def save(self, name: str) -> None:
        files = self.panel.pages["domains"].files
        fold = files.parentWidget()
        self._bring("domains", fold.button)
        self.hand.click(fold.button)
        self._bring("domains", files.save["GeoJSON"])
        self.hand.click(files.save["GeoJSON"])
        self.done()
        saved, told = read_domains(self.folder / name)
        assert (saved, told) == (self.session.domains, ())

    def figure(self, name: str) -> None:
        self.hand.tab(self.panel.tabs, "Share")
        self.hand.click(self.panel.pages["share"].figures.figure)
        self.done()
        assert (self.folder / name).read_bytes().startswith(b"\x89PNG")

    def report(self, name: str) -> None:
        page = self.panel.pages["share"]
        self._bring("share", page.genes.shown)
        self.hand.click(page.genes.shown)
        self._bring("share", page.report)
        self.hand.click(page.report)
        self.done()
        text = (self.folder / name).read_text(encoding="utf-8")
        assert self.session.gene in text
        assert self.session.domains[0].name in text
        assert (self.folder / name).with_suffix(".pdf").read_bytes().startswith(b"%PDF")

    def _bring(self, page: str, widget: Any) -> None:
        area = self.panel.pages[page].parentWidget().parentWidget()
        # What was unfolded has no place before it is laid out.
        QTest.qWait(100)
        area.ensureWidgetVisible(widget)
        QTest.qWait(50)


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Answer the dialogs that ask where to save by the names that the page gives."""
    names: dict[str, str] = {}
    for module in ("domain_files", "figure_form"):
        monkeypatch.setattr(f"geneglass.viewer.{module}.choose_target", lambda *_: tmp_path / names["next"])
    return names


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
def test_every_step_of_the_page_can_be_done_as_it_stands(hand: Any, tmp_path: Path, targets: dict[str, str]) -> None:
    steps = STEP.findall(PAGE.read_text(encoding="utf-8"))
    assert len(steps) == len(re.findall(r"^\d+\. ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    session, done = Session(hand, tmp_path), []
    for step in steps:
        targets["next"] = step.split()[-1]
        done.append(session.follow(step))
        hand.look(step.replace(" ", "_"), settle_ms=100)
    assert set(done) == set(session.verbs)
