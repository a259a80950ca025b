"""How high r can be for each gene of an invented section: its planted expectation against counts drawn from it."""

import numpy as np
from numpy.typing import NDArray

from cohort_genes import GenePlan, Surroundings, draw_counts, spot_shares
from geneglass.data.genes import kept_spots, normalise
from geneglass.metric.pearson import pearson

DRAWS = 10
"""Measurements drawn and averaged over."""

Array = NDArray[np.float64]


def allowed_r(
    rng: np.random.Generator, plan: GenePlan, planted: Array, effect: Array, *, section: str, min_counts: int = 500
) -> NDArray[np.float32]:
    """Return (genes,) the mean r, over drawn measurements, of a prediction that knows what was planted.

    That prediction is ln(1 + 10,000 x expected share): no noise of counting, none of the gene, no depth. Drawn are
    counts by the rules of the cohort, normalised as counts are, spots under `min_counts` left out. NaN for genes that
    follow no picture, which are expected to be flat, and for those without counts.

    Parameters
    ----------
    rng
        Of the drawn measurements.
    plan
        What each gene follows.
    planted
        (spots, features) what the genes follow, as the section's file has it in `obsm["planted"]`.
    effect
        (genes,) the patient's factors.
    section
        Its name; a gene that is absent there has no counts.
    min_counts
        Spots with fewer counts are set aside.
    """
    # Genes of position are left flat: no picture shows their fields, and each sort has its fixed share of the counts.
    around = Surroundings(planted, np.zeros((len(planted), len(plan.rows("position")))))
    quiet = GenePlan(plan.truth.assign(strength=np.where(plan.truth["kind"] == "noise", 0.0, plan.truth["strength"])))
    expected = np.log1p(1e4 * spot_shares(quiet, around, effect, rng)).astype(np.float32)
    r = np.empty((DRAWS, expected.shape[1]), np.float32)
    for number in range(DRAWS):
        counts = draw_counts(rng, plan, around, effect, section)
        totals = counts.sum(axis=1)
        kept = kept_spots(totals, min_counts)
        r[number] = pearson(normalise(counts[kept], totals[kept]), expected[kept])
    return r.mean(axis=0)
