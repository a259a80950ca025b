"""Which patient a section is from: taken from a table or the layout of the folders, never from less."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geneglass.data.cohort import SectionSource
from geneglass.data.table_file import open_text
from geneglass.errors import InputError

SECTION_COLUMNS = ("section", "section_id", "sample", "sample_id", "sample_name", "id", "name", "slide")
PATIENT_COLUMNS = (
    "patient",
    "patient_id",
    "donor",
    "donor_id",
    "subject",
    "subject_id",
    "animal",
    "mouse",
    "individual",
)

_PATIENT_FOLDER = re.compile(
    r"(patient|donor|subject|case|animal|mouse|individual|participant)([-_ ]\w+|\d\w*)|(pat|pt|p)[-_ ]?\d+\w*",
    re.IGNORECASE,
)
_LETTER_NUMBER = re.compile(r"([A-Z])(\d{1,2})")
_REPLICATE = re.compile(r"(.+?)(?:_ST)?[-_ ]?rep(?:licate)?[-_ ]?\d+", re.IGNORECASE)
_MAX_BYTES = 2**24


@dataclass(frozen=True)
class Guess:
    """A patient id and, in words, what it was taken from."""

    patient: str
    source: str


def patients_of(sections: Sequence[SectionSource], root: Path, tables: Sequence[Path]) -> dict[str, Guess]:
    """Return the patient of each section by the first rule that knows it; a section no rule knows is absent.

    In order: a table of samples with a column of sections and one of patients; HEST's `metadata/ID.json`; a folder
    on the way to the spots that is named as a patient ("patient_3", "P07", "mouse1"); names that differ in the number
    of a replicate alone ("P2_ST_rep1", "P2_ST_rep2"); names of one letter and a number, as in her2st, where several
    sections share a letter and there is more than one letter.
    """
    by_table = _from_tables(tables)
    names = [section.name for section in sections]
    by_name = _from_letters(names) | _from_replicates(names)
    guesses = {}
    for section in sections:
        guess = (
            by_table.get(section.name.lower())
            or _from_hest(section)
            or _from_folder(section, root)
            or by_name.get(section.name)
        )
        if guess is not None:
            guesses[section.name] = guess
    return guesses


def _from_tables(tables: Sequence[Path]) -> dict[str, Guess]:
    known: dict[str, Guess] = {}
    for path in tables:
        frame = _read(path)
        if frame is None:
            continue
        names = {str(column).strip().lower(): column for column in frame.columns}
        section = next((names[name] for name in SECTION_COLUMNS if name in names), None)
        patient = next((names[name] for name in PATIENT_COLUMNS if name in names), None)
        if section is None or patient is None:
            continue
        rows = frame[[section, patient]].dropna()
        for name, value in zip(rows[section].astype(str), rows[patient].astype(str), strict=True):
            if value.strip():
                known.setdefault(name.strip().lower(), Guess(value.strip(), f"column {patient} of {path.name}"))
    return known


def _read(path: Path) -> pd.DataFrame | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        with open_text(path) as file:
            return pd.read_csv(file, sep="\t" if path.suffix.lower() == ".tsv" else ",", dtype=str)
    except (InputError, OSError, ValueError):
        return None


def _from_hest(section: SectionSource) -> Guess | None:
    if section.spots is None or section.spots.parent.name != "st":
        return None
    path = section.spots.parent.parent / "metadata" / f"{section.spots.stem}.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < _MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    patient = facts.get("patient") if isinstance(facts, Mapping) else None
    return (
        Guess(patient.strip(), f"patient in metadata/{path.name}")
        if isinstance(patient, str) and patient.strip()
        else None
    )


def _from_folder(section: SectionSource, root: Path) -> Guess | None:
    if section.spots is None:
        return None
    for part in section.spots.relative_to(root).parts[:-1]:
        if _PATIENT_FOLDER.fullmatch(part) and part != section.name:
            return Guess(part, f"the folder {part}")
    return None


def _from_letters(names: Sequence[str]) -> dict[str, Guess]:
    fits = {name: match[1] for name in names if (match := _LETTER_NUMBER.fullmatch(name))}
    letters = list(fits.values())
    # A1, B1, C1 and D1 are the capture areas of one Visium slide: no letter stands twice.
    if len(fits) < len(names) or len(set(letters)) < 2 or len(set(letters)) == len(letters):
        return {}
    return {name: Guess(letter, "the letter of its name, as her2st names sections") for name, letter in fits.items()}


def _from_replicates(names: Sequence[str]) -> dict[str, Guess]:
    before = {name: match[1] for name in names if (match := _REPLICATE.fullmatch(name))}
    shared = list(before.values())
    return {
        name: Guess(patient, "its name without the number of the replicate")
        for name, patient in before.items()
        if shared.count(patient) > 1
    }
