import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geneglass.data.cohort import read_cohort
from geneglass.errors import InputError
from geneglass.viewer.command import _fill, require_display, view
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.train import train
from make_cohort import make_cohort
from repainted import green, repainted


def run_cli(*arguments, **environment):
    command = [sys.executable, "-c", "from geneglass.cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=200, check=False
    )


def test_without_a_display_it_is_one_sentence(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(InputError, match="no display"):
        require_display()
    monkeypatch.setenv("DISPLAY", ":98765")
    with pytest.raises(InputError, match="no display"):
        require_display()


def test_without_a_display_the_command_exits_with_1_and_no_traceback():
    result = run_cli("view", "slide.svs", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert result.returncode == 1
    assert "no display" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_screenshot_must_be_a_png(qtbot):
    with pytest.raises(InputError, match=r"\.png"):
        view(screenshot=Path("picture.bmp"))


@pytest.mark.usefixtures("qtbot")
def test_a_screenshot_of_a_section_and_exit_codes(tmp_path):
    cohort = make_cohort(tmp_path, 9, sections=1, size_um=(700.0, 900.0), n_genes=30)
    target = tmp_path / "window.png"
    result = run_cli("view", cohort, "--screenshot", target)
    assert result.returncode == 0, result.stderr
    pixels = np.asarray(Image.open(target).convert("RGB"), int)
    middle = pixels[pixels.shape[0] // 4 : -pixels.shape[0] // 4, : pixels.shape[1] // 2]
    pink = (middle[..., 0] > middle[..., 1] + 15) & (middle[..., 2] > middle[..., 1] + 5)
    assert pink.mean() > 0.05, "the tissue is not in the picture"

    result = run_cli("view", tmp_path / "nothing.svs", "--screenshot", tmp_path / "none.png")
    assert result.returncode == 1
    assert "nothing.svs" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "none.png").exists()


@pytest.fixture(scope="module")
def source(three_sections):
    return read_cohort(three_sections).sections[-1]


@pytest.fixture(scope="module")
def model(three_sections, source, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "ridge.safetensors"
    hold_out = (f"section:{source.name}",)
    return finish(train(TrainConfig(three_sections, out, "ridge", panel_size=10, cross_fit=False, hold_out=hold_out)))


def test_a_section_is_predicted_by_the_model_given(panel, three_sections, source, model):
    _fill(panel, section=f"{three_sections}#{source.name}", model=model)
    assert panel.desk.session.prediction is not None
    assert panel.predict_tab.check.concerns == ()


def test_a_slide_unlike_the_training_slides_is_asked_about_before_it_is_predicted(panel, source, model, tmp_path):
    _fill(panel, section=str(repainted(source, tmp_path, green, 0.8)), model=model)
    assert panel.desk.session.prediction is None
    assert panel.predict_tab.check.banner.isVisible()
    assert panel.predict_tab.predict.text() == "Predict genes anyway"


def test_for_a_screenshot_it_is_predicted_and_the_doubt_printed(panel, source, model, tmp_path, capsys):
    _fill(panel, section=str(repainted(source, tmp_path, green, 0.8)), model=model, asks=False)
    assert panel.desk.session.prediction is not None
    assert "Warning: The tissue of changed is stained unlike" in capsys.readouterr().err
