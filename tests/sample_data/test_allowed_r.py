"""What r a perfect reader of the picture would have, on a section planted by hand."""

import numpy as np
import pandas as pd
import pytest

from allowed_r import allowed_r
from cohort_genes import FEATURES, KINDS, GenePlan, Surroundings, draw_counts, make_plan, spot_shares
from geneglass.data.genes import normalise
from geneglass.metric.pearson import pearson
from make_cohort import patient_effect

N_SPOTS = 400


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(3)
    domain = rng.integers(0, len(FEATURES) - 1, N_SPOTS)
    shares = np.eye(len(FEATURES) - 1)[domain]
    return np.column_stack([shares, rng.random(N_SPOTS)])


@pytest.fixture(scope="module")
def allowed(planted):
    plan = make_plan(np.random.default_rng(4), 120, "last")
    return plan, allowed_r(np.random.default_rng(5), plan, planted, patient_effect(6, 0, 120), section="first")


def test_strong_genes_may_be_read_better_than_weak_ones_and_none_perfectly(allowed):
    plan, r = allowed
    morphology = r[plan.rows("morphology")]
    strength = plan.truth["strength"].iloc[plan.rows("morphology")].to_numpy()
    assert morphology[strength > 1.8].mean() > 0.6
    assert morphology[strength > 1.8].mean() > morphology[strength < 1].mean() + 0.2
    assert morphology.max() < 0.99


@pytest.mark.parametrize("kind", KINDS[1:])
def test_of_genes_that_no_picture_shows_nothing_can_be_read(allowed, kind):
    plan, r = allowed
    assert np.isnan(r[plan.rows(kind)]).all()


def test_it_is_the_mean_over_measurements_of_what_a_perfect_reader_scores(planted):
    plan = make_plan(np.random.default_rng(4), 120, "")
    effect = np.ones(120)
    around = Surroundings(planted, np.zeros((N_SPOTS, len(plan.rows("position")))))
    rows = plan.rows("morphology")
    expected = np.log1p(1e4 * spot_shares(plan, around, effect, np.random.default_rng(0)))[:, rows].astype(np.float32)
    scores = []
    for seed in range(20):
        counts = draw_counts(np.random.default_rng(100 + seed), plan, around, effect, "first")
        kept = counts.sum(axis=1) >= 500
        measured = normalise(counts[kept], counts[kept].sum(axis=1))[:, rows]
        scores.append(pearson(measured, expected[kept]))
    found = allowed_r(np.random.default_rng(5), plan, planted, effect, section="first")[rows]
    np.testing.assert_allclose(found, np.mean(scores, axis=0), atol=0.05)
    assert abs((found - np.mean(scores, axis=0)).mean()) < 0.005


def test_deeper_counts_allow_more(planted):
    plan = make_plan(np.random.default_rng(4), 60, "")
    few = GenePlan(pd.concat([plan.truth] * 2, ignore_index=True).assign(share=lambda t: t["share"] / 2))
    whole, halved = (
        allowed_r(np.random.default_rng(5), some, planted, np.ones(len(some.truth)), section="first")
        for some in (plan, few)
    )
    of_few = halved[few.rows("morphology")]
    assert np.isfinite(of_few).all()
    assert of_few.mean() < whole[plan.rows("morphology")].mean()


def test_a_gene_that_is_absent_has_none(planted):
    plan = make_plan(np.random.default_rng(4), 120, "last")
    r = allowed_r(np.random.default_rng(5), plan, planted, np.ones(120), section="last")
    assert np.isnan(r[(plan.truth["absent_in"] == "last").to_numpy()]).all()
