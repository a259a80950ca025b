"""Exit codes and sentences of the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from geneglass import __version__
from geneglass.cli.main import run


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("arguments", [["nonsense"], ["train"], ["predict", "--no-such-option"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--panel-size", "0"], "panel-size"),
        (["--min-counts", "-1"], "min-counts"),
        (["--out", "m.txt"], "m.txt"),
        (["--hold-out", "Al"], "section:NAME"),
        (["--hold-out", "patient:Zed"], "Zed"),
        (["--device", "abacus"], "abacus"),
        (["--recipe", "ridge", "--set", "components=0"], "components"),
        (["--recipe", "mclstexp", "--set", "dropout=1"], "dropout"),
    ],
)
def test_wrong_value_of_an_option_exits_with_2(
    options: list[str], word: str, tmp_path: Path, tiny_cohort: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.safetensors"
    assert run(["train", str(tiny_cohort), "--out", str(out), *options]) == 2
    assert word in capsys.readouterr().err
    assert not out.exists()


def test_missing_cohort_is_one_sentence_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["train", str(tmp_path / "none.toml"), "--recipe", "ridge", "--out", str(tmp_path / "m.safetensors")])
    told = capsys.readouterr().err
    assert code == 1
    assert "none.toml" in told.replace("\n", "")
    assert "Traceback" not in told


def test_unknown_recipe_names_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_cohort: Path
) -> None:
    out = tmp_path / "m.safetensors"
    code = run(["train", str(tiny_cohort), "--recipe", "alchemy", "--out", str(out)])
    told = capsys.readouterr().err
    assert code == 2
    assert "alchemy" in told
    assert "ridge" in told
    assert not out.exists()


@pytest.mark.parametrize(("command", "name"), [("recipes", "ridge"), ("encoders", "texture"), ("formats", "tiff")])
def test_listings_print_one_json_object(command: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert name in [row["name"] for row in listed[command]]


def test_setting_without_equals_sign_is_wrong_usage(tiny_cohort: Path, tmp_path: Path) -> None:
    arguments = ["train", str(tiny_cohort), "--recipe", "ridge", "--out", str(tmp_path / "m.safetensors")]
    assert run([*arguments, "--set", "novalue"]) == 2


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import geneglass, sys; print([m for m in ('torch', 'napari', 'qtpy', 'PyQt6') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_view_without_the_viewer_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The package's `main` is the function, which hides the module of that name.
    module = sys.modules["geneglass.cli.main"]
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "napari" else object())
    assert run(["view", "cohort.toml", "--gene", "KRT8"]) == 1
    assert "geneglass[all]" in " ".join(capsys.readouterr().err.split())
