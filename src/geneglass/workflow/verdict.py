"""What scores say about patients that were never seen, where they say anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.workflow.scores import Scored
from geneglass.workflow.statements import NOT_ASSESSABLE
from geneglass.workflow.trust import MIN_PATIENTS, bootstrap_interval, mean_of_defined

Q = 0.05


def new_patients(scored: Sequence[Scored], recipe: str, null: str, *, seed: int) -> dict[str, Any]:
    """Return whether a recipe beats the best image-free predictor on new patients.

    Overall by the 95 % bootstrap interval, over patients, of the difference in mean r; per gene by a
    one-sided paired t-test over patients, Benjamini-Hochberg at q = 0.05.

    Parameters
    ----------
    null
        The image-free predictor that the recipe is paired against.
    """
    reason = _why_not(scored)
    if reason:
        return {"verdict": NOT_ASSESSABLE, "reason": reason}
    difference = _per_patient(scored, recipe, null)
    overall = mean_of_defined(difference.T)
    low, high = bootstrap_interval(overall[:, None], [str(i) for i in range(len(overall))], seed=seed)
    verdict = "not shown to be better"
    if low[0] > 0:
        verdict = "better"
    elif high[0] < 0:
        verdict = "worse"
    return {
        "verdict": verdict,
        "reason": f"difference in mean r to {null}, over {len(overall)} patients",
        "difference": float(mean_of_defined(overall[:, None])[0]),
        "interval": [float(low[0]), float(high[0])],
        "genes_better": _genes_better(difference),
        "genes": difference.shape[1],
    }


def _why_not(scored: Sequence[Scored]) -> str:
    if any(s.leaks for s in scored):
        return "the split leaks"
    patients = {s.patient for s in scored}
    if None in patients or len(patients) < MIN_PATIENTS:
        known = len(patients - {None})
        return f"{known} test patient{' is' if known == 1 else 's are'} known; at least {MIN_PATIENTS} are needed"
    return ""


def _per_patient(scored: Sequence[Scored], recipe: str, null: str) -> FloatArray:
    """Return (patients, genes) differences in r; NaN for genes that a patient's panel does not have."""
    genes = sorted({gene for s in scored for gene in s.genes})
    column = {gene: i for i, gene in enumerate(genes)}
    rows: dict[str | None, list[FloatArray]] = {}
    for s in scored:
        row = np.full(len(genes), np.nan, np.float32)
        # A constant null (r undefined) explains nothing: it stands at 0, and the gene stays comparable.
        row[[column[gene] for gene in s.genes]] = s.scores[recipe]["pearson"] - np.nan_to_num(s.scores[null]["pearson"])
        rows.setdefault(s.patient, []).append(row)
    return np.stack([mean_of_defined(np.stack(of_patient)) for of_patient in rows.values()])


def _genes_better(difference: FloatArray) -> int:
    from scipy.stats import false_discovery_control

    n = np.isfinite(difference).sum(axis=0)
    tested = difference[:, n >= MIN_PATIENTS]
    p = _one_sided_p(tested)
    return int((false_discovery_control(p) <= Q).sum()) if len(p) else 0


def _one_sided_p(difference: FloatArray) -> FloatArray:
    from scipy.stats import t

    n = np.isfinite(difference).sum(axis=0)
    mean = mean_of_defined(difference)
    square = mean_of_defined((difference - mean) ** 2) * n / np.maximum(n - 1, 1)
    error = np.sqrt(square / n)
    statistic = np.divide(mean, error, out=np.zeros_like(mean), where=error > 0)
    return np.asarray(t.sf(statistic, n - 1), np.float32)
