"""Recipes against each other on scores made by hand."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from geneglass.workflow.paired import difference, paired
from geneglass.workflow.scores import Scored

GENES = tuple(f"g{i:02}" for i in range(60))
N_TOP = 20


def scored(advantage, *, patients=("p", "p", "p", "p"), noise=0.02, seed=0):
    generator = np.random.default_rng(seed)
    top = {"train_mean": np.arange(len(GENES)) < N_TOP}
    made = []
    for i, patient in enumerate(patients):
        base = generator.normal(0.2, 0.1, len(GENES)).astype(np.float32)
        own = generator.normal(0, noise, len(GENES))
        scores = {"ridge": {"pearson": base}, "other": {"pearson": (base + advantage + own).astype(np.float32)}}
        made.append(Scored("f", False, f"s{i}", patient, GENES, top, np.ones(len(GENES), np.float32), scores))
    return made


def test_difference_intervals_and_test_over_genes():
    sections = scored(0.05)
    [found] = paired(sections, ("other", "ridge"), seed=0)
    assert (found["first"], found["second"]) == ("other", "ridge")
    of_gene = np.mean([s.scores["other"]["pearson"] - s.scores["ridge"]["pearson"] for s in sections], axis=0)
    assert found["all"]["difference"] == pytest.approx(of_gene.mean(), abs=1e-6)
    assert found["all"]["p"] == pytest.approx(wilcoxon(of_gene).pvalue)
    assert found["all"]["genes"] == 60
    assert found["top"]["genes"] == N_TOP
    assert found["top"]["difference"] == pytest.approx(of_gene[:N_TOP].mean(), abs=1e-6)
    for key in ("interval", "interval_genes"):
        low, high = found["all"][key]
        assert 0.04 < low < found["all"]["difference"] < high < 0.06


def test_the_order_of_a_pair_is_that_of_the_recipes_and_only_the_sign_depends_on_it():
    sections = scored(0.05)
    one = paired(sections, ("other", "ridge"), seed=0)[0]["all"]
    two = paired(sections, ("ridge", "other"), seed=0)[0]["all"]
    assert one["difference"] == pytest.approx(-two["difference"])
    assert one["p"] == two["p"]
    assert (one["higher"], one["lower"]) == (two["lower"], two["higher"])
    assert one["higher"] + one["lower"] == 60


def test_a_tie_is_higher_in_neither_direction():
    sections = scored(0.05)
    for s in sections:
        s.scores["other"]["pearson"][:7] = s.scores["ridge"]["pearson"][:7]
    found = paired(sections, ("ridge", "other"), seed=0)[0]["all"]
    assert found["higher"] + found["lower"] == 53


def test_no_difference_is_rarely_found():
    p = [paired(scored(0.0, seed=seed), ("other", "ridge"), seed=0)[0]["all"]["p"] for seed in range(30)]
    assert np.mean(np.array(p) < 0.05) < 0.2


def test_the_interval_is_over_patients_where_there_are_enough():
    patients = tuple(f"p{i // 4}" for i in range(24))
    advantage = [0.1 if i < 4 else 0.0 for i in range(24)]
    sections = scored(0.0, patients=patients, noise=0)
    for s, more in zip(sections, advantage, strict=True):
        s.scores["other"]["pearson"][:] += more
    low, high = paired(sections, ("other", "ridge"), seed=0)[0]["all"]["interval"]
    assert low == pytest.approx(0)  # some draws have none of the one patient with a difference
    assert high > 0.04


def test_one_section_has_no_interval_over_sections():
    found = paired(scored(0.05, patients=("p",)), ("other", "ridge"), seed=0)[0]["all"]
    assert np.isnan(found["interval"]).all()
    assert np.isfinite(found["interval_genes"]).all()


def test_a_constant_prediction_counts_as_zero_and_an_unmeasured_gene_not_at_all():
    sections = scored(0.0, noise=0)
    for s in sections:
        s.scores["other"]["pearson"][0] = np.nan
        for name in ("other", "ridge"):
            s.scores[name]["pearson"][1] = np.nan
    values = difference(sections, "other", "ridge", top=False).values
    assert values.shape == (4, 59)
    np.testing.assert_allclose(values[:, 0], [-s.scores["ridge"]["pearson"][0] for s in sections])


def test_same_scores_give_no_evidence():
    found = paired(scored(0.0, noise=0), ("other", "ridge"), seed=0)[0]["all"]
    assert found["p"] == 1
    assert found["difference"] == found["higher"] == found["lower"] == 0


def test_panels_that_differ_by_fold_are_joined_by_gene_name():
    sections = scored(0.05)
    other = tuple(f"h{i}" for i in range(30)) + GENES[30:]
    last = sections[-1]
    sections[-1] = Scored(
        "f2", False, last.section, last.patient, other, last.top, np.ones(60, np.float32), last.scores
    )
    assert paired(sections, ("other", "ridge"), seed=0)[0]["all"]["genes"] == 90
