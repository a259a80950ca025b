"""The verdict per gene: of its level with few patients, sparse counts and several nulls, and seeing what is there."""

import numpy as np
import pytest

from geneglass.metric.pearson import pearson
from geneglass.model.trust import VERDICTS
from geneglass.workflow.gene_verdict import false_discoveries_at, gene_verdicts, one_sided_p, standing_at_zero

PATIENTS = list("abcdefgh")
GENES = 600


def words(codes):
    return [VERDICTS[code] for code in codes]


def noise(n, *, seed=0, sd=0.03, genes=GENES):
    return np.random.default_rng(seed).normal(0, sd, (n, genes)).astype(np.float32)


def drawn_r(n_patients, *, rate, same, seed):
    """Return r of a model and of two nulls on sparse counts; `same`: the first null knows as much as the model."""
    rng = np.random.default_rng(seed)
    r = {"model": [], "equal": [], "skewed": [], "constant": []}
    for _ in range(n_patients):
        shape = (80, GENES)
        signal = rng.standard_normal(shape)
        counts = rng.poisson(rate * np.exp(signal - 0.5 if same else 0 * signal))
        measured = np.log1p(counts).astype(np.float32)
        predicted = {name: signal * same + rng.standard_normal(shape) for name in ("model", "equal")}
        predicted |= {"skewed": np.exp(1.5 * rng.standard_normal(shape)), "constant": np.zeros(shape)}
        for name, values in predicted.items():
            r[name].append(pearson(measured, values.astype(np.float32)))
    return {name: np.stack(rows) for name, rows in r.items()}


@pytest.mark.parametrize("n_patients", [5, 8])
@pytest.mark.parametrize("rate", [1.0, 0.05])
@pytest.mark.parametrize("same", [False, True])
def test_a_model_no_better_than_its_hardest_null_is_called_better_at_most_at_the_level(n_patients, rate, same):
    r = drawn_r(n_patients, rate=rate, same=same, seed=n_patients)
    model, nulls = r["model"], {name: values for name, values in r.items() if name != "model"}
    standing = standing_at_zero(r)
    known = np.isfinite(standing["model"]).sum(axis=0) >= 5
    p = np.max([one_sided_p((standing["model"] - standing[name])[:, known]) for name in nulls], axis=0)
    spread = 3 * np.sqrt(0.05 * 0.95 / known.sum())
    assert (p <= 0.05).mean() < 0.05 + spread
    assert words(gene_verdicts(model, nulls, PATIENTS[:n_patients])).count("better") <= 2


def test_better_than_one_null_is_not_better_than_every_null():
    model = 0.3 + noise(8)
    nulls = {"weak": noise(8, seed=1), "as good": 0.3 + noise(8, seed=2)}
    assert words(gene_verdicts(model, {"weak": nulls["weak"]}, PATIENTS)).count("better") == GENES
    assert words(gene_verdicts(model, nulls, PATIENTS)).count("better") < 0.01 * GENES


def test_the_null_with_the_highest_mean_is_not_always_the_hard_one():
    # The best null by mean is steadily beaten; another, a little lower, is beaten in five patients of eight only.
    model = np.full((8, 1), 0.5, np.float32) + noise(8, genes=1)
    steady = model - 0.1 + noise(8, seed=1, sd=0.01, genes=1)
    wild = model - 0.11 + np.array([-0.9, 0.5, 0.4, 0.3, -0.4, 0.3, 0.2, -0.4], np.float32)[:, None]
    assert steady.mean() > wild.mean()
    assert words(gene_verdicts(model, {"steady": steady}, PATIENTS)) == ["better"]
    assert words(gene_verdicts(model, {"steady": steady, "wild": wild}, PATIENTS)) == ["not better"]


def test_false_discoveries_stay_rare_beside_true_ones():
    shown = np.arange(GENES) < GENES // 3
    wrong, right = [], []
    for seed in range(8):
        model = noise(8, seed=seed, sd=0.1) + 0.3 * shown
        nulls = {"a": noise(8, seed=100 + seed, sd=0.1), "b": noise(8, seed=200 + seed, sd=0.1)}
        better = gene_verdicts(model.astype(np.float32), nulls, PATIENTS) == VERDICTS.index("better")
        wrong.append((better & ~shown).sum() / max(better.sum(), 1))
        right.append((better & shown).sum() / shown.sum())
    assert np.mean(wrong) <= 0.05
    assert np.mean(right) > 0.9


def test_sections_of_one_patient_are_one_observation():
    model, nulls = noise(10) + 0.3, {"a": noise(10, seed=1)}
    assert set(words(gene_verdicts(model, nulls, list("aabbccddee")))) == {"better"}
    assert set(words(gene_verdicts(model, nulls, list("aaabbbccdd")))) == {"not assessable"}


@pytest.mark.parametrize("patients", [PATIENTS[:4], [*PATIENTS[:6], None]])
def test_few_or_unknown_patients_are_not_assessable(patients):
    model = noise(len(patients)) + 0.5
    codes = gene_verdicts(model, {"a": noise(len(patients), seed=1)}, patients)
    assert set(words(codes)) == {"not assessable"}


def test_what_has_no_r_stands_at_zero_unless_nothing_varied():
    r = {"model": np.float32([[0.2, np.nan, np.nan]]), "null": np.float32([[np.nan, 0.1, np.nan]])}
    standing = standing_at_zero(r)
    np.testing.assert_array_equal(standing["model"], np.float32([[0.2, 0, np.nan]]))
    np.testing.assert_array_equal(standing["null"], np.float32([[0, 0.1, np.nan]]))


def test_a_model_that_says_nothing_of_most_patients_is_not_judged_by_the_rest():
    model = np.full((8, 1), np.nan, np.float32)
    model[:2] = 0.9
    null = {"a": noise(8, genes=1)}
    assert words(gene_verdicts(model, null, PATIENTS)) == ["not better"]


def test_a_gene_seen_in_four_patients_is_not_assessable():
    model, null = noise(8, genes=2) + 0.5, noise(8, seed=1, genes=2)
    model[:4, 1] = null[:4, 1] = np.nan
    assert words(gene_verdicts(model, {"a": null}, PATIENTS)) == ["better", "not assessable"]


def test_equal_scores_are_no_evidence():
    assert (one_sided_p(np.zeros((6, 3), np.float32)) >= 0.5).all()
    assert (one_sided_p(np.full((6, 3), -0.25, np.float32)) >= 0.5).all()


def test_nothing_is_found_among_no_genes():
    assert false_discoveries_at(np.empty(0), 0.05).shape == (0,)
