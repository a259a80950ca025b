"""How far each gene can be believed: r on tissue left out, its interval, and the best predictor without an image."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.metric.pearson import pearson

BOOTSTRAPS = 1000
MIN_PATIENTS = 5
"""With fewer, the interval is over sections, and says nothing of new patients."""


@dataclass(frozen=True)
class HeldOut:
    """One section that the model did not see.

    Attributes
    ----------
    patient
        Its patient, where known.
    measured, predicted
        (spots, genes) in the same order.
    nulls
        By name, (spots, genes) of predictors that see no image.
    """

    patient: str | None
    measured: FloatArray
    predicted: FloatArray
    nulls: Mapping[str, FloatArray]


def trust(held_out: Sequence[HeldOut], *, seed: int = 0) -> dict[str, FloatArray]:
    """Return per-gene arrays: `r`, `r_low`, `r_high` (95 % bootstrap), `null_r` (best null), NaN where undefined.

    The bootstrap draws patients where there are at least `MIN_PATIENTS`, else sections; with a single
    section there is no interval.

    Parameters
    ----------
    held_out
        Each section of the training set, predicted by a model that did not see it.
    seed
        Of the bootstrap.
    """
    r = np.stack([pearson(section.measured, section.predicted) for section in held_out])
    names = held_out[0].nulls.keys()
    by_null = [mean_of_defined(np.stack([pearson(s.measured, s.nulls[name]) for s in held_out])) for name in names]
    low, high = bootstrap_interval(r, [section.patient for section in held_out], seed=seed)
    null_r = _best(np.stack(by_null)) if by_null else np.full(r.shape[1], np.nan, np.float32)
    return {"r": mean_of_defined(r), "r_low": low, "r_high": high, "null_r": null_r}


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
    known = {patient for patient in patients if patient is not None}
    if None in patients or len(known) < MIN_PATIENTS:
        return [[row] for row in range(len(patients))]
    return [[row for row, patient in enumerate(patients) if patient == name] for name in sorted(known)]


def _best(values: FloatArray) -> FloatArray:
    filled = np.where(np.isfinite(values), values, -np.inf).max(axis=0)
    return np.where(np.isfinite(filled), filled, np.nan).astype(np.float32)
