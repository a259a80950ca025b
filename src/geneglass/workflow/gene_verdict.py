"""Whether a gene is predicted better than by every predictor that saw no image, on patients that were never seen."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.trust import BETTER, NOT_BETTER, VERDICTS
from geneglass.workflow.bootstrap import MIN_PATIENTS, enough_patients, mean_of_defined, rows_of_patients

Q = 0.05
"""False discovery rate among the genes that are called better."""


def standing_at_zero(r: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return r of several predictors of the same sections, 0 for a predictor without one beside others that have one.

    A constant prediction has no r and says nothing of the gene. Leaving out the patients in which a model says
    nothing would judge it by the others alone. Where no predictor has an r, nothing varied in what was measured.

    Parameters
    ----------
    r
        By predictor, (sections, genes); NaN where not defined.
    """
    known = np.logical_or.reduce([np.isfinite(values) for values in r.values()])
    return {name: np.where(known, np.nan_to_num(values), np.nan).astype(np.float32) for name, values in r.items()}


def gene_verdicts(
    model: FloatArray, nulls: Mapping[str, FloatArray], patients: Sequence[str | None]
) -> NDArray[np.int8]:
    """Return (genes,) codes of `VERDICTS`.

    For each null the differences in r, one per patient, go into a one-sided paired t-test. Being better than every
    null takes every test, so the largest p counts (the intersection-union test: of its level whichever null is the
    hard one, which pairing with the null that happens to be best is not). Benjamini-Hochberg over genes at `Q`.
    Genes with an r in fewer than `MIN_PATIENTS` patients are not assessable.

    Parameters
    ----------
    model
        (sections, genes) held-out r.
    nulls
        By name, the same of each predictor that sees no image.
    patients
        Of each section; with one unknown, or too few, no gene is assessable.
    """
    codes = np.zeros(model.shape[1], np.int8)
    if not nulls or not enough_patients(patients):
        return codes
    own, *others = standing_at_zero({"": model} | {f" {name}": values for name, values in nulls.items()}).values()
    groups = rows_of_patients(patients)
    by_patient = [np.stack([mean_of_defined((own - other)[rows]) for rows in groups]) for other in others]
    assessable = np.isfinite(by_patient[0]).sum(axis=0) >= MIN_PATIENTS
    p = np.max([one_sided_p(difference[:, assessable]) for difference in by_patient], axis=0)
    codes[assessable] = np.where(false_discoveries_at(p, Q), VERDICTS.index(BETTER), VERDICTS.index(NOT_BETTER))
    return codes


def one_sided_p(difference: FloatArray) -> FloatArray:
    """Return (genes,) p of the t-test that the mean of (patients, genes) is not above 0; 0.5 or more without spread."""
    from scipy.stats import t

    n = np.isfinite(difference).sum(axis=0)
    mean = mean_of_defined(difference)
    square = mean_of_defined((difference - mean) ** 2) * n / np.maximum(n - 1, 1)
    error = np.sqrt(square / n)
    statistic = np.divide(mean, error, out=np.minimum(mean, 0.0), where=error > 0)
    return np.asarray(t.sf(statistic, n - 1), np.float64)


def false_discoveries_at(p: FloatArray, q: float) -> NDArray[np.bool_]:
    """Return which of (genes,) p are taken by Benjamini and Hochberg's rule at rate `q`."""
    from scipy.stats import false_discovery_control

    if not len(p):
        return np.zeros(0, np.bool_)
    return np.asarray(false_discovery_control(p) <= q, np.bool_)
