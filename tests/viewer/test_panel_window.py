"""The panel as a part of napari's window: its room, its themes, and what closing leaves."""

import time
import warnings

from qtpy.QtWidgets import QDockWidget, QScrollArea

from geneglass.data.cohort import read_cohort
from geneglass.viewer.session import session_of
from geneglass.viewer.worker import runner_of
from geneglass.workflow.events import Event
from panels import open_path, press


def test_no_horizontal_clipping_at_1280_by_800(panel, three_sections, qtbot, wait_for):
    open_path(panel, three_sections, wait_for)
    panel.train_tab.more.button.click()
    for kind in range(panel.train_tab.encoder.kind.count()):
        panel.train_tab.encoder.kind.setCurrentIndex(kind)
        for index in range(panel.tabs.count()):
            panel.tabs.setCurrentIndex(index)
            qtbot.wait(30)
            page = panel.tabs.currentWidget()
            area = page if isinstance(page, QScrollArea) else page.findChild(QScrollArea)
            inside, room = (page, page) if area is None else (area.widget(), area.viewport())
            assert inside.minimumSizeHint().width() <= room.width()
    for number in range(3):
        panel.messages.tell(f"Section {number}: 6 of 304 spots have under 500 counts and are set aside in training.")
    panel.desk.runner.started.emit("Training mclstexp")
    panel.desk.runner.progressed.emit([Event("Training", 1, 2, loss=2.0, score=0.1)])
    qtbot.wait(200)
    assert panel.job.curve.isVisible()
    assert panel.width() <= 400
    assert panel.window().height() <= 800
    assert panel.window().width() <= 1280


def test_two_maps_in_a_narrow_window_get_the_room_of_napari_s_panels(panel, small_cohort, predicted, qtbot, wait_for):
    open_path(panel, small_cohort, wait_for)
    session, viewer = panel.desk.session, panel._viewer
    docks = [dock for dock in panel.window().findChildren(QDockWidget) if not dock.isAncestorOf(panel)]
    before = [dock for dock in docks if dock.isVisible()]
    assert before
    session.set_prediction(predicted(session.section))
    assert panel.head.wide.isChecked()
    assert not any(dock.isVisible() for dock in docks)
    press(qtbot, panel.head.wide)
    assert [dock for dock in docks if dock.isVisible()] == before
    session.set_prediction(predicted(session.section))
    assert not panel.head.wide.isChecked(), "whoever has chosen a view keeps it"
    press(qtbot, panel.head.wide)
    viewer.window.remove_dock_widget(panel)
    wait_for(lambda: [dock for dock in docks if dock.isVisible()] == before)


def test_both_themes_style_the_panel(panel, qtbot):
    sheets = []
    for theme in ("light", "dark"):
        panel._viewer.theme = theme
        sheets.append(panel.styleSheet())
    assert sheets[0] != sheets[1]


def test_two_viewers_have_sessions_of_their_own(make_panel, three_sections, wait_for):
    one, two = make_panel(), make_panel()
    assert one.desk.session is not two.desk.session
    assert one.desk.runner is not two.desk.runner
    open_path(one, three_sections, wait_for)
    assert two.desk.session.section is None
    assert len(two._viewer.layers) == 0
    assert len(one._viewer.layers) > 0
    assert session_of(one._viewer) is one.desk.session


def test_a_viewer_closed_while_a_job_runs_stops_the_job(make_panel, wait_for):
    closed, steps = [], []

    def job():
        try:
            while True:
                time.sleep(0.01)
                steps.append(1)
                yield Event("Working", len(steps), 0, loss=1.0)
        finally:
            closed.append(True)

    panel = make_panel()
    runner = runner_of(panel.desk.session)
    panel.desk.run("Working", job(), lambda _: None)
    wait_for(lambda: len(steps) > 3)
    panel._viewer.close()
    wait_for(lambda: bool(closed) and runner.running is None)


def test_a_panel_closed_while_a_job_runs_stops_the_job_and_is_not_touched(make_panel, three_sections, wait_for, qtbot):
    closed = []

    def job():
        try:
            while True:
                time.sleep(0.01)
                yield Event("Working", 1, 0, loss=1.0, message="Something to say.")
        finally:
            closed.append(True)

    panel = make_panel()
    viewer, session = panel._viewer, panel.desk.session
    panel.desk.run("Working", job(), lambda _: None)
    qtbot.wait(200)
    viewer.window.remove_dock_widget(panel)
    panel.deleteLater()
    del panel
    wait_for(lambda: bool(closed) and runner_of(session).running is None)
    qtbot.wait(50)
    assert len(session.message) == 0
    session.set_cohort(read_cohort(three_sections))
    session.open_section(session.cohort.sections[0])


def test_only_public_napari_is_used(panel, three_sections, wait_for):
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        open_path(panel, three_sections, wait_for)
        panel.head.wide.click()
        panel.head.wide.click()
        panel.head.use.click()
