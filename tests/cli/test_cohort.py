"""geneglass cohort init on the command line."""

import json
from pathlib import Path

import pytest

from geneglass.cli.main import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("A1", "A2", "B1"):
        (tmp_path / f"{name}.tsv").write_text("\tA\tB\n1x1\t3\t4\n2x1\t5\t6\n")
        (tmp_path / f"{name}_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n1\t1\t10\t10\n2\t1\t20\t10\n")
    (tmp_path / "table.tsv").write_text("gene\tname\nENSG1\tA\n")
    return tmp_path


def test_what_was_found_guessed_and_left_out_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cohort", "init", str(folder)]) == 0
    told = capsys.readouterr().out
    assert (folder / "cohort.toml").is_file()
    for part in ("A1.tsv", "letter of its name", "left out: table.tsv", "cohort.toml"):
        assert part in told


def test_json_is_one_object_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cohort", "init", str(folder), "--out", str(folder / "c.toml"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cohort"] == str(folder / "c.toml")
    assert [(row["name"], row["patient"]) for row in found["sections"]] == [("A1", "A"), ("A2", "A"), ("B1", "B")]
    assert [Path(row["path"]).name for row in found["left_out"]] == ["table.tsv"]


def test_a_second_run_needs_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cohort", "init", str(folder)]) == 0
    assert run(["cohort", "init", str(folder)]) == 1
    assert "--force" in capsys.readouterr().err
    assert run(["cohort", "init", str(folder), "--force"]) == 0


def test_the_written_cohort_is_one_that_check_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cohort", "init", str(folder)]) == 0
    capsys.readouterr()
    assert run(["check", str(folder / "cohort.toml"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sections"]) == 3


def test_no_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cohort", "init", str(tmp_path / "none")]) == 1
    assert "no folder" in " ".join(capsys.readouterr().err.split())
