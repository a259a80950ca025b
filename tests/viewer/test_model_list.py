"""The list of models: read while the window lives on, chosen by a double click, deleted only after asking."""

import os
import shutil

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from geneglass.viewer.desk import Desk, data_folder
from geneglass.viewer.message_strip import MessageStrip
from geneglass.viewer.model_list import ModelList
from geneglass.viewer.session import Session
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.train import train
from panels import press


@pytest.fixture(scope="module")
def trained(tiny_cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "trained.safetensors"
    return finish(train(TrainConfig(cohort=tiny_cohort, out=out, recipe="ridge", min_counts=0)))


@pytest.fixture
def elsewhere(trained, tmp_path):
    return shutil.copy(trained, tmp_path / "other.safetensors")


@pytest.fixture
def listed(qtbot, trained, elsewhere, wait_for):
    folder = data_folder() / "models"
    folder.mkdir(parents=True)
    for age_s, name in enumerate(("first", "second")):
        shutil.copy(trained, folder / f"{name}.safetensors")
        os.utime(folder / f"{name}.safetensors", (1e9 - age_s, 1e9 - age_s))
    (folder / "broken.safetensors").write_bytes(b"\x07" * 40)
    os.utime(folder / "broken.safetensors", (1e8, 1e8))
    messages = MessageStrip()
    qtbot.addWidget(messages)
    found = ModelList(Desk(Session(), JobRunner(), messages))
    found.desk = found._desk
    qtbot.addWidget(found)
    found.resize(360, 400)
    found.show()
    qtbot.waitExposed(found)
    wait_for(lambda: found.models.count() == 3)
    return found


def row(listed, qtbot, name, *, twice=False):
    item = next(listed.models.item(i) for i in range(listed.models.count()) if name in listed.models.item(i).text())
    listed.models.scrollToItem(item)
    place = listed.models.visualItemRect(item).center()
    qtbot.mouseClick(listed.models.viewport(), Qt.MouseButton.LeftButton, pos=place)
    if twice:
        qtbot.mouseDClick(listed.models.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_each_model_says_what_it_was_trained_on(listed, qtbot):
    assert [listed.models.item(i).text() for i in range(3)] == [
        "first · ridge",
        "second · ridge",
        "broken.safetensors · can not be used",
    ]
    row(listed, qtbot, "second")
    said = listed.facts.text()
    assert "ridge, looks with texture, 59 genes, 2001-09-09" in said
    assert "Trained on Ada, Bo, Cleo (3 sections of 3 patients, " in said
    assert "Held-out r: median" in said
    row(listed, qtbot, "broken")
    assert "can not be read" in listed.facts.text()
    assert not listed.use.isEnabled()


def test_a_double_click_chooses_and_models_from_elsewhere_are_remembered(listed, qtbot, elsewhere, wait_for):
    session = listed.desk.session
    row(listed, qtbot, "second", twice=True)
    assert session.model_path.name == "second.safetensors"
    wait_for(lambda: listed.models.count() == 3 and listed.current() is not None)
    assert listed.current().path == session.model_path
    assert not listed.use.isEnabled()
    assert not listed.delete.isEnabled()
    session.set_model(elsewhere)
    wait_for(lambda: listed.models.count() == 4 and listed.current() is not None)
    assert listed.current().path == elsewhere
    row(listed, qtbot, "first")
    press(qtbot, listed.use)
    assert session.model_path.name == "first.safetensors"


@pytest.mark.parametrize("answer", ["Cancel", "Delete"])
def test_a_model_is_deleted_only_when_that_is_confirmed(listed, qtbot, wait_for, answer):
    path = data_folder() / "models" / "second.safetensors"
    row(listed, qtbot, "second")
    press(qtbot, listed.delete)
    box = listed.findChild(QMessageBox)
    wait_for(box.isVisible)
    assert "second.safetensors" in box.text()
    assert "Trained on Ada, Bo, Cleo" in box.text()
    button = next(b for b in box.buttons() if b.text().replace("&", "") == answer)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_for(lambda: not listed._reading.isActive() and listed.models.count() == (3 if answer == "Cancel" else 2))
    assert path.exists() == (answer == "Cancel")


def test_the_folder_is_shown_by_the_computers_own_file_window(listed, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr("geneglass.viewer.model_list.QDesktopServices.openUrl", asked.append)
    row(listed, qtbot, "first")
    press(qtbot, listed.folder)
    assert asked[0].toLocalFile() == str(data_folder() / "models")


def test_without_models_it_says_how_to_get_one(qtbot):
    messages = MessageStrip()
    qtbot.addWidget(messages)
    empty = ModelList(Desk(Session(), JobRunner(), messages))
    qtbot.addWidget(empty)
    empty.show()
    assert "train one, or load one" in empty.facts.text()
    assert not empty.models.isVisible()
