"""Means and intervals over held-out sections."""

import numpy as np
import pytest

from geneglass.workflow.bootstrap import bootstrap_interval, enough_patients, mean_of_defined


def test_mean_of_defined_leaves_nan_out_and_never_warns():
    values = np.array([[1, np.nan, np.nan], [3, 5, np.nan]], np.float32)
    np.testing.assert_array_equal(mean_of_defined(values), np.array([2, 5, np.nan], np.float32))


def test_interval_holds_the_mean_and_shrinks_with_agreement():
    wide = np.array([[0.0, 0.4], [0.2, 0.4], [0.4, 0.4]], np.float32)
    low, high = bootstrap_interval(wide, ["a", "b", "c"])
    assert low[0] < 0.2 < high[0]
    np.testing.assert_allclose([low[1], high[1]], 0.4, rtol=1e-6)


def test_five_patients_are_drawn_as_wholes():
    # Two sections of a patient agree: drawn as ten sections the interval would be too narrow.
    by_patient = np.repeat(np.array([0.0, 0.1, 0.2, 0.3, 0.4], np.float32), 2)[:, None]
    patients = [p for p in "abcde" for _ in range(2)]
    whole = np.subtract(*bootstrap_interval(by_patient, patients)[::-1])
    apart = np.subtract(*bootstrap_interval(by_patient, [None] * 10)[::-1])
    assert whole[0] > 1.2 * apart[0]


def test_one_section_has_no_interval():
    low, high = bootstrap_interval(np.array([[0.5]], np.float32), ["a"])
    assert np.isnan([low[0], high[0]]).all()


@pytest.mark.parametrize(("patients", "enough"), [("abcde", True), ("aabcd", False), ((*"abcde", None), False)])
def test_five_known_patients_are_enough(patients, enough):
    assert enough_patients(list(patients)) is enough
