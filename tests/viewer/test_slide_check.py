"""In a real window: no slide is predicted before it was compared with those that the model was trained on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.viewer import slide_check
from geneglass.viewer.panel import GeneglassPanel
from geneglass.workflow import suitability
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.train import train
from panels import press
from repainted import green, repainted

Wait = Callable[..., None]


@pytest.fixture(scope="module")
def source(three_sections: Path) -> SectionSource:
    return read_cohort(three_sections).sections[-1]


@pytest.fixture(scope="module")
def model(three_sections: Path, source: SectionSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "ridge.safetensors"
    hold_out = (f"section:{source.name}",)
    settings = TrainConfig(
        cohort=three_sections, out=out, recipe="ridge", panel_size=10, cross_fit=False, hold_out=hold_out
    )
    return finish(train(settings))


@pytest.fixture
def shown(panel: GeneglassPanel, model: Path, wait_for: Wait) -> Callable[[Path], None]:
    """Return a function that chooses the model and opens a file, as it is before anybody had time to look."""

    def show(path: Path) -> None:
        panel.desk.session.set_model(model)
        panel.tabs.setCurrentIndex(1)
        panel.desk.open_path(path)
        wait_for(lambda: panel.desk.runner.running is None and panel.desk.session.section is not None)
        assert panel.predict_tab.check.pending

    return show


def idle(panel: GeneglassPanel) -> bool:
    return panel.desk.runner.running is None


def test_an_unlike_slide_is_not_predicted_when_the_button_is_pressed_at_once(
    panel: GeneglassPanel,
    source: SectionSource,
    shown: Callable[[Path], None],
    tmp_path: Path,
    qtbot: Any,
    wait_for: Wait,
) -> None:
    session, tab = panel.desk.session, panel.predict_tab
    shown(repainted(source, tmp_path, green, 0.8))
    press(qtbot, tab.predict)
    wait_for(lambda: idle(panel))

    assert session.prediction is None
    assert "stain" in [concern.kind for concern in tab.check.concerns]
    assert tab.check.banner.isVisible()
    assert tab.check.heading.text() == "Unlike the training slides"
    assert tab.predict.text() == "Predict genes anyway"
    assert "Nothing is predicted yet" in panel.messages.text.text()
    press(qtbot, tab.predict)
    wait_for(lambda: session.prediction is not None and idle(panel))


def test_a_slide_like_the_training_slides_is_predicted_by_one_press(
    panel: GeneglassPanel,
    three_sections: Path,
    source: SectionSource,
    model: Path,
    qtbot: Any,
    wait_for: Wait,
) -> None:
    session, tab = panel.desk.session, panel.predict_tab
    session.set_model(model)
    panel.tabs.setCurrentIndex(1)
    session.set_cohort(read_cohort(three_sections))
    panel.desk.open_source(source)
    wait_for(lambda: idle(panel) and session.section is not None)
    assert tab.check.pending
    press(qtbot, tab.predict)
    wait_for(lambda: session.prediction is not None and idle(panel))
    assert tab.check.concerns == ()
    assert not tab.check.pending


def test_a_comparison_that_fails_is_told_and_does_not_forbid_predicting(
    panel: GeneglassPanel,
    source: SectionSource,
    shown: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
    wait_for: Wait,
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("no such tile")

    monkeypatch.setattr(suitability, "stain_of", failing)
    session, tab = panel.desk.session, panel.predict_tab
    shown(repainted(source, tmp_path, lambda pixels: pixels, 0.8))
    press(qtbot, tab.predict)
    wait_for(lambda: idle(panel))
    assert session.prediction is None
    assert tab.check.heading.text() == "Not compared with the training slides"
    assert "could not be compared with the training slides: no such tile." in tab.check.text.text()
    assert tab.check.text.text().endswith("You can predict all the same.")
    press(qtbot, tab.predict)
    wait_for(lambda: session.prediction is not None and idle(panel))


def test_a_worker_that_fails_is_told_too(
    panel: GeneglassPanel,
    source: SectionSource,
    shown: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait_for: Wait,
) -> None:
    def failing(*_: object) -> Any:
        raise RuntimeError("no thread")
        yield

    monkeypatch.setattr(slide_check, "compare_slide", failing)
    check = panel.predict_tab.check
    shown(repainted(source, tmp_path, green, 0.8))
    wait_for(lambda: check.banner.isVisible())
    assert "could not be compared with the training slides: no thread." in check.text.text()
    assert not check.pending


def test_a_slide_without_a_pixel_size_is_said_not_to_be_compared_until_it_is_given(
    panel: GeneglassPanel, model: Path, source: SectionSource, tmp_path: Path, qtbot: Any, wait_for: Wait
) -> None:
    session, check = panel.desk.session, panel.predict_tab.check
    session.set_model(model)
    panel.tabs.setCurrentIndex(1)
    panel.desk.open_path(repainted(source, tmp_path, lambda pixels: pixels, None))
    wait_for(lambda: idle(panel) and session.section is not None)
    assert check.banner.isVisible()
    assert check.heading.text() == "Not compared with the training slides"
    assert check.text.text().endswith("its pixel size is not known. Give it above; predicting needs it too.")
    panel.head.mpp.value.setValue(0.8)
    press(qtbot, panel.head.mpp.set)
    wait_for(lambda: idle(panel) and session.section.mpp == 0.8 and not check.pending)
    assert check.concerns == ()
    assert not check.banner.isVisible()
