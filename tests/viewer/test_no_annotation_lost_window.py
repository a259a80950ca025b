"""Drawn by mouse, and left, closed or killed at once: the autosave's timer does not come first, and nothing is lost."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from geneglass.data.annotation import Domain
from geneglass.data.geojson import read_domains
from geneglass.data.recovery import Recovery
from geneglass.viewer.desk import data_folder
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.slide_list import badges
from geneglass.viewer.window import show_panel
from tour.canvas import Canvas

pytestmark = pytest.mark.timeout(600)
ONE_SIZE = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
CONTROL = Qt.KeyboardModifier.ControlModifier
SQUARE_YX = [(40, 60), (40, 220), (200, 220), (200, 60), (50, 62)]
CORNERS_YX = [(60, 260), (60, 440), (280, 350)]
NEVER_MS, SOON_MS = 3_600_000, 200


@pytest.fixture
def _no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geneglass.viewer.annotating.SAVE_EVERY_MS", NEVER_MS)


def opened(panel: GeneglassPanel, cohort: Path, wait: Callable[..., None]) -> None:
    panel.desk.open_path(cohort)
    wait(lambda: panel.desk.session.section is not None and panel.desk.runner.running is None)
    page: Any = panel.pages["domains"]
    page.annotating.set_annotator("A. Smith")
    panel.tabs.setCurrentWidget(page.parentWidget().parentWidget())
    wait(page.tools.isVisible)
    QTest.qWait(300)


def take(panel: GeneglassPanel, title: str) -> None:
    page: Any = panel.pages["domains"]
    QTest.mouseClick(
        next(button for button in page.tools.tools.values() if button.text() == title), Qt.MouseButton.LeftButton
    )


def half_a_polygon(panel: GeneglassPanel, canvas: Canvas) -> None:
    """Set three corners by mouse, and no more."""
    take(panel, "Polygon")
    for y, x in CORNERS_YX:
        # vispy leaves out moves that come within 10 ms, and napari takes a corner from the last move.
        for nudge in (2, 1, 0):
            QTest.mouseMove(canvas.widget, canvas.at(y, x - nudge))
            QTest.qWait(15)
        canvas.click(y, x)
        QTest.qWait(50)


def left_of(slide_hash: str) -> tuple[Domain, ...]:
    """Return what a window that opens a slide now would be offered."""
    recovery = Recovery(data_folder() / "recovery", slide_hash)
    found = recovery.left_behind().domains
    recovery.close()
    return found


def on_disk() -> tuple[Domain, ...]:
    """Return what is on disk, of open windows too."""
    return tuple(domain for path in data_folder().rglob("recovery/*/*.geojson") for domain in read_domains(path)[0])


@ONE_SIZE
@pytest.mark.usefixtures("_no_timer")
def test_the_next_slide_is_opened_by_keys_as_soon_as_something_is_done(hand: Any, small_cohort: Path) -> None:
    panel: Any = show_panel()
    opened(panel, small_cohort, hand.wait)
    session, page, canvas = panel.desk.session, panel.pages["domains"], Canvas(panel._viewer)
    left, slide_hash = session.cohort.sections[0], session.section.slide.content_hash()

    def go(key: Qt.Key, name: str) -> None:
        QTest.keyClick(canvas.widget, key, CONTROL)
        hand.wait(lambda: session.source.name == name and panel.desk.runner.running is None)
        QTest.qWait(300)

    def leave_with(*names: str) -> None:
        go(Qt.Key.Key_PageDown, "right")
        page.annotating.keeping.wait()
        assert [domain.name for domain in left_of(slide_hash)] == list(names)
        assert session.drawn[left] == left_of(slide_hash)
        assert badges(session, left)[-1] == ("1 domain" if len(names) == 1 else f"{len(names)} domains")
        assert session.domains == ()
        go(Qt.Key.Key_PageUp, "left")
        assert [domain.name for domain in session.domains] == list(names)

    take(panel, "Lasso")
    canvas.drag(SQUARE_YX)
    hand.wait(lambda: len(session.domains) == 1)
    leave_with("Tumor")
    page.annotating.choose(session.domains[0].id)
    page.annotating.set_name("Nerve")
    hand.click(page.list.call)
    leave_with("Nerve")
    half_a_polygon(panel, canvas)
    assert len(session.domains) == 1
    leave_with("Nerve", "Nerve")
    assert session.domains[1].shape.area == pytest.approx(180 * 220 / 2, rel=0.05)
    QTest.keyClick(canvas.widget, Qt.Key.Key_Z, CONTROL)
    leave_with("Nerve")


CLOSED = """
import sys, time
from pathlib import Path
import napari
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest
import geneglass.viewer.annotating
geneglass.viewer.annotating.SAVE_EVERY_MS = 3_600_000
from geneglass.viewer.panel import GeneglassPanel
from test_no_annotation_lost_window import draw_one_and_a_half, on_disk

def wait(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        QTest.qWait(20)

viewer = napari.Viewer(show=True)
panel = GeneglassPanel(viewer)
viewer.window.add_dock_widget(panel, name="geneglass", area="right")
viewer.window.resize(1280, 800)
draw_one_and_a_half(panel, Path(sys.argv[1]), wait)
assert on_disk() == ()
QTimer.singleShot(0, viewer.window._qt_window.close if sys.argv[2] == "the cross" else viewer.close)
napari.run()
"""


def draw_one_and_a_half(panel: GeneglassPanel, cohort: Path, wait: Callable[..., Any]) -> None:
    opened(panel, cohort, wait)
    canvas = Canvas(panel._viewer)
    take(panel, "Lasso")
    canvas.drag(SQUARE_YX)
    wait(lambda: len(panel.desk.session.domains) == 1)
    half_a_polygon(panel, canvas)


@pytest.mark.parametrize("way", ["the cross", "viewer.close"])
def test_a_window_that_is_closed_while_a_polygon_is_drawn_writes_it(small_cohort: Path, qapp: Any, way: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    run = subprocess.run(
        [sys.executable, "-c", CLOSED, str(small_cohort), way],
        timeout=240,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr, run.stderr
    areas = [domain.shape.area for domain in on_disk()]
    assert areas == pytest.approx([160 * 160, 180 * 220 / 2], rel=0.05)


@ONE_SIZE
def test_the_page_says_that_nothing_is_saved_until_it_is(
    hand: Any, small_cohort: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geneglass.viewer.annotating.SAVE_EVERY_MS", SOON_MS)
    panel: Any = show_panel()
    opened(panel, small_cohort, hand.wait)
    session, page, canvas = panel.desk.session, panel.pages["domains"], Canvas(panel._viewer)
    files, not_saved = page.files, page.not_saved
    assert not files.isVisible()
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", _full)
        take(panel, "Lasso")
        canvas.drag(SQUARE_YX)
        hand.wait(not_saved.isVisible)
        assert not_saved.mapTo(page, not_saved.rect().bottomLeft()).y() < page.tools.mapTo(page, QPoint()).y()
        assert "not saved" in not_saved.text.text()
        assert "the disk is full" in not_saved.text.text()
        assert files.isVisible(), "unfolded, to save it elsewhere"
        assert not files.kept.isVisible()
        assert "not saved" in panel.messages.text.text()
        hand.scroll_to(not_saved)
        hand.look("not_saved")
        panel.messages.hide()
        half_a_polygon(panel, canvas)
        QTest.mouseDClick(canvas.widget, Qt.MouseButton.LeftButton, pos=canvas.at(*CORNERS_YX[-1]))
        hand.wait(lambda: len(session.domains) == 2)
        assert panel.messages.isVisible(), "who draws on is told again"
        QTest.qWait(5 * SOON_MS)
        assert not_saved.isVisible()
        assert on_disk() == ()
    hand.wait(lambda: not not_saved.isVisible())
    assert files.kept.isVisible()
    assert set(on_disk()) == set(session.domains)
    assert "saved on this computer again" in panel.messages.text.text()


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
