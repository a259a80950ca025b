"""The tab Slides in a real window, by mouse and keys."""

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QLineEdit

from geneglass.data.annotation import Domain
from geneglass.viewer.bookmarks import bookmarks_of, file_of, slide_of
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.session import session_of
from geneglass.viewer.slide_list import badges

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path / "cache"))


def on_slides(hand: Any, cohort: Path) -> tuple[GeneglassPanel, Any]:
    """Open a cohort by drop, and the tab Slides by a click."""
    hand.drop(cohort)
    hand.wait(lambda: hand.window.findChild(GeneglassPanel, "geneglass") is not None)
    panel: Any = hand.window.findChild(GeneglassPanel, "geneglass")
    hand.wait(lambda: panel.desk.session.section is not None and panel.desk.runner.running is None)
    hand.tab(panel.tabs, "Slides")
    page = panel.pages["slides"]
    hand.wait(lambda: all(page.thumbnails.of(source) for source in panel.desk.session.cohort.sections))
    # The panel lets the view settle when napari's own panels are laid out.
    hand.wait(lambda: not panel._refit.isActive())
    return panel, page


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True)
def test_through_the_cohort_by_click_and_key(hand: Any, small_cohort: Path) -> None:
    panel, page = on_slides(hand, small_cohort)
    session, viewer = panel.desk.session, panel._viewer
    session.set_gene("ERBB2")
    picture = page.thumbnails.of(session.source)
    assert picture.width() / picture.height() == pytest.approx(480 / 320, rel=0.02)
    hand.look("slides")
    viewer.scene.camera.zoom *= 3
    zoom = viewer.scene.camera.zoom

    rect = page.list.visualItemRect(page.list.item(1))
    hand.click(page.list.viewport(), rect.center())
    hand.wait(lambda: session.source.name == "right" and panel.desk.runner.running is None)
    hand.wait(lambda: not panel._refit.isActive())
    assert (viewer.scene.camera.zoom, session.gene) == (pytest.approx(zoom), "ERBB2")
    assert page.list.currentRow() == 1

    hand.click(page.overview)
    hand.qtbot.keyClick(page.overview, Qt.Key.Key_PageUp, CONTROL)
    hand.wait(lambda: session.source.name == "left" and panel.desk.runner.running is None)
    # Whatever tab is shown, and in the canvas too.
    hand.tab(panel.tabs, "Genes")
    hand.qtbot.keyClick(panel.tabs.tabBar(), Qt.Key.Key_PageDown, CONTROL)
    hand.wait(lambda: session.source.name == "right" and panel.desk.runner.running is None)
    middle = hand.window.centralWidget().mapTo(hand.window, hand.window.centralWidget().rect().center())
    canvas = hand.window.childAt(middle)
    hand.click(canvas)
    hand.qtbot.keyClick(canvas, Qt.Key.Key_PageUp, CONTROL)
    hand.wait(lambda: session.source.name == "left" and panel.desk.runner.running is None)
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Genes", "the tab stays"


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True)
def test_arrow_keys_frame_a_slide_and_enter_opens_it(hand: Any, small_cohort: Path) -> None:
    panel, page = on_slides(hand, small_cohort)
    session, slides = panel.desk.session, page.list
    first = slides.visualItemRect(slides.item(0)).center()
    hand.click(slides.viewport(), first)

    def filled() -> list[bool]:
        picture = slides.viewport().grab().toImage()
        ratio = picture.devicePixelRatio()
        places = [slides.visualItemRect(slides.item(row)) for row in range(slides.count())]
        colours = [picture.pixelColor(round((p.right() - 8) * ratio), round((p.top() + 8) * ratio)) for p in places]
        highlight = slides.palette().highlight().color()
        return [colour.rgb() == highlight.rgb() for colour in colours]

    assert filled() == [True, False]
    hand.keys(slides, "", Qt.Key.Key_Down)
    assert (slides.currentRow(), session.source.name) == (1, "left")
    assert filled() == [True, False]
    hand.keys(slides, "", Qt.Key.Key_Return)
    hand.wait(lambda: session.source.name == "right" and panel.desk.runner.running is None)
    assert filled() == [False, True]


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True)
def test_the_tab_stays_where_a_slide_was_predicted_before(hand: Any, small_cohort: Path, predicted: Any) -> None:
    panel, page = on_slides(hand, small_cohort)
    session = panel.desk.session
    session.set_prediction(predicted(session.section))
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Genes"
    hand.tab(panel.tabs, "Slides")
    hand.click(page.list.viewport(), page.list.visualItemRect(page.list.item(0)).center())
    for key, name in ((Qt.Key.Key_PageDown, "right"), (Qt.Key.Key_PageUp, "left")):
        hand.qtbot.keyClick(QApplication.focusWidget(), key, CONTROL)
        hand.wait(lambda name=name: session.source.name == name and panel.desk.runner.running is None)
        assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Slides"
    session.set_prediction(predicted(session.section))
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Genes"


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True)
def test_overview_and_places(hand: Any, small_cohort: Path) -> None:
    panel, page = on_slides(hand, small_cohort)
    viewer, overview, places = panel._viewer, page.overview, page.places
    field, bookmarks = panel.field, bookmarks_of(viewer)
    viewer.scene.camera.zoom *= 4

    wanted = (80.0, 400.0)
    point = overview.place_px(wanted)
    hand.click(overview, QPoint(round(point.x()), round(point.y())))
    assert field.now().centre_yx_px == pytest.approx(wanted, abs=5)
    frame = overview.frame()
    assert (frame.center().x(), frame.center().y()) == pytest.approx((point.x(), point.y()), abs=1)
    before = field.now().centre_yx_px
    hand.keys(overview, "", Qt.Key.Key_Left)
    assert field.now().centre_yx_px[1] < before[1]
    left = field.now()

    hand.click(places.keep)
    editor: Any = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    hand.keys(editor, "necrosis?", Qt.Key.Key_Return)
    hand.wait(lambda: [item.note for item in bookmarks.here] == ["necrosis?"])
    hand.look("place")
    hand.qtbot.mousePress(overview, Qt.MouseButton.LeftButton, pos=overview.rect().center())
    hand.qtbot.mouseMove(overview, overview.rect().center() + QPoint(20, 10))
    hand.qtbot.mouseRelease(overview, Qt.MouseButton.LeftButton)
    viewer.scene.camera.zoom *= 2
    hand.click(places.list.viewport(), places.list.visualItemRect(places.list.item(0)).center())
    assert field.now().centre_yx_px == pytest.approx(left.centre_yx_px, abs=0.01)
    assert field.now().zoom == pytest.approx(left.zoom)

    assert file_of(slide_of(panel.desk.session.source)).exists()
    hand.qtbot.keyClick(places.list, Qt.Key.Key_Delete)
    hand.wait(lambda: bookmarks.here == ())
    assert places.empty.isVisible()


def test_badges_say_what_is_known(small_cohort: Path, predicted: Any) -> None:
    from napari.components import ViewerModel
    from shapely.geometry import box

    from geneglass.data.cohort import read_cohort
    from geneglass.data.section import open_section

    viewer = ViewerModel()
    session = session_of(viewer)
    cohort = read_cohort(small_cohort)
    session.set_cohort(cohort)
    session.set_section(open_section(cohort.sections[0]))
    assert badges(session, cohort.sections[0]) == ("measured",)
    session.set_prediction(predicted(session.section))
    session.set_domains((Domain("tumour", box(10, 10, 90, 90)), Domain("stroma", box(100, 10, 190, 90))))
    assert badges(session, cohort.sections[0]) == ("measured", "predicted", "2 domains")
    session.set_section(open_section(cohort.sections[1]))
    assert badges(session, cohort.sections[0]) == ("measured", "predicted", "2 domains")
    assert badges(session, cohort.sections[1]) == ("measured",)
