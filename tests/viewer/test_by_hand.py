"""The main job in a real window by mouse and keys alone: on the sample in a large one, on real tissue in a small one.

Pictures of every state go to the folder named by GENEGLASS_SCREENSHOTS, to be looked at.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtWidgets import QLineEdit

from geneglass.viewer.panel import GeneglassPanel

pytestmark = pytest.mark.timeout(600)
STOPS_WITHIN_S, LONGEST_BLOCK_S = 10, 1.0


def the_panel(hand: Any) -> GeneglassPanel:
    """Return the panel that the plugin put into the window, when all has been opened."""
    hand.wait(lambda: hand.window.findChild(GeneglassPanel, "geneglass") is not None)
    panel: Any = hand.window.findChild(GeneglassPanel, "geneglass")
    hand.wait(lambda: panel.desk.session.section is not None and panel.desk.runner.running is None)
    return panel


def until_done(hand: Any, panel: GeneglassPanel) -> None:
    hand.wait(lambda: panel.desk.runner.running is None, 300)


def open_section(hand: Any, panel: GeneglassPanel, name: str) -> None:
    """Choose a section by keys in the section menu."""
    chooser = panel.head.chooser
    wanted = next(i for i in range(chooser.count()) if chooser.itemData(i).name == name)
    chooser.setFocus()
    hand.click(chooser)
    popup = chooser.view()
    hand.wait(popup.isVisible)
    hand.qtbot.keyClick(popup, Qt.Key.Key_Home)
    for _ in range(wanted):
        hand.qtbot.keyClick(popup, Qt.Key.Key_Down)
    hand.qtbot.keyClick(popup, Qt.Key.Key_Return)
    hand.wait(lambda: panel.desk.runner.running is None and panel.desk.session.source.name == name)


def untick(hand: Any, panel: GeneglassPanel, *names: str) -> None:
    """Leave sections out of training, by clicks on their boxes."""
    listed = panel.train_tab.sections
    for row in range(listed.count()):
        item = listed.item(row)
        if item.data(Qt.ItemDataRole.UserRole) in names:
            rect = listed.visualItemRect(item)
            hand.click(listed.viewport(), QPoint(rect.left() + 12, rect.center().y()))
            assert item.checkState() == Qt.CheckState.Unchecked


def read_genes(hand: Any, panel: GeneglassPanel, text: str, downs: int) -> list[str]:
    """Type into the search box and walk down the list; return the genes seen."""
    session, search = panel.desk.session, panel.genes.search
    hand.tab(panel.tabs, "Genes")
    hand.click(search)
    hand.keys(search, text)
    assert panel.genes.model.rowCount() > 0
    seen = []
    for _ in range(downs):
        hand.keys(search, "", Qt.Key.Key_Down)
        seen.append(session.gene)
        both_sides_are_right(panel)
    assert all(text.upper() in gene.upper() for gene in seen)
    return seen


def both_sides_are_right(panel: GeneglassPanel) -> None:
    """Assert that the chosen gene is drawn on both sides, on one finite scale, where the spots are."""
    session, compare = panel.desk.session, panel.compare
    section, gene = session.section, session.gene
    slide, measured, beside, predicted = (
        compare.layer(role) for role in ("slide", "measured", "slide beside", "predicted")
    )
    assert measured.name.startswith(f"{gene} measured")
    assert predicted.name.startswith((f"{gene} predicted, r", f"{gene} not in", f"{gene} is not"))
    limits = [tuple(layer.face_contrast_limits) for layer in (measured, predicted)]
    assert limits[0] == limits[1]
    assert np.isfinite(limits).all()
    assert limits[0][0] < limits[0][1]
    in_prediction = next(g for g in session.genes if g.name == gene).predicted
    sides = [(measured, session.measured(gene)), (predicted, session.predicted(gene) if in_prediction else None)]
    for layer, values in sides:
        np.testing.assert_array_equal(layer.data, section.centres_yx)
        shown = layer.features["value"].to_numpy()
        np.testing.assert_allclose(shown, np.full(len(shown), np.nan) if values is None else values, rtol=1e-6)
    # A slide's pixel (y, x) covers y to y + 1; a viewer puts the middle of the first pixel at 0.
    for points, image in ((measured, slide), (predicted, beside)):
        for centre in section.centres_yx[[0, -1]]:
            np.testing.assert_allclose(points.data_to_world(centre), image.data_to_world(centre - 0.5), rtol=1e-5)
        assert points.units == image.units


def panes_are_equal_and_hold_all_spots(hand: Any, panel: GeneglassPanel) -> None:
    """Assert that every spot of the section, whole, lies within a pane."""
    viewer, section = panel._viewer, panel.desk.session.section
    height_px, width_px = viewer.canvas.viewbox_size(viewer.layers)
    measured = panel.compare.layer("measured")
    world = np.array([measured.data_to_world(centre) for centre in section.centres_yx])
    offset_px = np.abs(world - np.array(viewer.scene.camera.center[-2:])) * viewer.scene.camera.zoom
    radius_px = float(np.max(measured.size)) * float(measured.scale[-1]) * viewer.scene.camera.zoom / 2
    assert (offset_px.max(axis=0) + radius_px <= np.array([height_px, width_px]) / 2).all()


def cancel_while_learning(hand: Any, panel: GeneglassPanel) -> None:
    """Train mclstexp, press Cancel while its curve grows, and assert that nothing but the job has ended."""
    session, train = panel.desk.session, panel.train_tab
    before = (session.model_path, session.prediction, session.gene)
    stored = session.model_path.read_bytes()
    hand.tab(panel.tabs, "Train")
    train.recipe.setFocus()
    hand.keys(train.recipe, "mcl")
    assert train.recipe.currentData() == "mclstexp"
    hand.click(train.train)
    hand.wait(lambda: panel.job.curve.isVisible(), 120)
    hand.wait(lambda: len(panel.job.curve._loss) > 2)
    hand.look("learning")
    longest = LongestBlock()
    pressed = time.monotonic()
    hand.click(panel.job.cancel)
    until_done(hand, panel)
    assert time.monotonic() - pressed < STOPS_WITHIN_S
    assert longest.seconds() < LONGEST_BLOCK_S
    assert "Cancelled" in panel.messages.text.text()
    assert (session.model_path, session.prediction, session.gene) == before
    assert session.model_path.read_bytes() == stored
    assert not list(session.model_path.parent.glob("*mclstexp*"))
    assert train.train.isEnabled()
    hand.look("cancelled")
    read_genes(hand, panel, "", 1)


class LongestBlock:
    """Measures the longest time for which the window did nothing."""

    def __init__(self) -> None:
        self._last, self._longest = time.monotonic(), 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(10)

    def _tick(self) -> None:
        now = time.monotonic()
        self._longest, self._last = max(self._longest, now - self._last), now

    def seconds(self) -> float:
        self._tick()
        self._timer.stop()
        return self._longest


def is_a_picture_of_tissue(path: Path) -> None:
    """Assert that a picture is not one colour: the canvas was really drawn."""
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=float)
    assert pixels.std() > 15


@pytest.mark.parametrize("hand", [(1600, 1000)], indirect=True, ids=["1600x1000"])
def test_the_sample_from_its_menu(hand: Any) -> None:
    hand.look("empty")
    hand.choose("File", "Open Sample", "Invented tissue")
    panel = the_panel(hand)
    session, train = panel.desk.session, panel.train_tab
    is_a_picture_of_tissue(hand.look("opened"))

    open_section(hand, panel, "cedar")
    untick(hand, panel, "cedar")
    assert train.recipe.currentData() == "geneglass"
    hand.look("train_tab")
    hand.click(train.train)
    until_done(hand, panel)
    assert session.model_path is not None, panel.messages.text.text()
    assert "cedar" not in [section.name for section in session.model_info.sections]
    hand.look("trained")

    hand.click(panel.predict_tab.predict)
    until_done(hand, panel)
    assert session.prediction is not None, panel.messages.text.text()
    # Maps are laid out, and brought into view, in turns of the loop after the job.
    hand.wait(lambda: not panel.compare.laying_out and not panel._refit.isActive())
    is_a_picture_of_tissue(hand.look("predicted"))
    panes_are_equal_and_hold_all_spots(hand, panel)

    seen = read_genes(hand, panel, "KRT", 4)
    assert len(set(seen)) == 4
    hand.look("gene")


@pytest.mark.usefixtures("nothing_set_aside")
@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
def test_real_tissue_by_drop(hand: Any, her2st_cohort: Path) -> None:
    hand.drop(her2st_cohort)
    panel = the_panel(hand)
    session, train = panel.desk.session, panel.train_tab
    open_section(hand, panel, "C5")
    hand.look("opened")
    untick(hand, panel, "C5", "A1")
    hand.click(train.more.button)
    genes = train.settings.editor("panel_size").native
    hand.click(genes.findChild(QLineEdit))
    hand.qtbot.keyClick(genes, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hand.keys(genes, "200", Qt.Key.Key_Tab)
    assert train.config().panel_size == 200
    train.recipe.setFocus()
    hand.keys(train.recipe, "ridge")
    assert train.recipe.currentData() == "ridge"
    hand.look("settings")
    hand.click(train.train)
    until_done(hand, panel)
    assert session.model_path is not None, panel.messages.text.text()
    assert [section.name for section in session.model_info.sections] == ["C2", "C3", "C4"]
    hand.look("trained")

    hand.click(panel.predict_tab.predict)
    until_done(hand, panel)
    assert session.prediction is not None, panel.messages.text.text()
    # Maps are laid out, and brought into view, in turns of the loop after the job.
    hand.wait(lambda: not panel.compare.laying_out and not panel._refit.isActive())
    is_a_picture_of_tissue(hand.look("predicted"))
    panes_are_equal_and_hold_all_spots(hand, panel)

    hand.click(panel.genes.only_predicted)
    read_genes(hand, panel, "KRT", 2)
    hand.look("gene")
    panel._viewer.theme = "light"
    hand.look("light")
    panel._viewer.theme = "dark"
    cancel_while_learning(hand, panel)
