import time
import warnings
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDockWidget, QPlainTextEdit, QScrollArea

from geneglass.data.cohort import read_cohort
from geneglass.viewer.session import session_of
from geneglass.viewer.worker import runner_of
from geneglass.workflow.events import Event
from make_cohort import make_cohort


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    return make_cohort(folder, 5, sections=3, size_um=(800.0, 1100.0), n_genes=40)


@pytest.fixture
def make_panel(make_napari_viewer_proxy, qtbot):
    from geneglass.viewer.panel import GeneglassPanel

    def make():
        viewer = make_napari_viewer_proxy(show=True)
        panel = GeneglassPanel(viewer)
        viewer.window.add_dock_widget(panel, name="geneglass", area="right")
        viewer.window.resize(1280, 800)
        qtbot.waitExposed(panel)
        return panel

    return make


@pytest.fixture
def panel(make_panel):
    return make_panel()


@pytest.fixture
def press(qtbot):
    def press(button):
        assert button.isEnabled()
        assert button.isVisible()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    return press


def opened(panel, path, wait_for):
    panel.desk.open_path(path)
    wait_for(lambda: panel.desk.runner.running is None)
    return panel


def tab(panel, qtbot, index):
    bar = panel.tabs.tabBar()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(index).center())
    assert panel.tabs.currentIndex() == index


def test_the_main_job_by_mouse_and_keys(panel, cohort, press, qtbot, wait_for, monkeypatch):
    monkeypatch.setattr("geneglass.viewer.section_tab.choose_file", lambda *_: cohort)
    session, train = panel.desk.session, panel.train_tab
    press(panel.head.open)
    wait_for(lambda: session.section is not None and panel.desk.runner.running is None)
    assert panel.head.chooser.count() == 3
    assert "measured spots" in panel.head.facts.text()

    row = train.sections.visualItemRect(train.sections.item(0))
    box = row.topLeft()
    box.setX(box.x() + 12)
    box.setY(row.center().y())
    qtbot.mouseClick(train.sections.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert train.sections.item(0).checkState() == Qt.CheckState.Unchecked
    press(train.train)
    assert panel.job.isVisible()
    assert not train.train.isEnabled()
    wait_for(lambda: panel.desk.runner.running is None)
    assert session.model_path is not None, panel.messages.text.text()
    assert session.model_path.exists()
    trained_on = [section.name for section in session.model_info.sections]
    assert session.source.name not in trained_on
    assert len(trained_on) == 2

    press(panel.predict_tab.predict)
    wait_for(lambda: panel.desk.runner.running is None)
    assert session.prediction is not None, panel.messages.text.text()
    assert session.gene is not None
    assert not session.trained_on
    assert len(list(Path(session.model_path).parents[1].glob("predictions/*.h5ad"))) == 1

    names = [gene.name for gene in session.genes if gene.predicted]
    wanted = names[len(names) // 2]
    qtbot.keyClicks(panel.genes.search, wanted)
    qtbot.keyClick(panel.genes.search, Qt.Key.Key_Down)
    wait_for(lambda: session.gene is not None and wanted.upper() in session.gene.upper())


def test_cancel_during_training_leaves_no_model(panel, cohort, press, qtbot, wait_for):
    opened(panel, cohort, wait_for)
    press(panel.train_tab.train)
    wait_for(lambda: not panel.job.stage.text().startswith("Training"))
    press(panel.job.cancel)
    wait_for(lambda: panel.desk.runner.running is None)
    assert "Cancelled" in panel.messages.text.text()
    assert panel.desk.session.model_path is None
    assert not list(panel.train_tab.config().out.parent.glob("*.safetensors"))
    assert panel.train_tab.train.isEnabled()


def test_a_corrupt_slide_is_one_clear_sentence_with_details(panel, cohort, tmp_path, press, qtbot, wait_for):
    bad = tmp_path / "broken.svs"
    bad.write_bytes(b"II*\x00" + b"\x07" * 500)
    opened(panel, cohort, wait_for)
    before = panel.desk.session.section
    opened(panel, bad, wait_for)
    assert panel.messages.isVisible()
    assert panel.messages.property("kind") == "error"
    assert "broken.svs" in panel.messages.text.text()
    assert "\n" not in panel.messages.text.text()
    assert "Traceback" not in panel.messages.text.text()
    assert panel.desk.session.section is before
    press(panel.messages.details)
    dialog = panel.messages.findChild(QDialog)
    assert "Traceback" in dialog.findChild(QPlainTextEdit).toPlainText()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_an_unexpected_error_is_a_sentence_too(panel, wait_for):
    def job():
        yield Event("Working", 1, 2)
        raise RuntimeError("CUDA out of memory\nlots of text")

    panel.desk.run("Working", job(), lambda _: None)
    wait_for(lambda: panel.desk.runner.running is None)
    assert "CUDA out of memory" in panel.messages.text.text()
    assert "lots of text" not in panel.messages.text.text()


def test_a_second_run_is_refused_while_one_runs(panel, cohort, wait_for):
    def slow():
        while True:
            time.sleep(0.01)
            yield Event("Working", 0, 0)

    panel.desk.run("Training ridge", slow(), lambda _: None)
    panel.desk.open_path(cohort)
    assert "Training ridge is still running" in panel.messages.text.text()
    panel.desk.runner.cancel()
    wait_for(lambda: panel.desk.runner.running is None)


def test_the_section_chooser_opens_another_section(panel, cohort, qtbot, wait_for):
    opened(panel, cohort, wait_for)
    session = panel.desk.session
    first = session.source
    panel.head.chooser.setFocus()
    qtbot.keyClick(panel.head.chooser, Qt.Key.Key_Down)
    wait_for(lambda: panel.desk.runner.running is None and session.source != first)
    assert panel.head.chooser.currentData() == session.source
    assert len(session.cohort.sections) == 3


def test_a_slide_without_pixel_size_is_asked_for_it(panel, tmp_path, press, wait_for):
    import numpy as np
    from PIL import Image

    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 420, 3), np.uint8)).save(path)
    opened(panel, path, wait_for)
    assert panel.head.mpp.isVisible()
    panel.head.mpp.value.setValue(0.75)
    press(panel.head.mpp.set)
    wait_for(lambda: panel.desk.runner.running is None and panel.desk.session.section.mpp == 0.75)
    assert not panel.head.mpp.isVisible()
    assert panel.predict_tab.on_grid.isChecked()
    assert "mpp = 0.75" in panel.desk.cohort_file().read_text()


def test_no_horizontal_clipping_at_1280_by_800(panel, cohort, qtbot, wait_for):
    opened(panel, cohort, wait_for)
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


def test_two_maps_in_a_narrow_window_get_the_room_of_napari_s_panels(panel, small_cohort, predicted, press, wait_for):
    opened(panel, small_cohort, wait_for)
    session, viewer = panel.desk.session, panel._viewer
    docks = [dock for dock in panel.window().findChildren(QDockWidget) if not dock.isAncestorOf(panel)]
    before = [dock for dock in docks if dock.isVisible()]
    assert before
    session.set_prediction(predicted(session.section))
    assert panel.head.wide.isChecked()
    assert not any(dock.isVisible() for dock in docks)
    press(panel.head.wide)
    assert [dock for dock in docks if dock.isVisible()] == before
    session.set_prediction(predicted(session.section))
    assert not panel.head.wide.isChecked(), "whoever has chosen a view keeps it"
    press(panel.head.wide)
    viewer.window.remove_dock_widget(panel)
    wait_for(lambda: [dock for dock in docks if dock.isVisible()] == before)


def test_both_themes_style_the_panel(panel, qtbot):
    sheets = []
    for theme in ("light", "dark"):
        panel._viewer.theme = theme
        sheets.append(panel.styleSheet())
    assert sheets[0] != sheets[1]


def test_two_viewers_have_sessions_of_their_own(make_panel, cohort, wait_for):
    one, two = make_panel(), make_panel()
    assert one.desk.session is not two.desk.session
    assert one.desk.runner is not two.desk.runner
    opened(one, cohort, wait_for)
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


def test_a_panel_closed_while_a_job_runs_stops_the_job_and_is_not_touched(make_panel, cohort, wait_for, qtbot):
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
    session.set_cohort(read_cohort(cohort))
    session.open_section(session.cohort.sections[0])


def test_use_open_layers_takes_a_slide_that_napari_itself_opened(panel, cohort, press, wait_for):
    slide = read_cohort(cohort).sections[0].slide
    press(panel.head.use)
    assert "No layer" in panel.messages.text.text()
    panel._viewer.open(slide, plugin="napari")
    press(panel.head.use)
    wait_for(lambda: panel.desk.runner.running is None and panel.desk.session.section is not None)
    assert panel.desk.session.section.slide.path == slide
    assert panel.predict_tab.on_grid.isChecked()


def test_only_public_napari_is_used(panel, cohort, wait_for):
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        opened(panel, cohort, wait_for)
        panel.head.wide.click()
        panel.head.wide.click()
        panel.head.use.click()
