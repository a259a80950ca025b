"""Write a cohort.toml by looking through a folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geneglass.data.atomic import require_writable
from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.data.cohort_match import match
from geneglass.data.cohort_patients import Guess, patients_of
from geneglass.data.cohort_scan import scan
from geneglass.errors import InputError

NAME = "cohort.toml"


@dataclass(frozen=True)
class CohortDraft:
    """A cohort that was written, and how it was found.

    Attributes
    ----------
    cohort
        As read back from the file.
    patients
        The patient of each section that has one, and what it was taken from.
    told
        What was decided, and what the user should look at, one sentence each.
    left_out
        Files and folders that look as if they belonged to a cohort and are not in it, with the reason.
    """

    cohort: Cohort
    patients: Mapping[str, Guess]
    told: tuple[str, ...]
    left_out: Mapping[Path, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the draft as plain values, for JSON."""
        sections = []
        for section in self.cohort.sections:
            guess = self.patients.get(section.name)
            row: dict[str, Any] = {"name": section.name, "patient": section.patient}
            row["patient_from"] = None if guess is None else guess.source
            files = {key: getattr(section, key) for key in ("slide", "spots", "positions", "annotations")}
            sections.append(row | {key: None if path is None else str(path) for key, path in files.items()})
        left_out = [{"path": str(path), "reason": reason} for path, reason in self.left_out.items()]
        return {
            "cohort": str(self.cohort.path),
            "sections": sections,
            "told": list(self.told),
            "left_out": left_out,
        }


def init_cohort(folder: Path, out: Path | None = None, *, force: bool = False) -> CohortDraft:
    """Look for sections below a folder and write them into a cohort file.

    Parameters
    ----------
    folder
        Where the sections lie.
    out
        The file to write; `cohort.toml` in the folder where none is given.
    force
        Whether a file that is there already is replaced.

    Raises
    ------
    InputError
        When there is no such folder, no spot table in it, or the file exists or can not be written.
    """
    out = (folder / NAME if out is None else out).expanduser().absolute()
    if out.exists() and not force:
        raise InputError(f"{out} exists already; give another name with --out, or replace it with --force.")
    found = scan(folder)
    require_writable(out)
    matched = match(found)
    if not matched.sections:
        raise InputError(_nothing(found.root, len(found.slides), matched.left_out))
    patients = patients_of(matched.sections, found.root, found.samples)
    sections = tuple(
        replace(section, patient=patients[section.name].patient) if section.name in patients else section
        for section in matched.sections
    )
    told = matched.told + _on_patients(sections, patients) + _on_slides(sections)
    notes = {
        section.name: f"patient from {patients[section.name].source}: check it"
        if section.name in patients
        else "patient is not known: a split by patient needs it"
        for section in sections
    }
    head = ("Written by `geneglass cohort init` from names and folders: look it over, then `geneglass check` it.",)
    write_cohort(Cohort(out, sections), head=head, notes=notes)
    return CohortDraft(read_cohort(out), patients, told, matched.left_out)


def _nothing(root: Path, n_slides: int, left_out: Mapping[Path, str]) -> str:
    reasons = "; ".join(f"{path.name}: {reason.rstrip('.')}" for path, reason in list(left_out.items())[:3])
    return (
        f"No spot table was found in {root} ({n_slides} slides{'; left out: ' + reasons if reasons else ''}); give the "
        "folder with the counts of the sections."
    )


def _on_patients(sections: tuple[Any, ...], patients: Mapping[str, Guess]) -> tuple[str, ...]:
    sources: dict[str, list[str]] = {}
    for name, guess in patients.items():
        sources.setdefault(guess.source, []).append(name)
    told = [f"Patient of {_names(names)}: from {source}; check it." for source, names in sources.items()]
    unknown = [section.name for section in sections if section.patient is None]
    if unknown:
        told.append(f"Patient of {_names(unknown)} is not known; write it into the file before a split by patient.")
    return tuple(told)


def _on_slides(sections: tuple[Any, ...]) -> tuple[str, ...]:
    without = [section.name for section in sections if section.slide is None]
    return (f"No slide was found beside the spots of {_names(without)}.",) if without else ()


def _names(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
