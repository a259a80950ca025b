"""Training from the form, by mouse and keys: the encoder menu, a cancelled training that goes on, a live curve."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QWidget

from geneglass.model.pathology_networks import PATHOLOGY_NETWORKS
from geneglass.viewer.desk import Desk
from geneglass.viewer.encoder_choice import PATHOLOGY, TIP, EncoderChoice
from geneglass.viewer.job_view import MOST_DRAWN, Curve, JobView, in_short
from geneglass.viewer.look import form
from geneglass.viewer.message_strip import MessageStrip
from geneglass.viewer.session import Session
from geneglass.viewer.train_tab import TrainTab
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Event
from geneglass.workflow.stopped_runs import stopped_runs
from panels import press


@pytest.fixture
def desk(qtbot, tiny_cohort):
    from geneglass.data.cohort import read_cohort

    messages = MessageStrip()
    qtbot.addWidget(messages)
    found = Desk(Session(), JobRunner(), messages)
    found.session.set_cohort(read_cohort(tiny_cohort))
    found.runner.failed.connect(messages.error)
    return found


@pytest.fixture
def tab(desk, qtbot):
    found = TrainTab(desk)
    qtbot.addWidget(found)
    # In the panel the button stands below the tab.
    found.layout().addWidget(found.train)
    found.resize(370, 900)
    found.show()
    qtbot.waitExposed(found)
    return found


def test_every_pathology_network_can_be_chosen_by_keys_with_its_licence_and_gate_in_sight(tab, qtbot):
    choice = tab.encoder
    choice.kind.setFocus()
    qtbot.keyClicks(choice.kind, "Path")
    assert choice.kind.currentData() == PATHOLOGY
    assert choice.pathology.isVisible()
    assert choice.download.isVisible()
    assert not choice.network.isVisible()
    choice.pathology.setFocus()
    for name, entry in PATHOLOGY_NETWORKS.items():
        row = choice.pathology.findData(name)
        tip = choice.pathology.itemData(row, TIP)
        assert entry.licence in tip
        assert ("gated" in tip) == entry.gated
        choice.pathology.setCurrentIndex(row)
        assert choice.value() == f"pathology:{name}"
        assert entry.licence in choice.terms.text()
        assert ("gated" in choice.terms.text()) == entry.gated
    qtbot.keyClicks(choice.pathology, "kaiko-b8")
    assert tab.config().encoder == "pathology:kaiko-b8"


def test_weights_of_a_pathology_network_may_lie_in_a_file_and_are_then_not_downloaded(qtbot, tmp_path, monkeypatch):
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = form()
    holder.setLayout(layout)
    choice = EncoderChoice(layout)
    holder.show()
    choice.kind.setCurrentIndex(choice.kind.findData(PATHOLOGY))
    choice.pathology.setCurrentIndex(choice.pathology.findData("uni"))
    press(qtbot, choice.download)
    assert (choice.value(), choice.may_download()) == ("pathology:uni", True)
    path = tmp_path / "uni.bin"
    monkeypatch.setattr("geneglass.viewer.encoder_choice.choose_file", lambda *_: path)
    press(qtbot, choice.file)
    assert (choice.value(), choice.may_download()) == (f"pathology:uni@{path}", False)
    assert choice.file_name.text() == "uni.bin"


def choose(tab, qtbot, recipe, **settings):
    tab.recipe.setFocus()
    qtbot.keyClicks(tab.recipe, recipe)
    assert tab.recipe.currentData() == recipe
    for name, value in settings.items():
        tab.recipe_settings.editor(name).value = value
    tab.settings.editor("min_counts").value = 0


def test_a_cancelled_training_is_offered_and_goes_on_where_it_was(tab, desk, qtbot, wait_for):
    view = JobView(desk.runner, "dark")
    qtbot.addWidget(view)
    view.show()
    told = []
    desk.runner.progressed.connect(told.extend)
    choose(tab, qtbot, "mclstexp", epochs=400, patience=400, batch=8, embed_dim=8)
    rect = tab.sections.visualItemRect(tab.sections.item(2))
    box = QPoint(rect.left() + 12, rect.center().y())
    qtbot.mouseClick(tab.sections.viewport(), Qt.MouseButton.LeftButton, pos=box)
    assert not tab.resume.isVisible()
    press(qtbot, tab.train)
    wait_for(lambda: view.curve.isVisible() and any(event.score is not None for event in told))
    assert "held-out r" in view.curve.caption.text()
    press(qtbot, view.cancel)
    wait_for(lambda: desk.runner.running is None)
    assert desk.session.model_path is None
    wait_for(tab.resume.isVisible)
    assert "A training of mclstexp without Cleo was stopped just now" in tab.resume.text.text()
    (run,) = stopped_runs()
    assert run.config.settings["epochs"] == 400

    started = len(told)
    # The rest of its 400 epochs would take a while.
    press(qtbot, tab.resume.go_on)
    assert not tab.resume.isVisible()
    wait_for(lambda: any(event.loss is not None for event in told[started:]))
    press(qtbot, view.cancel)
    wait_for(lambda: desk.runner.running is None and tab.resume.isVisible())
    press(qtbot, tab.resume.forget)
    assert not tab.resume.isVisible()
    assert stopped_runs() == ()


def test_a_training_that_ends_leaves_no_offer_and_becomes_the_model(tab, desk, qtbot, wait_for):
    choose(tab, qtbot, "ridge")
    tab.settings.editor("cross_fit").value = False
    press(qtbot, tab.train)
    wait_for(lambda: desk.runner.running is None)
    assert desk.session.model_info is not None, desk.messages.text.text()
    assert [section.name for section in desk.session.model_info.sections] == ["Ada", "Bo", "Cleo"]
    assert not tab.resume.isVisible()


def test_a_long_curve_is_drawn_by_the_means_of_its_runs():
    values = np.arange(10.0)
    np.testing.assert_array_equal(in_short(values), (values, values))
    x, y = in_short(np.arange(MOST_DRAWN * 3 + 2, dtype=float))
    assert len(x) == len(y) <= MOST_DRAWN
    np.testing.assert_allclose(x, y)
    assert x[0] == 1.5


def test_a_new_stage_begins_a_new_curve(qtbot):
    curve = Curve("dark")
    qtbot.addWidget(curve)
    for loss in (3.0, 2.0):
        curve.add(Event("a", 1, 4, loss=loss))
    curve.add(Event("a", 2, 4, score=0.25))
    curve.draw()
    assert "training loss 2" in curve.caption.text()
    assert "held-out r 0.25" in curve.caption.text()
    curve.start_again()
    curve.add(Event("b", 1, 4, loss=5.0))
    curve.draw()
    assert "training loss 5" in curve.caption.text()
    assert "held-out" not in curve.caption.text()
