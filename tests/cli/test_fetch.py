"""`geneglass fetch` on the command line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from geneglass.cli.main import run

NAME = "GSM7697868/suppl/GSM7697868_GEX_C73_A1_Merged.tiff.gz"


def test_without_a_name_the_sets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fetch"]) == 0
    assert "her2st" in capsys.readouterr().out
    assert run(["fetch", "--json"]) == 0
    sets = {row["name"]: row for row in json.loads(capsys.readouterr().out)["sets"]}
    assert (sets["her2st"]["sections"], sets["her2st"]["patients"]) == (36, 8)
    assert sets["her2st"]["licence"].startswith("none stated")
    assert sets["hest"]["by_hand"]


def test_json_is_one_object_and_the_licence_is_told_first(
    loopback: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loopback.files = {NAME: gzip.compress(b"a slide")}
    arguments = ["fetch", "liver", "--to", str(tmp_path), "--sections", "A1", "--mirror", loopback.address]
    assert run([*arguments, "--json"]) == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert result["name"] == "liver"
    assert "GEO" in result["licence"]
    assert Path(result["cohort"]).is_file()
    assert "Licence: none stated" in told.err
    assert run(arguments) == 0
    told = capsys.readouterr()
    assert "0 files fetched, 1 were here" in told.out
    assert "Licence: none stated" in told.err
    assert len(loopback.seen) == 1


def test_refusing_server_is_exit_1_and_one_sentence(
    loopback: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fetch", "liver", "--to", str(tmp_path), "--sections", "A1", "--mirror", loopback.address]
    assert run(arguments) == 1
    told = capsys.readouterr()
    assert "HTTP 404" in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["hest"], 1, "CC BY-NC-SA"),
        (["nosuch"], 2, "her2st"),
        (["her2st", "--mirror", "ftp://127.0.0.1/"], 2, "http://"),
        (["her2st", "--sections", "Z9"], 2, "Z9"),
        (["liver", "--no-images"], 2, "nothing of this set"),
    ],
)
def test_mistake_is_told_before_anything_is_asked_or_made(
    arguments: list[str], code: int, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    assert run(["fetch", *arguments, "--to", str(folder)]) == code
    assert word in " ".join(capsys.readouterr().err.split())
    assert not folder.exists()
