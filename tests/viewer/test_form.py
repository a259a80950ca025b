from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from geneglass.errors import InputError
from geneglass.model.recipes import RECIPES
from geneglass.viewer.form import Form
from geneglass.viewer.look import style_sheet
from geneglass.workflow.config import TrainConfig


@dataclass(frozen=True)
class Settings:
    components: Annotated[int, {"min": 1, "max": 2000, "tooltip": "How many components"}] = 128
    rate: Annotated[float, {"tooltip": "Learning rate"}] = 0.0001
    size_um: float = 112.5
    faithful: bool = False
    rule: Literal["mean", "weighted"] = "weighted"
    limit: int | None = None
    shape: tuple[int, ...] = (3, 4)

    def __post_init__(self):
        if self.components == 13:
            raise InputError("components must not be 13.")


def test_an_untouched_form_gives_back_the_same_dataclass(qtbot):
    form = Form(Settings(rate=3e-5))
    qtbot.addWidget(form)
    assert form.config() == Settings(rate=3e-5)
    assert form.changed() == {}


def test_edits_limits_and_tooltips_reach_the_form_and_come_back(qtbot):
    form = Form(Settings())
    qtbot.addWidget(form)
    assert form.editor("components").tooltip == "How many components"
    assert (form.editor("components").min, form.editor("components").max) == (1, 2000)
    form.editor("components").value = 64
    form.editor("faithful").value = True
    form.editor("rule").value = "mean"
    assert form.config() == Settings(components=64, faithful=True, rule="mean")
    assert form.changed() == {"components": 64, "faithful": True, "rule": "mean"}


def test_what_a_form_can_not_edit_keeps_its_value(qtbot):
    form = Form(Settings(shape=(9, 9), limit=None))
    qtbot.addWidget(form)
    assert "shape" not in form.changed()
    assert form.config().shape == (9, 9)


def test_the_checks_of_the_dataclass_speak(qtbot):
    form = Form(Settings())
    qtbot.addWidget(form)
    form.editor("components").value = 13
    with pytest.raises(InputError, match="must not be 13"):
        form.config()


def test_train_config_round_trip(qtbot):
    default = TrainConfig(cohort=Path("cohort.toml"), out=Path("model.safetensors"), panel_size=300)
    form = Form(default, only=("panel_size", "min_counts", "cross_fit", "seed"))
    qtbot.addWidget(form)
    assert len(form) == 4
    form.editor("seed").value = 7
    assert form.config() == TrainConfig(
        cohort=Path("cohort.toml"), out=Path("model.safetensors"), panel_size=300, seed=7
    )


def test_the_settings_of_every_recipe_survive_the_form(qtbot):
    for name in RECIPES:
        for default in (RECIPES[name].Config(), RECIPES[name].published()):
            form = Form(default)
            qtbot.addWidget(form)
            assert form.config() == default, name
            assert len(form) > 0, name


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_no_name_of_a_setting_is_cut_off(recipe, qtbot):
    form = Form(RECIPES[recipe].Config())
    qtbot.addWidget(form)
    form.setStyleSheet(style_sheet("dark"))
    form.resize(340, form.sizeHint().height())
    form.show()
    qtbot.waitExposed(form)
    for label in form.findChildren(QLabel):
        if label.text():
            needed = label.fontMetrics().boundingRect(
                label.contentsRect(), Qt.TextFlag.TextWordWrap.value, label.text()
            )
            assert label.contentsRect().contains(needed), label.text()
