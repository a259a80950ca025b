"""What may be said of new patients, on scores made by hand."""

import numpy as np
import pytest

from geneglass.workflow.scores import Scored
from geneglass.workflow.verdict import NOT_ASSESSABLE, new_patients

GENES = tuple(f"g{i}" for i in range(40))


def scored(advantage, n_patients=8, *, leaks=False, seed=0):
    generator = np.random.default_rng(seed)
    made = []
    for i in range(n_patients):
        null = generator.normal(0.1, 0.03, len(GENES)).astype(np.float32)
        recipe = null + advantage + generator.normal(0, 0.03, len(GENES)).astype(np.float32)
        scores = {"ridge": {"pearson": recipe}, "depth only": {"pearson": null}}
        limit = np.ones(len(GENES), np.float32)
        made.append(Scored(f"p{i}", leaks, f"s{i}", f"p{i}", GENES, {}, limit, scores))
    return made


def verdict(sections):
    return new_patients(sections, "ridge", "depth only", seed=0)


def test_few_patients_or_a_leak_are_not_assessable():
    assert verdict(scored(0.3, 4))["verdict"] == NOT_ASSESSABLE
    assert verdict(scored(0.3, leaks=True)) == {"verdict": NOT_ASSESSABLE, "reason": "the split leaks"}


@pytest.mark.parametrize(("advantage", "expected"), [(0.2, "better"), (-0.2, "worse")])
def test_clear_differences_are_seen(advantage, expected):
    assert verdict(scored(advantage))["verdict"] == expected


def test_genes_are_counted_one_by_one():
    some = np.where(np.arange(len(GENES)) < 10, 0.2, 0.0).astype(np.float32)
    assert 9 <= verdict(scored(some))["genes_better"] <= 13


def test_no_difference_gives_few_false_genes():
    found = [verdict(scored(0.0, seed=seed)) for seed in range(20)]
    assert np.mean([v["genes_better"] for v in found]) < 1.5
