"""What scores say about patients that were never seen, where they say anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.model.trust import BETTER, NOT_ASSESSABLE, VERDICTS
from geneglass.workflow.bootstrap import MIN_PATIENTS, bootstrap_interval, mean_of_defined, rows_of_patients
from geneglass.workflow.gene_verdict import gene_verdicts, standing_at_zero
from geneglass.workflow.measured import NULLS, SHUFFLED
from geneglass.workflow.scores import Scored


def new_patients(scored: Sequence[Scored], recipe: str, null: str, *, seed: int) -> dict[str, Any]:
    """Return whether a recipe beats the best image-free predictor on new patients.

    Overall by the 95 % bootstrap interval, over patients, of the difference in mean r to `null`; per gene against
    every image-free predictor, see `gene_verdicts`.

    Parameters
    ----------
    null
        The image-free predictor that the recipe is paired against.
    """
    reason = _why_not(scored)
    if reason:
        return {"verdict": NOT_ASSESSABLE, "reason": reason}
    nulls = [name for name in (*NULLS, f"{recipe}, {SHUFFLED}") if name in scored[0].scores]
    r = standing_at_zero({name: _rows(scored, name) for name in (recipe, *nulls)})
    patients = [s.patient for s in scored]
    difference = r[recipe] - r[null]
    by_patient = np.stack([mean_of_defined(difference[rows]) for rows in rows_of_patients(patients)])
    overall = mean_of_defined(by_patient.T)
    low, high = bootstrap_interval(overall[:, None], [str(i) for i in range(len(overall))], seed=seed)
    codes = gene_verdicts(r[recipe], {name: r[name] for name in nulls}, patients)
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
        "genes_better": int((codes == VERDICTS.index(BETTER)).sum()),
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


def _rows(scored: Sequence[Scored], predictor: str) -> FloatArray:
    """Return (sections, genes) r; NaN for genes that a section's panel does not have."""
    genes = sorted({gene for s in scored for gene in s.genes})
    column = {gene: i for i, gene in enumerate(genes)}
    rows = np.full((len(scored), len(genes)), np.nan, np.float32)
    for row, s in zip(rows, scored, strict=True):
        row[[column[gene] for gene in s.genes]] = s.scores[predictor]["pearson"]
    return rows
