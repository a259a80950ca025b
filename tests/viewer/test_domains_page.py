"""Domains drawn, named, undone, kept, handed on: by mouse and keys in a real window."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QWidget

from geneglass.data.annotation import Domain
from geneglass.data.geojson import read_domains, write_domains
from geneglass.viewer import domain_files
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.window import show_panel

ONE_SIZE = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
LEFT = Qt.MouseButton.LeftButton
Yx = tuple[float, float]


class Slide:
    """The canvas under the mouse, in level-0 pixels of the slide (y, x)."""

    def __init__(self, hand: Any, panel: GeneglassPanel) -> None:
        self.hand, self.panel = hand, panel
        (self.canvas,) = [w for w in hand.window.findChildren(QWidget) if type(w).__name__ == "CanvasBackendDesktop"]

    def at(self, yx: Yx) -> QPoint:
        camera = self.panel._viewer.scene.camera
        mpp = self.panel.desk.session.section.mpp
        y, x = ((np.array(yx) - 0.5) * mpp - np.array(camera.center[-2:])) * camera.zoom
        return QPoint(round(self.canvas.width() / 2 + x), round(self.canvas.height() / 2 + y))

    def lasso(self, corners: Sequence[Yx]) -> None:
        places = [self.at(corner) for corner in corners]
        self.hand.qtbot.mouseMove(self.canvas, places[0])
        self.hand.qtbot.mousePress(self.canvas, LEFT, pos=places[0])
        for start, end in pairwise(places):
            for step in np.linspace(0, 1, 9)[1:]:
                # vispy leaves out moves that come within 10 ms.
                self.hand.qtbot.wait(15)
                self.hand.qtbot.mouseMove(self.canvas, start + (end - start) * float(step))
        self.hand.qtbot.mouseRelease(self.canvas, LEFT, pos=places[-1])

    def polygon(self, corners: Sequence[Yx], *, close: bool = True) -> None:
        for corner in corners:
            self.click(corner)
        if close:
            self.hand.qtbot.mouseDClick(self.canvas, LEFT, pos=self.at(corners[-1]))

    def click(self, yx: Yx) -> None:
        # vispy leaves out moves that come within 10 ms, and napari takes a polygon's corner from the last move.
        for nudge in (QPoint(-2, 0), QPoint(-1, 0), QPoint(0, 0)):
            self.hand.qtbot.mouseMove(self.canvas, self.at(yx) + nudge)
            self.hand.qtbot.wait(15)
        self.hand.qtbot.mouseClick(self.canvas, LEFT, pos=self.at(yx))
        # Two clicks in one place would be a double click.
        self.hand.qtbot.wait(50)


@pytest.fixture
def opened(hand: Any, small_cohort: Path) -> tuple[GeneglassPanel, Slide, Any]:
    panel: Any = show_panel()
    panel.desk.open_path(small_cohort.parent / "left.ome.tif")
    until(hand, lambda: panel.desk.session.section is not None and panel.desk.runner.running is None)
    panel.desk.open_path(small_cohort)
    until(hand, lambda: panel.desk.session.measured_places is not None and panel.desk.runner.running is None)
    hand.tab(panel.tabs, "Domains")
    hand.qtbot.wait(300)
    return panel, Slide(hand, panel), panel.pages["domains"]


def until(hand: Any, condition: Callable[[], bool]) -> None:
    # Where nothing was compiled yet, the first import of scanpy alone takes a good part of this.
    hand.wait(condition, 120)


def choose_tool(hand: Any, page: Any, title: str) -> None:
    hand.click(next(button for button in page.tools.tools.values() if button.text() == title))


def names(panel: GeneglassPanel) -> list[str]:
    return [domain.name for domain in panel.desk.session.domains]


def introduce(hand: Any, page: Any, name: str) -> None:
    """Answer who draws."""
    until(hand, page.tools.who.isVisible)
    hand.keys(page.tools.who, name, Qt.Key.Key_Return)


@ONE_SIZE
def test_draw_name_undo_redo_reopen_export_and_read_back(
    hand: Any, opened: tuple[GeneglassPanel, Slide, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, slide, page = opened
    session = panel.desk.session
    choose_tool(hand, page, "Lasso")
    introduce(hand, page, "A. Smith")
    slide.lasso([(40, 60), (40, 220), (200, 220), (200, 60), (50, 62)])
    until(hand, lambda: len(session.domains) == 1)
    (tumor,) = session.domains
    assert (tumor.name, tumor.annotator) == ("Tumor", "A. Smith")
    assert tumor.shape.area == pytest.approx(160 * 160, rel=0.05)
    inside = (session.section.spots.table.obs["domain"] == "Tumor").to_numpy()
    assert list(inside) == [tumor.shape.covers(p) for p in points(session.section.centres_yx)]
    assert inside.any()

    page.tools.name.setFocus()
    page.tools.name.lineEdit().selectAll()
    hand.qtbot.keyClicks(page.tools.name, "Nerve")
    hand.qtbot.keyClick(page.tools.name, Qt.Key.Key_Return)
    choose_tool(hand, page, "Polygon")
    slide.polygon([(60, 260), (60, 440), (280, 350)])
    until(hand, lambda: len(session.domains) == 2)
    assert names(panel) == ["Tumor", "Nerve"]
    assert session.domains[1].shape.area == pytest.approx(180 * 220 / 2, rel=0.05)
    hand.look("two_domains")

    hand.click(page.tools.undo)
    assert names(panel) == ["Tumor"]
    hand.click(page.tools.redo)
    assert names(panel) == ["Tumor", "Nerve"]
    slide.canvas.setFocus()
    hand.qtbot.keyClick(slide.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(hand, lambda: names(panel) == ["Tumor"])
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    hand.qtbot.keyClick(slide.canvas, Qt.Key.Key_Z, both)
    until(hand, lambda: names(panel) == ["Tumor", "Nerve"])

    choose_tool(hand, page, "Navigate")
    slide.click((120, 140))
    until(hand, lambda: page.annotating.chosen == tumor.id)
    hand.look("chosen")
    before = session.domains

    path = tmp_path / "out.geojson"
    monkeypatch.setattr(domain_files, "choose_target", lambda *_: path)
    unfold(hand, page.files)
    hand.click(page.files.save["GeoJSON"])
    until(hand, lambda: panel.desk.runner.running is None and path.exists())
    back, told = read_domains(path)
    assert (back, told) == (before, ())

    panel.desk.open_source(session.cohort.sections[1])
    until(hand, lambda: session.source.name == "right" and panel.desk.runner.running is None)
    assert session.domains == ()
    panel.desk.open_source(session.cohort.sections[0])
    until(hand, lambda: session.source.name == "left" and panel.desk.runner.running is None)
    assert session.domains == before
    page.tools.undo.click()
    assert names(panel) == ["Tumor"]


def points(centres_yx: np.ndarray) -> list[Any]:
    return list(shapely.points(np.asarray(centres_yx, float)[:, ::-1]))


def unfold(hand: Any, content: QWidget) -> None:
    """Unfold what is folded and bring it into view."""
    fold = content.parentWidget()
    if not content.isVisible():
        hand.click(fold.button)
    hand.qtbot.wait(50)
    hand.scroll_to(content)

    QApplication.processEvents()


@ONE_SIZE
def test_corners_move_by_mouse_and_clusters_genes_and_a_second_reader_are_shown(
    hand: Any, opened: tuple[GeneglassPanel, Slide, Any], predicted: Callable[..., Any], tmp_path: Path
) -> None:
    panel, slide, page = opened
    session = panel.desk.session
    left, right = (Domain(name, shapely.box(x, 20, x + 200, 300)) for name, x in (("Tumor", 20), ("Stroma", 260)))
    page.annotating.do((left, right), "Draw both")
    choose_tool(hand, page, "Corners")
    slide.click((20, 120))
    until(hand, lambda: page.annotating.chosen == left.id)
    drag(hand, slide, (20, 220), (60, 180))
    until(hand, lambda: session.domains[0].shape.area < left.shape.area)
    assert session.domains[0].id == left.id
    assert session.domains[0].shape.area == pytest.approx(
        shapely.Polygon([(20, 20), (180, 60), (220, 300), (20, 300)]).area, rel=0.02
    )
    page.tools.undo.click()
    assert session.domains == (left, right)
    choose_tool(hand, page, "Navigate")

    unfold(hand, page.clusters)
    page.clusters.method.setCurrentText("k-means")
    page.clusters.n_clusters.setValue(2)
    page.clusters.propose.click()
    until(hand, lambda: page.clusters.list.count() == 2)
    assert "ARI" in page.clusters.told.text()
    assert len(session.domains) == 2
    page.clusters.take.click()
    assert names(panel) == ["Tumor", "Stroma", "Cluster 1", "Cluster 2"]
    page.tools.undo.click()

    unfold(hand, page.differences)
    page.differences.second.setCurrentText("Stroma")
    page.differences.compare.click()
    until(hand, lambda: page.differences.table.rowCount() > 0)
    table = page.differences.table
    rising = next(row for row in range(table.rowCount()) if table.item(row, 0).text() == "ERBB2")
    hand.scroll_to(table)
    hand.click(table.viewport(), table.visualItemRect(table.item(rising, 0)).center())
    assert session.gene == "ERBB2"
    session.set_gene("ACTB")
    hand.click(table.viewport(), table.visualItemRect(table.item(rising, 0)).center())
    assert session.gene == "ERBB2", "the row that is the current one already answers too"

    other = tmp_path / "reader.geojson"
    write_domains(other, [Domain("Tumor", shapely.box(20, 20, 240, 300)), Domain("Fat", right.shape)])
    unfold(hand, page.readers)
    page.readers.compare(other)
    until(hand, lambda: page.readers.list.count() == 1)
    assert "Cohen's kappa" in page.readers.told.text()
    conflict = page.readers.list.visualItemRect(page.readers.list.item(0)).center()
    camera = panel._viewer.scene.camera
    hand.scroll_to(page.readers.list)
    for _ in range(2):
        camera.center = (0.0, -900.0, -900.0)
        hand.click(page.readers.list.viewport(), conflict)
        assert camera.center[-1] > 0, "a conflict is looked at as often as it is clicked"
    page.readers.merge.click()
    assert names(panel) == ["Tumor", "Conflict: Stroma or Fat"]
    page.tools.undo.click()
    assert session.domains == (left, right)
    session.set_prediction(predicted(session.section))
    assert [page.clusters.side.itemText(i) for i in range(page.clusters.side.count())] == ["predicted", "measured"]


def drag(hand: Any, slide: Slide, start: Yx, end: Yx) -> None:
    places = [slide.at(start), slide.at(end)]
    hand.qtbot.mouseMove(slide.canvas, places[0])
    hand.qtbot.wait(30)
    hand.qtbot.mousePress(slide.canvas, LEFT, pos=places[0])
    for step in np.linspace(0, 1, 6)[1:]:
        hand.qtbot.wait(15)
        hand.qtbot.mouseMove(slide.canvas, places[0] + (places[1] - places[0]) * float(step))
    hand.qtbot.wait(15)
    hand.qtbot.mouseRelease(slide.canvas, LEFT, pos=places[1])


@ONE_SIZE
def test_undo_takes_away_a_polygon_that_is_being_drawn(hand: Any, opened: tuple[GeneglassPanel, Slide, Any]) -> None:
    panel, slide, page = opened
    session, tools = panel.desk.session, page.tools
    choose_tool(hand, page, "Polygon")
    introduce(hand, page, "A. Smith")
    assert not tools.undo.isEnabled()
    slide.polygon([(60, 260), (60, 440), (280, 350), (300, 300)], close=False)
    assert tools.undo.isEnabled()
    assert "being drawn" in tools.undo.toolTip()
    slide.canvas.setFocus()
    hand.qtbot.keyClick(slide.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(hand, lambda: not page.annotating._view.drawing)
    assert (session.domains, len(page.annotating._view.layer.data)) == ((), 0)
    hand.click(tools.redo)
    assert names(panel) == ["Tumor"], "closed as it was left"

    slide.polygon([(60, 60), (60, 200)], close=False)
    hand.click(tools.undo)
    assert names(panel) == ["Tumor"], "of two corners alone nothing else is undone"
    assert len(page.annotating._view.layer.data) == 1
    slide.polygon([(60, 60), (60, 200), (200, 60)])
    until(hand, lambda: names(panel) == ["Tumor", "Tumor"])
