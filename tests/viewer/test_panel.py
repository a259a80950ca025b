"""The panel by mouse and keys: the main job, cancelling, and errors in one sentence."""

import time
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QPlainTextEdit

from geneglass.data.cohort import read_cohort
from geneglass.workflow.events import Event
from panels import open_path, press


def test_the_main_job_by_mouse_and_keys(panel, three_sections, qtbot, wait_for, monkeypatch):
    monkeypatch.setattr("geneglass.viewer.section_tab.choose_file", lambda *_: three_sections)
    session, train = panel.desk.session, panel.train_tab
    press(qtbot, panel.head.open)
    wait_for(lambda: session.section is not None and panel.desk.runner.running is None)
    assert panel.head.chooser.count() == 3
    assert "measured spots" in panel.head.facts.text()

    row = train.sections.visualItemRect(train.sections.item(0))
    box = row.topLeft()
    box.setX(box.x() + 12)
    box.setY(row.center().y())
    qtbot.mouseClick(train.sections.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert train.sections.item(0).checkState() == Qt.CheckState.Unchecked
    qtbot.keyClicks(train.recipe, "ridge")
    assert train.recipe.currentData() == "ridge"
    press(qtbot, train.train)
    assert panel.job.isVisible()
    assert not train.train.isEnabled()
    wait_for(lambda: panel.desk.runner.running is None, 120)
    assert session.model_path is not None, panel.messages.text.text()
    assert session.model_path.exists()
    trained_on = [section.name for section in session.model_info.sections]
    assert session.source.name not in trained_on
    assert len(trained_on) == 2

    press(qtbot, panel.predict_tab.predict)
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


def test_cancel_during_training_leaves_no_model(panel, three_sections, qtbot, wait_for):
    open_path(panel, three_sections, wait_for)
    press(qtbot, panel.train_tab.train)
    wait_for(lambda: not panel.job.stage.text().startswith("Training"))
    press(qtbot, panel.job.cancel)
    wait_for(lambda: panel.desk.runner.running is None)
    assert "Cancelled" in panel.messages.text.text()
    assert panel.desk.session.model_path is None
    assert not list(panel.train_tab.config().out.parent.glob("*.safetensors"))
    assert panel.train_tab.train.isEnabled()


def test_a_corrupt_slide_is_one_clear_sentence_with_details(panel, three_sections, tmp_path, qtbot, wait_for):
    bad = tmp_path / "broken.svs"
    bad.write_bytes(b"II*\x00" + b"\x07" * 500)
    open_path(panel, three_sections, wait_for)
    before = panel.desk.session.section
    open_path(panel, bad, wait_for)
    assert panel.messages.isVisible()
    assert panel.messages.property("kind") == "error"
    assert "broken.svs" in panel.messages.text.text()
    assert "\n" not in panel.messages.text.text()
    assert "Traceback" not in panel.messages.text.text()
    assert panel.desk.session.section is before
    press(qtbot, panel.messages.details)
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


def test_a_second_run_is_refused_while_one_runs(panel, three_sections, wait_for):
    def slow():
        while True:
            time.sleep(0.01)
            yield Event("Working", 0, 0)

    panel.desk.run("Training ridge", slow(), lambda _: None)
    panel.desk.open_path(three_sections)
    assert "Training ridge is still running" in panel.messages.text.text()
    panel.desk.runner.cancel()
    wait_for(lambda: panel.desk.runner.running is None)


def test_the_section_chooser_opens_another_section(panel, three_sections, qtbot, wait_for):
    open_path(panel, three_sections, wait_for)
    session = panel.desk.session
    first = session.source
    panel.head.chooser.setFocus()
    qtbot.keyClick(panel.head.chooser, Qt.Key.Key_Down)
    wait_for(lambda: panel.desk.runner.running is None and session.source != first)
    assert panel.head.chooser.currentData() == session.source
    assert len(session.cohort.sections) == 3


def test_a_slide_without_pixel_size_is_asked_for_it(panel, tmp_path, qtbot, wait_for):
    import numpy as np
    from PIL import Image

    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 420, 3), np.uint8)).save(path)
    open_path(panel, path, wait_for)
    assert panel.head.mpp.isVisible()
    panel.head.mpp.value.setValue(0.75)
    press(qtbot, panel.head.mpp.set)
    wait_for(lambda: panel.desk.runner.running is None and panel.desk.session.section.mpp == 0.75)
    assert not panel.head.mpp.isVisible()
    assert panel.predict_tab.on_grid.isChecked()
    assert "mpp = 0.75" in panel.desk.cohort_file().read_text()


def test_use_open_layers_takes_a_slide_that_napari_itself_opened(panel, three_sections, qtbot, wait_for):
    slide = read_cohort(three_sections).sections[0].slide
    press(qtbot, panel.head.use)
    assert "No layer" in panel.messages.text.text()
    panel._viewer.open(slide, plugin="napari")
    press(qtbot, panel.head.use)
    wait_for(lambda: panel.desk.runner.running is None and panel.desk.session.section is not None)
    assert panel.desk.session.section.slide.path == slide
    assert panel.predict_tab.on_grid.isChecked()
