"""The cohort panel on real breast sections: rows, travel by key, the overview, places with notes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication, QLineEdit
from shapely import box

from geneglass.data.annotation import Domain
from geneglass.data.geojson import write_domains
from geneglass.viewer.field import View
from geneglass.viewer.panes import MEASURED
from geneglass.viewer.slide_list import COLOURS, PICTURE_PX
from geneglass.viewer.view_controls import ViewControls
from real_tissue import CONTROL, LEFT, SECTIONS, Real, picture_of
from shown_colours import Shown, apart, tissue_at

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "CD24"
LIMITS = (0.5, 3.0)
FRAME = QColor("#e4002b")
"""Of the overview's frame."""
NEXT, PREVIOUS = Qt.Key.Key_PageDown, Qt.Key.Key_PageUp


def test_slides(real: Real, tmp_path: Path) -> None:
    real.page("Genes")
    real.show_gene(GENE)
    fixed_limits(real)
    page = real.page("Slides")
    real.hand.wait(lambda: all(page.thumbnails.of(source) for source in real.session.cohort.sections))
    rows_show_what_is_known(real, page)
    annotated(real, page, tmp_path / "C4.geojson")
    jumped_to(real, page)
    kept = a_place_with_a_note(real, page)
    from_slide_to_slide(real, page)
    back_at_the_place(real, page, kept)


def fixed_limits(real: Real) -> None:
    scale = real.panel.genes.findChild(ViewControls).scale
    real.unfold(scale)
    real.choose(scale.range, "values")
    real.type_number(scale.low, str(LIMITS[0]))
    real.type_number(scale.high, str(LIMITS[1]))


def painted(widget: Any, box: QRect) -> Any:
    """Return (height, width, 3) what a widget shows in a box."""
    image = widget.grab(box).toImage().scaled(box.size())
    image = image.convertToFormat(image.Format.Format_RGB888)
    data = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    return data.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()].reshape(image.height(), -1, 3)


def framed(source: Any) -> Any:
    """Return a slide's own file as small as in its row, in the middle of a square."""
    picture = picture_of(source.slide)
    picture.draft("RGB", (8 * PICTURE_PX, 8 * PICTURE_PX))
    small = picture.convert("RGB")
    small.thumbnail((PICTURE_PX, PICTURE_PX), Image.Resampling.BOX)
    return np.asarray(small, float)


def rows_show_what_is_known(real: Real, page: Any) -> None:
    """Every row has the picture of its own slide, the name, the patient, and badges in their colours."""
    slides, sources = page.list, real.session.cohort.sections
    assert [slides.item(row).text() for row in range(slides.count())] == list(SECTIONS)
    own = [framed(source) for source in sources]
    for row, source in enumerate(sources):
        slides.scrollToItem(slides.item(row))
        rect = slides.visualItemRect(slides.item(row))
        seen = painted(slides.viewport(), QRect(rect.left() + 5, rect.top() + 5, PICTURE_PX, PICTURE_PX)).astype(float)
        assert int(np.argmax([likeness(seen, one) for one in own])) == row
        assert likeness(seen, own[row]) > 0.7
        predicted = source.name == "C4"
        words = "measured, predicted" if predicted else "measured"
        assert slides.item(row).toolTip().startswith(f"{source.name}, patient {source.patient}: {words}\n")
        beside = painted(slides.viewport(), rect.adjusted(PICTURE_PX + 12, 0, 0, 0))
        for word, there in (("measured", True), ("predicted", predicted)):
            assert has_colour(beside, QColor(COLOURS[word][0])) == there
    real.look("slides_rows")


def annotated(real: Real, page: Any, path: Path) -> None:
    """A domain that is dropped on the window is told of in its slide's row, and in no other."""
    y, x = np.median(real.session.measured_places.centres_yx, axis=0)
    write_domains(path, (Domain("Tumor", box(x - 600, y - 600, x + 600, y + 600)),))
    real.drop(path)
    real.page("Slides")
    told = [page.list.item(row).toolTip().split("\n")[0] for row in range(page.list.count())]
    assert told[0] == "C4, patient C: measured, predicted, 1 domain"
    assert told[1:] == [f"{name}, patient {name[0]}: measured" for name in SECTIONS[1:]]
    for row in range(2):
        rect = page.list.visualItemRect(page.list.item(row)).adjusted(PICTURE_PX + 12, 0, 0, 0)
        assert has_colour(painted(page.list.viewport(), rect), QColor(COLOURS[""][0])) == (row == 0)
    real.look("slides_annotated")


def likeness(seen: Any, small: Any) -> float:
    top, left = ((PICTURE_PX - length) // 2 for length in small.shape[:2])
    cut = seen[top : top + small.shape[0], left : left + small.shape[1]]
    return float(np.corrcoef(cut.ravel(), small.ravel())[0, 1])


def has_colour(pixels: Any, colour: QColor) -> bool:
    away = np.abs(pixels.astype(int) - (colour.red(), colour.green(), colour.blue())).max(axis=-1)
    return bool((away < 24).sum() > 10)


def jumped_to(real: Real, page: Any) -> None:
    """A click in the overview brings that tissue into the middle of the maps, and the red frame to the mouse."""
    overview, slide = page.overview, real.slide
    start = np.median(real.session.measured_places.centres_yx, axis=0)
    before = real.viewer.scene.camera.zoom
    slide.wheel(*start, 8)
    real.hand.wait(lambda: real.viewer.scene.camera.zoom > 3 * before)
    for wanted in ((4300.0, 5900.0), (3700.0, 4300.0)):
        point = overview.place_px(wanted)
        real.hand.click(overview, QPoint(round(point.x()), round(point.y())))
        middle = real.panel.field.now().centre_yx_px
        assert np.abs(np.subtract(middle, wanted)).max() < 2 * 9916 / overview.height()
        frame = overview.frame()
        edges = painted(overview, overview.rect())
        for x, y in ((frame.left(), frame.center().y()), (frame.center().x(), frame.bottom())):
            around = edges[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3]
            assert (np.abs(around.astype(int) - (FRAME.red(), FRAME.green(), FRAME.blue())).max(axis=-1) < 60).any()
    is_tissue_of_the_file(real)
    real.look("slides_overview")


def is_tissue_of_the_file(real: Real) -> None:
    """Assert that the maps show the slide's own pixels where they say to be, between the spots."""
    places = real.session.measured_places.centres_yx
    mpp, middle = real.session.section.mpp, real.panel.field.now().centre_yx_px
    # 50 um of a spot, and 30 um around it.
    grid = np.array([(middle[0] + y, middle[1] + x) for y in range(-400, 401, 40) for x in range(-400, 401, 40)])
    away = np.sqrt(((grid[:, None] - places[None]) ** 2).sum(axis=-1)).min(axis=1)
    free = grid[away > 80 / mpp]
    assert len(free) > 20
    seen, wanted = Shown(real.viewer).at(free), tissue_at(real.session.source.slide, free, edge_px=8)
    assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.8
    assert np.median(apart(seen, wanted)) < 40


def from_slide_to_slide(real: Real, page: Any) -> None:
    """By key round the end of the cohort to a coarser slide, and back: gene, limits and zoom in micrometres stay."""
    zoom = real.viewer.scene.camera.zoom
    for widget, key, name in ((real.slide.widget, PREVIOUS, "A1"), (page.overview, NEXT, "C4")):
        real.key(widget, key, CONTROL)
        real.hand.wait(lambda name=name: real.session.source.name == name)
        real.idle()
        assert real.viewer.scene.camera.zoom == pytest.approx(zoom)
        layer = real.panel.compare.layer(MEASURED)
        values = real.file_of(name)[0].loc[real.session.measured_places.names, GENE]
        np.testing.assert_allclose(layer.features["value"], values, rtol=1e-4)
        assert layer.face_contrast_limits == pytest.approx(LIMITS)
        assert layer.name.startswith(f"{GENE} measured")
        assert page.list.currentItem().text() == name
        # The place that was kept is one of C4.
        assert page.places.empty.isVisible() == (name != "C4")
        assert (real.session.prediction is not None) == (name == "C4")
        real.look(f"slides_{name}")


def a_place_with_a_note(real: Real, page: Any) -> View:
    """A place is kept by key with its note."""
    kept = real.panel.field.now()
    real.key(real.slide.widget, Qt.Key.Key_D, CONTROL)
    real.hand.wait(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    editor: Any = QApplication.focusWidget()
    real.hand.keys(editor, "plasma cells?", Qt.Key.Key_Return)
    real.hand.wait(lambda: page.places.list.item(0).text() == "1  plasma cells?")
    real.look("slides_place")
    return kept


def back_at_the_place(real: Real, page: Any, kept: View) -> None:
    """After a drag in the overview, a click on the note brings the very view back; Delete forgets it."""
    places, field, overview = page.places, real.panel.field, page.overview
    start = overview.rect().center()
    real.hand.qtbot.mousePress(overview, LEFT, pos=start)
    real.hand.qtbot.mouseMove(overview, start + QPoint(12, 8))
    real.hand.qtbot.mouseRelease(overview, LEFT, pos=start + QPoint(12, 8))
    assert field.now().centre_yx_px != pytest.approx(kept.centre_yx_px, abs=50)
    assert places.list.item(0).text() == "1  plasma cells?"
    real.hand.click(places.list.viewport(), places.list.visualItemRect(places.list.item(0)).center())
    assert field.now().centre_yx_px == pytest.approx(kept.centre_yx_px, abs=0.01)
    assert field.now().zoom == pytest.approx(kept.zoom)
    is_tissue_of_the_file(real)
    real.key(places.list, Qt.Key.Key_Delete)
    real.hand.wait(lambda: places.empty.isVisible())
