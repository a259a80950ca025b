"""From slide to slide: gene, colours and zoom in micrometres stay; a slide that can not be opened ends the way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from geneglass.data.cohort import read_cohort
from geneglass.data.section import open_section
from geneglass.viewer.desk import Desk
from geneglass.viewer.field import View, extent_yx_px, field_of
from geneglass.viewer.message_strip import MessageStrip
from geneglass.viewer.session import session_of
from geneglass.viewer.travel import Travel, arrival
from geneglass.viewer.worker import runner_of


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def desk(viewer: ViewerModel, small_cohort: Path, qtbot: Any) -> Desk:
    session = session_of(viewer)
    messages = MessageStrip()
    qtbot.addWidget(messages)
    field_of(viewer)
    session.set_cohort(read_cohort(small_cohort))
    session.set_section(open_section(session.cohort.sections[0]))
    return Desk(session, runner_of(session), messages)


def test_the_view_is_that_of_the_slide_s_own_pixels(desk: Desk, viewer: ViewerModel) -> None:
    field = field_of(viewer)
    field.go(View((100.0, 240.0), 2.0))
    now = field.now()
    assert now is not None
    assert now.centre_yx_px == pytest.approx((100.0, 240.0))
    assert now.zoom == pytest.approx(2.0)
    # A slide's pixel (y, x) covers y to y + 1; a viewer puts the middle of the first pixel at 0.
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (99.5 * 0.8, 239.5 * 0.8))
    assert viewer.scene.camera.zoom == pytest.approx(2.0 / 0.8)


def test_gene_colours_and_zoom_stay(desk: Desk, viewer: ViewerModel, wait_for: Any) -> None:
    parent = QObject()
    session, field, travel = desk.session, field_of(viewer), Travel(desk, viewer, parent)
    session.set_gene("ERBB2")
    field.go(View((80.0, 120.0), 3.0))
    zoom_um = viewer.scene.camera.zoom
    travel.step(1)
    wait_for(lambda: session.source.name == "right" and desk.runner.running is None)
    assert session.gene == "ERBB2"
    assert viewer.scene.camera.zoom == pytest.approx(zoom_um)
    assert field.now().centre_yx_px == pytest.approx((80.0, 120.0))
    # napari's layer controls come and go with the layers: the panel lets the view settle once more.
    viewer.reset_view()
    field.settle()
    assert viewer.scene.camera.zoom == pytest.approx(zoom_um)
    field.settle()
    assert viewer.scene.camera.zoom < zoom_um, "a plan is carried out once, then all is shown"
    travel.step(-1)
    travel.step(-1)
    wait_for(lambda: desk.runner.running is None and travel._wanted is None)
    assert session.source.name == "right", "two quick steps back of two slides end where they began"


def test_a_slide_that_can_not_be_opened_ends_the_way(desk: Desk, viewer: ViewerModel, wait_for: Any) -> None:
    from dataclasses import replace

    parent = QObject()
    session, travel = desk.session, Travel(desk, viewer, parent)
    broken = replace(session.cohort.sections[1], slide=session.cohort.path)
    session.set_cohort(replace(session.cohort, sections=(session.cohort.sections[0], broken)))
    failed: list[Exception] = []
    desk.runner.failed.connect(failed.append)
    travel.step(1)
    wait_for(lambda: desk.runner.running is None and bool(failed))
    assert session.source.name == "left"
    assert (travel._wanted, len(failed)) == (None, 1)
    desk.runner.failed.disconnect(failed.append)


def test_the_way_arrives_at_the_same_share_of_another_slide(desk: Desk) -> None:
    from dataclasses import replace

    section = desk.session.section
    height, width = extent_yx_px(section)
    view = arrival((0.25, 0.5), 4.0, replace(section, mpp=0.5))
    assert view == View((height / 4, width / 2), 2.0)
    assert arrival((0.25, 0.5), 4.0, replace(section, mpp=None)) is None
    assert arrival((0.25, 0.5), None, section) is None
