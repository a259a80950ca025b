"""The tab Slides on real breast sections: pictures, badges, from slide to slide by key, the overview, kept places."""

from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from geneglass.data.bookmark import read_bookmarks
from geneglass.viewer.bookmarks import bookmarks_of, file_of, slide_of
from geneglass.viewer.slide_list import badges
from real_tissue import CONTROL, SECTIONS, Real, picture_of

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "CD24"


def test_slides(real: Real) -> None:
    real.session.set_gene(GENE)
    page = real.page("Slides")
    the_cohort_in_pictures(real, page)
    to_the_next_slide_and_back(real, page)
    over_the_overview(real, page)
    a_place_is_kept(real, page)


def the_cohort_in_pictures(real: Real, page: Any) -> None:
    sources = real.session.cohort.sections
    assert tuple(source.name for source in sources) == SECTIONS
    real.hand.wait(lambda: all(page.thumbnails.of(source) for source in sources))
    for source in sources:
        picture = page.thumbnails.of(source)
        with picture_of(source.slide) as slide:
            assert picture.width() / picture.height() == pytest.approx(slide.width / slide.height, rel=0.02)
    assert [badges(real.session, source) for source in sources] == [("measured", "predicted"), *[("measured",)] * 3]
    real.look("slides")


def to_the_next_slide_and_back(real: Real, page: Any) -> None:
    """By key, with the same gene, scale and zoom; the prediction is there again when its slide is."""
    viewer, session = real.viewer, real.session
    viewer.scene.camera.zoom *= 3
    zoom, look = viewer.scene.camera.zoom, real.panel.compare.look
    real.key(page.overview, Qt.Key.Key_PageDown, CONTROL)
    real.hand.wait(lambda: session.source.name == SECTIONS[1])
    real.idle()
    assert (session.gene, session.prediction, real.panel.compare.look) == (GENE, None, look)
    # The slides of the two were scanned alike to 0.2 %: the zoom is per micrometre.
    assert viewer.scene.camera.zoom == pytest.approx(zoom, rel=0.01)
    assert page.list.currentRow() == 1
    values = real.file_of(SECTIONS[1])[0][GENE]
    shown = real.panel.compare.layer("measured").features["value"]
    assert list(shown) == pytest.approx(list(values[session.measured_places.names]), rel=1e-4)
    real.look("next")
    real.key(page.overview, Qt.Key.Key_PageUp, CONTROL)
    real.hand.wait(lambda: session.source.name == SECTIONS[0])
    real.idle()
    assert (session.gene, session.on_spots) == (GENE, True)
    assert viewer.scene.camera.zoom == pytest.approx(zoom, rel=0.01)
    real.page("Slides")


def over_the_overview(real: Real, page: Any) -> None:
    """A click jumps there, and the frame follows."""
    overview, field = page.overview, real.panel.field
    wanted = tuple(float(value) for value in real.session.section.centres_yx[40])
    point = overview.place_px(wanted)
    real.hand.click(overview, QPoint(round(point.x()), round(point.y())))
    a_pixel = max(real.session.section.slide.levels[0].height_px / overview.height(), 1)
    assert field.now().centre_yx_px == pytest.approx(wanted, abs=2 * a_pixel)
    frame = overview.frame()
    assert (frame.center().x(), frame.center().y()) == pytest.approx((point.x(), point.y()), abs=1)
    assert frame.width() < overview.width() / 2


def a_place_is_kept(real: Real, page: Any) -> None:
    """With a note, on disk, and there again when the slide is."""
    field, places, source = real.panel.field, page.places, real.session.source
    here = field.now()
    real.hand.click(places.keep)
    real.hand.keys(QApplication.focusWidget(), "invasive front?", Qt.Key.Key_Return)
    real.hand.wait(lambda: [item.note for item in bookmarks_of(real.viewer).here] == ["invasive front?"])
    real.look("place")
    (kept,) = read_bookmarks(file_of(slide_of(source)))
    assert kept.note == "invasive front?"
    assert kept.centre_yx_px == pytest.approx(here.centre_yx_px)
    for _ in range(2):
        real.key(page.overview, Qt.Key.Key_Left)
    assert field.now().centre_yx_px[1] < here.centre_yx_px[1]
    real.hand.click(page.list.viewport(), page.list.visualItemRect(page.list.item(1)).center())
    real.hand.wait(lambda: real.session.source.name == SECTIONS[1])
    real.idle()
    assert places.empty.isVisible()
    real.hand.click(page.list.viewport(), page.list.visualItemRect(page.list.item(0)).center())
    real.hand.wait(lambda: real.session.source == source)
    real.idle()
    real.page("Slides")
    real.hand.click(places.list.viewport(), places.list.visualItemRect(places.list.item(0)).center())
    assert field.now().centre_yx_px == pytest.approx(here.centre_yx_px)
    assert field.now().zoom == pytest.approx(here.zoom)
