"""Folds, and what leaks."""

import pytest

from geneglass.data.cohort import SectionSource
from geneglass.data.split import Fold, folds, hold_out, make_fold
from geneglass.errors import InputError, UsageError

COHORT = tuple(SectionSource(name, patient) for name, patient in [("A1", "a"), ("B1", "b"), ("A2", "a"), ("C1", "c")])


def test_each_patient_is_left_out_once() -> None:
    assert folds(COHORT, "patient") == (
        Fold("a", ("B1", "C1"), ("A1", "A2"), leaks=False),
        Fold("b", ("A1", "A2", "C1"), ("B1",), leaks=False),
        Fold("c", ("A1", "B1", "A2"), ("C1",), leaks=False),
    )


def test_each_section_is_left_out_once_and_a_shared_patient_leaks() -> None:
    found = folds(COHORT, "section")
    assert [fold.test for fold in found] == [("A1",), ("B1",), ("A2",), ("C1",)]
    assert [fold.leaks for fold in found] == [True, False, True, False]
    assert all(set(fold.train) | set(fold.test) == {"A1", "B1", "A2", "C1"} for fold in found)


def test_an_unknown_patient_may_leak() -> None:
    assert make_fold("x", [SectionSource("A")], [SectionSource("B", "b")]).leaks
    assert make_fold("x", [SectionSource("A", "a")], [SectionSource("B")]).leaks


def test_a_patient_split_without_patients_is_refused() -> None:
    with pytest.raises(InputError, match=r"missing in 2 sections .X, Y"):
        folds([*COHORT, SectionSource("X"), SectionSource("Y")], "patient")
    with pytest.raises(InputError, match="at least 2 patients, got 1; use a section split, which leaks"):
        folds([COHORT[0], COHORT[2]], "patient")


@pytest.mark.parametrize("split", ["Patient", "sections", ""])
def test_an_unknown_word_is_no_section_split(split: str) -> None:
    with pytest.raises(UsageError, match=f"A split is patient or section, got '{split}'"):
        folds(COHORT, split)


def test_a_section_split_needs_two() -> None:
    with pytest.raises(InputError, match="at least 2 sections, got 1"):
        folds(COHORT[:1], "section")


def test_hold_out_takes_sections_and_patients() -> None:
    train, held = hold_out(COHORT, ("patient:a", "section:C1"))
    assert [s.name for s in train] == ["B1"]
    assert [s.name for s in held] == ["A1", "A2", "C1"]
    assert hold_out(COHORT, ()) == (COHORT, ())


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ("section:Z", "No section 'Z' to hold out; the cohort has A1, A2, B1, C1"),
        ("patient:z", "No patient 'z' to hold out; the cohort has a, b, c"),
        ("C1", "section:NAME or patient:NAME, got 'C1'"),
        ("section:", "section:NAME or patient:NAME"),
    ],
)
def test_what_can_not_be_held_out_is_told(item: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        hold_out(COHORT, (item,))
