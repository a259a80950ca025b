"""Which sections are trained on and which are kept for testing."""

from collections.abc import Sequence
from dataclasses import dataclass

from geneglass.data.cohort import SectionSource
from geneglass.data.spots import some
from geneglass.errors import InputError, UsageError


@dataclass(frozen=True)
class Fold:
    """One division of a cohort.

    Attributes
    ----------
    name
        The patient or section that is left out.
    train, test
        Section names.
    leaks
        True where a tested patient may also be trained on, so that the score says nothing about new patients.
    """

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    leaks: bool


def folds(sections: Sequence[SectionSource], split: str) -> tuple[Fold, ...]:
    """Return one fold for each patient, or each section, left out in turn.

    Parameters
    ----------
    sections
        All sections of a cohort.
    split
        `patient` or `section`.

    Raises
    ------
    UsageError
        When the split is neither.
    InputError
        When a patient split is asked for and a section has no patient id, or there is only one patient;
        when there is only one section.
    """
    if split == "patient":
        return _patient_folds(sections)
    if split != "section":
        raise UsageError(f"A split is patient or section, got {split!r}.")
    if len(sections) < 2:
        raise InputError(f"A section split needs at least 2 sections, got {len(sections)}.")
    return tuple(
        make_fold(section.name, [s for s in sections if s.name != section.name], [section]) for section in sections
    )


def cross_folds(sections: Sequence[SectionSource]) -> tuple[Fold, ...]:
    """Return one fold for each patient where that is possible, else one for each section; none for one section."""
    patients = {section.patient for section in sections}
    if len(sections) < 2:
        return ()
    return folds(sections, "patient" if None not in patients and len(patients) > 1 else "section")


def make_fold(name: str, train: Sequence[SectionSource], test: Sequence[SectionSource]) -> Fold:
    """Return a fold of these sections; it leaks where a patient is on both sides, or may be."""
    trained = {section.patient for section in train}
    tested = {section.patient for section in test}
    leaks = bool(trained & tested) or None in trained | tested
    return Fold(name, tuple(s.name for s in train), tuple(s.name for s in test), leaks)


def _patient_folds(sections: Sequence[SectionSource]) -> tuple[Fold, ...]:
    nameless = [section.name for section in sections if section.patient is None]
    if nameless:
        raise InputError(
            f"A patient split needs `patient` for every section; it is missing in {some(nameless, 'section')}."
        )
    patients = list(dict.fromkeys(str(section.patient) for section in sections))
    if len(patients) < 2:
        raise InputError(
            f"A patient split needs at least 2 patients, got {len(patients)}; use a section split, which leaks."
        )
    return tuple(
        make_fold(patient, [s for s in sections if s.patient != patient], [s for s in sections if s.patient == patient])
        for patient in patients
    )


def hold_out(
    sections: Sequence[SectionSource], items: Sequence[str]
) -> tuple[tuple[SectionSource, ...], tuple[SectionSource, ...]]:
    """Return the sections to train on and those held out, both in the cohort's order.

    Parameters
    ----------
    sections
        All sections of a cohort.
    items
        What to hold out: `section:NAME` or `patient:NAME`.

    Raises
    ------
    UsageError
        When an item has another form, or no section has that name.
    """
    held: set[str] = set()
    for item in items:
        kind, _, name = item.partition(":")
        if kind not in ("section", "patient") or not name:
            raise UsageError(f"What is held out is given as section:NAME or patient:NAME, got {item!r}.")
        names = {
            section.name for section in sections if (section.name if kind == "section" else section.patient) == name
        }
        if not names:
            known = sorted({str(s.name if kind == "section" else s.patient) for s in sections})
            raise UsageError(f"No {kind} {name!r} to hold out; the cohort has {', '.join(known)}.")
        held |= names
    train = tuple(section for section in sections if section.name not in held)
    return train, tuple(section for section in sections if section.name in held)
