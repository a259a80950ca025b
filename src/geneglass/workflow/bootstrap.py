"""Intervals over patients, or over sections where patients are too few to speak of new ones."""

import warnings
from collections.abc import Sequence

import numpy as np

from geneglass.data.types import FloatArray

BOOTSTRAPS = 1000
MIN_PATIENTS = 5
"""With fewer, the interval is over sections, and says nothing of new patients."""


def bootstrap_interval(
    values: FloatArray, patients: Sequence[str | None], *, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return the 2.5 and 97.5 percentiles of the mean over sections, (columns,) each.

    Parameters
    ----------
    values
        (sections, columns); NaN where not defined.
    patients
        Of each section; drawn as wholes where there are at least `MIN_PATIENTS` different ones.
    """
    groups = bootstrap_groups(patients)
    if len(groups) < 2:
        nothing = np.full(values.shape[1], np.nan, np.float32)
        return nothing, nothing.copy()
    generator = np.random.default_rng(seed)
    draws = np.empty((BOOTSTRAPS, values.shape[1]), np.float32)
    for number in range(BOOTSTRAPS):
        drawn = generator.integers(0, len(groups), len(groups))
        draws[number] = mean_of_defined(values[np.concatenate([groups[i] for i in drawn])])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanpercentile(draws, [2.5, 97.5], axis=0).astype(np.float32)
    return low, high


def mean_of_defined(values: FloatArray) -> FloatArray:
    """Return the column means without NaN; NaN where a column has nothing else."""
    defined = np.isfinite(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def bootstrap_groups(patients: Sequence[str | None]) -> list[list[int]]:
    """Return the rows that a bootstrap draws together: those of a patient, or each section where patients are few."""
    if not enough_patients(patients):
        return [[row] for row in range(len(patients))]
    return rows_of_patients(patients)


def enough_patients(patients: Sequence[str | None]) -> bool:
    """Return whether every section's patient is known, and there are `MIN_PATIENTS` of them."""
    return None not in patients and len(set(patients)) >= MIN_PATIENTS


def rows_of_patients(patients: Sequence[str | None]) -> list[list[int]]:
    """Return the rows of each patient, in the order of their names."""
    known = sorted({patient for patient in patients if patient is not None})
    return [[row for row, patient in enumerate(patients) if patient == name] for name in known]
