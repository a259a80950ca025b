"""Handing on, in a real window by mouse and keys: the figure of the maps, the picture of the window, the report."""

import re

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit

from geneglass.viewer.desk import data_folder
from geneglass.viewer.handing import figure_of, report_of
from geneglass.viewer.kept_genes import kept_genes
from panels import press, show_both_maps


@pytest.fixture
def opened(panel, qtbot, small_cohort, predicted, monkeypatch):
    """Return a viewer and its panel with the sections of a small cohort, one of them predicted."""
    show_both_maps(panel.desk.session, small_cohort, predicted)
    monkeypatch.setattr("geneglass.viewer.figure_form.choose_target", lambda _, __, start, ___: start)
    panel.tabs.setCurrentWidget(panel.pages["share"].parent().parent())
    qtbot.wait(100)
    return panel._viewer, panel


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), float)


def done(panel, wait_for):
    wait_for(lambda: panel.desk.runner.running is None)
    assert panel.messages.property("kind") == "note", panel.messages.text.text()


def test_a_figure_a_picture_and_a_report_by_mouse_and_keys(opened, qtbot, wait_for, monkeypatch):
    _, panel = opened
    page, folder = panel.pages["share"], data_folder() / "shared"
    width = page.figures.width_mm.findChild(QLineEdit)
    width.setFocus()
    width.selectAll()
    qtbot.keyClicks(width, "100")
    qtbot.keyClick(width, Qt.Key.Key_Tab)
    press(qtbot, page.figures.figure)
    done(panel, wait_for)
    picture = pixels(folder / "left_ERBB2.png")
    assert picture.shape[1] == pytest.approx(100 / 25.4 * 300, abs=1)
    assert picture.std() > 10
    page.figures.kind.setFocus()
    qtbot.keyClicks(page.figures.kind, "SVG")
    press(qtbot, page.figures.figure)
    done(panel, wait_for)
    assert (folder / "left_ERBB2.svg").read_text().count("<svg") == 1
    press(qtbot, page.figures.window_picture)
    assert pixels(folder / "left_window.png").shape[1] >= 1200

    press(qtbot, page.genes.shown)
    page.genes.text.setFocus()
    qtbot.keyClick(page.genes.text, Qt.Key.Key_End)
    qtbot.keyClicks(page.genes.text, " cd74")
    page.note.setFocus()
    qtbot.keyClicks(page.note, "For Tuesday")
    press(qtbot, page.report)
    done(panel, wait_for)
    text = (folder / "left_report.html").read_text(encoding="utf-8")
    assert "ERBB2, CD74" in text
    assert "For Tuesday" in text
    assert (folder / "left_report.pdf").read_bytes().startswith(b"%PDF")
    asked = []
    monkeypatch.setattr("geneglass.viewer.pages.share.QDesktopServices.openUrl", asked.append)
    press(qtbot, page.open)
    assert asked[0].toLocalFile() == str(folder / "left_report.html")


def test_genes_that_are_not_here_are_named_and_favourites_are_added_once(opened, qtbot):
    _, panel = opened
    page = panel.pages["share"]
    assert not page.genes.favourites.isEnabled()
    kept_genes().change(lambda book: book.with_favourite("CD74", True).with_favourite("ELSEWHERE", True))
    for _ in range(2):
        press(qtbot, page.genes.favourites)
        press(qtbot, page.genes.shown)
    assert page.genes.genes() == ("CD74", "ERBB2")
    page.genes.text.setPlainText("nope, CD74")
    press(qtbot, page.report)
    assert "nope is neither measured nor predicted here" in panel.messages.text.text()
    page.genes.text.setPlainText("")
    press(qtbot, page.report)
    assert "The report has no genes yet" in panel.messages.text.text()
    assert not (data_folder() / "shared").exists()


def test_the_figure_shows_what_the_window_shows(opened, tmp_path):
    viewer, panel = opened
    session = panel.desk.session
    view = panel.compare.view
    what = figure_of(viewer, tmp_path / "f.png", width_mm=90, dpi=100, whole=False)
    assert [drawn.title for drawn in what.maps] == [side.title.long for side in view.sides.values()]
    for drawn, side in zip(what.maps, view.sides.values(), strict=True):
        assert (drawn.colours.low, drawn.colours.high) == (side.shade.low, side.shade.high)
        np.testing.assert_array_equal(drawn.values, side.values)
    assert re.search("ln", what.note)
    whole = figure_of(viewer, tmp_path / "f.png", width_mm=90, dpi=100, whole=True).view
    assert (whole.height_px, whole.width_px) == (320, 480)
    viewer.scene.camera.zoom *= 4
    near = figure_of(viewer, tmp_path / "f.png", width_mm=90, dpi=100, whole=False).view
    assert near.width_px < what.view.width_px / 2
    report = report_of(viewer, tmp_path / "r.html", ("ERBB2",), "")
    assert report.prediction is session.prediction
