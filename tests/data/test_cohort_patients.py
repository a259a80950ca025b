"""Patients taken from tables, folders and names, and from nothing less."""

from pathlib import Path

import pytest

from geneglass.data.cohort import SectionSource
from geneglass.data.cohort_patients import patients_of


def guessed(root: Path, *files: str, tables: tuple[Path, ...] = ()) -> dict[str, str]:
    sections = [SectionSource(Path(file).stem, spots=root / file) for file in files]
    return {name: guess.patient for name, guess in patients_of(sections, root, tables).items()}


@pytest.mark.parametrize("column", ["patient", "Donor_ID"])
def test_a_table_of_samples_comes_before_names(tmp_path: Path, column: str) -> None:
    table = tmp_path / "metadata.csv"
    table.write_text(f"age,Sample,{column}\n4,A1,anna\n5,a2,bo\n6,A3,\n")
    files = ("A1.h5ad", "A2.h5ad", "A3.h5ad", "B1.h5ad")
    assert guessed(tmp_path, *files, tables=(table,)) == {"A1": "anna", "A2": "bo", "A3": "A", "B1": "B"}
    sections = [SectionSource("A1", spots=tmp_path / "A1.h5ad")]
    assert patients_of(sections, tmp_path, [table])["A1"].source == f"column {column} of metadata.csv"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"sample\nA1\n", b'sample,patient\n"A1', b"a\tb\n1\n2\t3\t4\n"]
)
def test_a_table_that_says_nothing_is_passed_over(tmp_path: Path, content: bytes) -> None:
    table = tmp_path / "samples.tsv"
    table.write_bytes(content)
    assert guessed(tmp_path, "S.h5ad", tables=(table, tmp_path / "none.csv")) == {}


@pytest.mark.parametrize(
    ("names", "patients"),
    [
        (("A1", "A2", "B1"), "A A B"),
        (("P2_ST_rep1", "P2_ST_rep2", "P5-rep1", "P5-rep2"), "P2 P2 P5 P5"),
        (("A1", "B1", "C1", "D1"), None),  # the capture areas of one Visium slide
        (("A1", "A2", "A3"), None),
        (("S1", "S2", "other"), None),
        (("MOB1", "MOB2", "N1"), None),
        (("a_rep1", "b_rep1"), None),
    ],
)
def test_names_tell_patients_only_where_they_follow_a_known_rule(
    tmp_path: Path, names: tuple[str, ...], patients: str | None
) -> None:
    expected = {} if patients is None else dict(zip(names, patients.split(), strict=True))
    assert guessed(tmp_path, *(f"{name}.h5ad" for name in names)) == expected


@pytest.mark.parametrize("folder", ["patient_3", "P07", "mouse1", "Donor-A"])
def test_a_folder_that_is_named_as_a_patient_is_one(tmp_path: Path, folder: str) -> None:
    assert guessed(tmp_path, f"{folder}/x/S.h5ad") == {"S": folder}


@pytest.mark.parametrize("folder", ["batch1", "plots2", "p", "patients", "S", "mice"])
def test_other_folders_tell_nothing(tmp_path: Path, folder: str) -> None:
    assert guessed(tmp_path, f"{folder}/x/S.h5ad") == {}


@pytest.mark.parametrize("content", ["", "[]", '{"patient": 3}', "[" * 100_000])
def test_facts_of_hest_that_say_nothing_are_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "S.json").write_text(content)
    assert guessed(tmp_path, "st/S.h5ad") == {}
