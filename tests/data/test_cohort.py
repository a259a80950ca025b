"""cohort.toml: read, written, and every fault named."""

from pathlib import Path

import numpy as np
import pytest

from geneglass.data.cohort import Cohort, SectionSource, find_section, is_cohort, read_cohort, write_cohort
from geneglass.errors import InputError
from space_ranger_writer import write_positions, write_space_ranger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.tif", "a.tsv.gz", "a_places.tsv", "b.tif"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def cohort(folder: Path, text: str) -> Path:
    path = folder / "cohort.toml"
    path.write_text(text)
    return path


TWO = """
[[section]]
name = "A"
patient = "p1"
slide = "a.tif"
spots = "a.tsv.gz"
positions = "a_places.tsv"
mpp = 0.5
scale = 0.25

[[section]]
name = "B"
slide = "b.tif"
"""


def test_paths_are_relative_to_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cohort(folder, TWO)
    monkeypatch.chdir(folder.parent)
    for given in (path, Path(folder.name) / "cohort.toml"):
        read = read_cohort(given)
        assert read.path == path
        assert read.sections[0] == SectionSource(
            "A", "p1", folder / "a.tif", folder / "a.tsv.gz", folder / "a_places.tsv", mpp=0.5, scale=0.25
        )
        assert read.sections[1] == SectionSource("B", slide=folder / "b.tif")


def test_what_is_written_is_read_back(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / 'odd "name" \\ é.tif'
    elsewhere.write_bytes(b"")
    sections = (
        SectionSource('quote " and \x7f', "père", folder / "a.tif", folder / "a.tsv.gz", mpp=1e-05, scale=2000 / 6954),
        SectionSource("B", slide=elsewhere, orientation="rotate-90"),
        SectionSource("C", slide=elsewhere, orientation="none"),
    )
    written = Cohort(folder / "cohort.toml", sections)
    write_cohort(written)
    assert read_cohort(written.path) == written
    text = written.path.read_text()
    assert 'slide = "a.tif"' in text
    assert str(folder) not in text


def test_a_cohort_can_be_moved_with_its_files(folder: Path) -> None:
    write_cohort(Cohort(folder / "cohort.toml", (SectionSource("A", slide=folder / "a.tif"),)))
    moved = folder.rename(folder.parent / "moved")
    assert read_cohort(moved / "cohort.toml").sections[0].slide == moved / "a.tif"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[section]", "is not valid TOML"),
        ("", "has no section"),
        ("section = 3", "has no section"),
        ("section = []", "has no section"),
        ("title = 'x'\n" + TWO, "unknown key title"),
        (TWO + "images = 'b.tif'", r"section B: unknown key images; allowed are name, patient, slide, spots"),
        ("[[section]]\nslide = 'a.tif'", "section 1: `name` is missing"),
        ("[[section]]\nname = 'A'", "section A has neither `slide` nor `spots`"),
        ("[[section]]\nname = 'A'\nslide='a.tif'\npositions='a_places.tsv'", "`positions` without `spots`"),
        ("[[section]]\nname = ' '\nslide = 'a.tif'", "`name` must be text, got ' '"),
        ("[[section]]\nname = 'A'\nslide = 4", "`slide` must be text, got 4"),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\nmpp = 0", "`mpp` must be a number above 0, got 0"),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\nmpp = 'half'", "`mpp` must be a number above 0, got 'half'"),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\nscale = -1.0", "`scale` must be a number above 0, got -1.0"),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\nscale = nan", "`scale` must be a number above 0"),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\nscale = inf", "`scale` must be a number above 0"),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\nmpp = true", "`mpp` must be a number above 0"),
        (
            "[[section]]\nname = 'A'\nslide = 'a.tif'\norientation = 'flipped'",
            "section A: `orientation` must be one of none, swap-xy, mirror-x, .*; got 'flipped'",
        ),
        ("[[section]]\nname = 'A'\nslide = 'a.tif'\norientation = 90", "`orientation` must be one of .*; got 90"),
        (TWO + TWO, "more than one section is named A, B"),
        (TWO.replace("b.tif", "c.tif").replace("a.tsv.gz", "x.tsv"), r"no such file: spots of A .*slide of B"),
    ],
)
def test_every_fault_is_named(folder: Path, text: str, sentence: str) -> None:
    path = cohort(folder, text)
    with pytest.raises(InputError, match=sentence) as caught:
        read_cohort(path)
    assert str(path) in str(caught.value)


def test_a_cohort_that_does_not_exist_or_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_cohort(tmp_path / "cohort.toml")
    (tmp_path / "cohort.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_cohort(tmp_path / "cohort.toml")


def test_patients_and_names_may_be_numbers(folder: Path) -> None:
    read = read_cohort(cohort(folder, "[[section]]\nname = 7\npatient = 12\nslide = 'a.tif'"))
    assert (read.sections[0].name, read.sections[0].patient) == ("7", "12")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (TWO, True),
        (TWO + "\nunknown = 1", True),
        (TWO + "\nbroken =", True),
        ("[project]\nname = 'x'", False),
        ("[[section]]\ntitle = 'chapter one'", False),
        ("broken =", False),
        ("section = 'x'", False),
        ("", False),
    ],
)
def test_a_toml_that_is_no_cohort_is_left_to_others(folder: Path, text: str, is_one: bool) -> None:
    assert is_cohort(cohort(folder, text)) is is_one


def test_what_can_not_be_read_is_no_cohort(tmp_path: Path) -> None:
    assert not is_cohort(tmp_path / "gone.toml")
    assert not is_cohort(tmp_path)
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    assert not is_cohort(tmp_path / "a.toml")


def test_a_section_is_found_by_file_folder_or_name(folder: Path) -> None:
    assert find_section(folder / "b.tif") == SectionSource("b", slide=folder / "b.tif")
    assert find_section(str(folder / "a.tsv.gz")) == SectionSource("a", spots=folder / "a.tsv.gz")
    path = cohort(folder, TWO)
    assert find_section(f"{path}#B").name == "B"
    with pytest.raises(InputError, match=r"has 2 sections; name one as cohort\.toml#NAME, with NAME one of A, B"):
        find_section(path)
    with pytest.raises(InputError, match=r"has no section 'C'; it has A, B"):
        find_section(f"{path}#C")
    cohort(folder, TWO[: TWO.index('[[section]]\nname = "B"')])
    assert find_section(path).name == find_section(folder).name == "A"


def test_a_folder_with_one_slide_and_one_table_is_a_section(folder: Path) -> None:
    with pytest.raises(InputError, match="has 2 slides"):
        find_section(folder)
    (folder / "b.tif").unlink()
    (folder / "a_places.tsv").rename(folder / "a_selection.tsv")
    assert find_section(folder) == SectionSource(folder.name, slide=folder / "a.tif", spots=folder / "a.tsv.gz")


def test_a_name_with_a_hash_that_exists_is_a_file(folder: Path) -> None:
    odd = (folder / "b.tif").rename(folder / "b#2.tif")
    assert find_section(odd).slide == odd


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No such file: .*gone\.svs"):
        find_section(tmp_path / "gone.svs")
    with pytest.raises(InputError, match=r"No such file: .*cohort\.toml"):
        find_section(f"{tmp_path}/cohort.toml#A")
    with pytest.raises(InputError, match="0 slides, 0 spot tables"):
        find_section(tmp_path)


@pytest.mark.parametrize(
    "named", ["outs", "outs/spatial", "outs/filtered_feature_bc_matrix.h5", "outs/spatial/tissue_positions.csv"]
)
def test_a_section_of_space_ranger_is_called_as_its_sample(named: str, tmp_path: Path) -> None:
    folder = tmp_path / "breast 7" / "outs"
    barcodes = ["AAACAAGTATCTCCCA-1", "AAACACCAATAACTGC-1"]
    write_space_ranger(folder, np.ones((2, 3)), ["A", "B", "C"], barcodes)
    write_positions(folder / "spatial" / "tissue_positions.csv", barcodes, [(0, 0), (1, 1)], np.ones((2, 2)))
    found = find_section(folder.parent / named)
    assert (found.name, found.slide) == ("breast 7", None)
