"""The session file: paths move with it, what is missing is named once, damage is one sentence."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from geneglass.data.cohort import SectionSource
from geneglass.errors import InputError
from geneglass.workflow.session_file import SUFFIX, SavedSession, is_session, read_session, write_session


@pytest.fixture
def saved(tmp_path: Path) -> SavedSession:
    folder, other = tmp_path / "study", tmp_path / "elsewhere"
    folder.mkdir()
    other.mkdir()
    for file in (folder / "a.svs", folder / "a.h5ad", other / "b.h5ad", other / "m.safetensors", folder / "a.geojson"):
        file.write_bytes(b"x")
    sections = (
        SectionSource("a", "P1", slide=folder / "a.svs", spots=folder / "a.h5ad", mpp=0.25, orientation="rotate-90"),
        SectionSource("b", None, spots=other / "b.h5ad", scale=0.5),
    )
    return SavedSession(
        cohort=folder / "cohort.toml",
        sections=sections,
        section="a",
        gene="ERBB2",
        model=other / "m.safetensors",
        domains={"a": folder / "a.geojson"},
        window={"colours": {"opacity": 0.5}},
    )


@pytest.fixture
def file(saved: SavedSession) -> Path:
    return saved.cohort.parent / f"mine{SUFFIX}"


def write(file: Path, saved: SavedSession, **changes: Any) -> None:
    write_session(file, saved)
    content = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps(content), encoding="utf-8")


def test_it_comes_back_as_it_was(file: Path, saved: SavedSession) -> None:
    write_session(file, saved)
    assert is_session(file)
    assert read_session(file) == (saved, "")
    text = file.read_text(encoding="utf-8")
    assert '"a.svs"' in text, "what lies below the file is relative to it"
    assert str(saved.model) in text


def test_it_moves_with_its_folder(file: Path, saved: SavedSession, tmp_path: Path) -> None:
    write_session(file, saved)
    moved = shutil.move(file.parent, tmp_path / "moved")
    found, missing = read_session(Path(moved) / file.name)
    assert missing == ""
    assert found.sections[0].slide == Path(moved) / "a.svs"


def test_what_is_missing_is_named_in_one_sentence_and_the_rest_stays(file: Path, saved: SavedSession) -> None:
    write_session(file, saved)
    for path in (saved.sections[0].slide, saved.sections[1].spots, saved.model, saved.domains["a"]):
        assert path is not None
        path.unlink()
    found, missing = read_session(file)
    assert [(source.name, source.slide) for source in found.sections] == [("a", None)]
    assert found.sections[0].spots == saved.sections[0].spots
    assert (found.section, found.model, dict(found.domains)) == ("a", None, {})
    assert missing.count("No such file") == 1
    assert all(name in missing for name in ("a.svs", "b.h5ad", "m.safetensors", "a.geojson"))


def test_another_section_is_open_where_the_saved_one_is_gone(file: Path, saved: SavedSession) -> None:
    write_session(file, saved)
    (file.parent / "a.svs").unlink()
    (file.parent / "a.h5ad").unlink()
    assert read_session(file)[0].section == "b"


@pytest.mark.parametrize(
    "changes",
    [
        {"sections": 3},
        {"sections": [{"patient": "P"}]},
        {"sections": [{"name": "a", "slide": 7}]},
        {"sections": [{"name": "a", "slide": "a.svs", "mpp": -1}]},
        {"sections": [{"name": "a", "slide": "a.svs", "orientation": "sideways"}]},
        {"predictions": ["p.h5ad"]},
        {"gene": 5},
        {"window": []},
        {"cohort": None},
        {"geneglass_session": 99},
    ],
)
def test_damage_is_one_sentence(file: Path, saved: SavedSession, changes: dict[str, Any]) -> None:
    write(file, saved, **changes)
    with pytest.raises(InputError) as caught:
        read_session(file)
    assert file.name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"geneglass_session"'])
def test_what_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_session(path)
    assert not is_session(tmp_path / "nothing.json")


def test_geojson_is_no_session(tmp_path: Path) -> None:
    path = tmp_path / "drawn.json"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    assert not is_session(path)
