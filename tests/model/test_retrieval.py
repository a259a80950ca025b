"""Retrieval: never from the query's own section, always finite weights, the same in any chunks."""

import numpy as np
import pytest
import torch

from geneglass.errors import InputError
from geneglass.model import nearest as nearest_rows
from geneglass.model import weighting
from geneglass.model.retrieval import Bank, nearest
from geneglass.model.weighting import Rule, weights_of


@pytest.fixture
def bank():
    random = torch.Generator().manual_seed(0)
    return Bank(
        torch.randn(60, 5, generator=random),
        torch.rand(60, 7, generator=random),
        torch.arange(60) // 20,
        ("a", "b", "c"),
        ("p", "p", None),
    )


WEIGHTINGS = (
    *(("softmax", "l2"), ("inverse_square", "l1"), ("inverse_square", "l2")),
    *(("pearson", "l2"), ("uniform", "l2")),
)
RULES = [Rule(9, metric, pair[0], 0.1, pair[1]) for metric in ("cosine", "l1", "l2") for pair in WEIGHTINGS]


@pytest.mark.parametrize("rule", RULES)
def test_exact_match_gives_finite_weights_that_sum_to_one(bank, rule):
    query = torch.cat([bank.embeddings[:3], torch.full((1, 5), 1e-20), torch.full((1, 5), 1e18), torch.zeros(1, 5)])
    found = bank.search(query, torch.arange(60), rule)
    assert np.isfinite(found.weights).all()
    np.testing.assert_allclose(found.weights.sum(1), 1, rtol=1e-5)
    assert (found.weights >= 0).all()
    if rule.weighting == "inverse_square":
        np.testing.assert_array_equal(found.rows[:3, 0], [0, 1, 2])
        assert (found.weights[:3, 0] == 1).all()


def test_neighbours_are_the_nearest_as_a_plain_loop_finds_them(bank):
    query = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    found = bank.search(query, torch.arange(60), Rule(6, "cosine", "inverse_square", distance="l1"))
    for row in range(4):
        cosine = [torch.cosine_similarity(query[row], spot, dim=0).item() for spot in bank.embeddings]
        expected = np.argsort(cosine)[::-1][:6]
        np.testing.assert_array_equal(found.rows[row], expected)
        weights = np.array([1 / (query[row] - bank.embeddings[int(i)]).abs().sum().item() ** 2 for i in expected])
        np.testing.assert_allclose(found.weights[row], weights / weights.sum(), rtol=1e-4)
        values = (weights / weights.sum()) @ bank.expression[expected.copy()].numpy()
        np.testing.assert_allclose(bank.average(found)[row], values, rtol=1e-4)


def test_pearson_weights_are_one_plus_r_by_half(bank):
    query = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    found = bank.search(query, torch.arange(60), Rule(7, weighting="pearson"))
    for row, near in enumerate(found.rows):
        r = [np.corrcoef(query[row].numpy(), bank.embeddings[int(spot)].numpy())[0, 1] for spot in near]
        weights = (np.array(r) + 1) / 2
        np.testing.assert_allclose(found.weights[row], weights / weights.sum(), rtol=1e-4)


def test_pearson_weights_where_all_are_opposite_or_constant_stay_finite():
    query = torch.tensor([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]])
    opposite = torch.cat([-query, -2 * query])
    rows = torch.tensor([[0, 2], [1, 3]])
    weights = weights_of(query, opposite, rows, torch.zeros(2, 2), Rule(2, weighting="pearson"))
    torch.testing.assert_close(weights, torch.full((2, 2), 0.5))


@pytest.mark.parametrize("rule", RULES)
def test_chunks_change_nothing(bank, rule, monkeypatch):
    query = torch.randn(33, 5, generator=torch.Generator().manual_seed(2))
    whole = bank.search(query, torch.arange(20, 60), rule)
    monkeypatch.setattr(weighting, "BUDGET", 300)
    monkeypatch.setattr(nearest_rows, "BUDGET", 300)
    parts = bank.search(query, torch.arange(20, 60), rule)
    np.testing.assert_array_equal(whole.rows, parts.rows)
    np.testing.assert_allclose(whole.weights, parts.weights, atol=1e-6)


def test_own_section_and_own_patient_are_out(bank):
    assert set(bank.rows_for({"b"}, "p", exclude_patient=False).tolist()) == {*range(20), *range(40, 60)}
    assert set(bank.rows_for({"b"}, "p", exclude_patient=True).tolist()) == set(range(40, 60))
    assert set(bank.rows_for({"new"}, "p", exclude_patient=True).tolist()) == set(range(40, 60))
    assert len(bank.rows_for({"new"}, None, exclude_patient=True)) == 60
    assert set(bank.rows_for({"a", "b"}, "p", exclude_patient=False).tolist()) == set(range(40, 60))


@pytest.mark.parametrize("exclude_patient", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_own_spots_are_never_retrieved_though_they_equal_the_query(bank, rule, exclude_patient):
    query = bank.embeddings[20:40]
    found = bank.search(query, bank.rows_for({"b"}, "p", exclude_patient=exclude_patient), rule)
    owners = bank.section_of.numpy()[found.rows]
    assert set(np.unique(owners)) == ({2} if exclude_patient else {0, 2})
    # Had they been allowed, each would have found itself.
    np.testing.assert_array_equal(bank.search(query, torch.arange(60), rule).rows[:, 0], np.arange(20, 40))


def test_nothing_left_to_retrieve_is_said(bank):
    alone = Bank(bank.embeddings[:20], bank.expression[:20], bank.section_of[:20], ("a",), ("p",))
    with pytest.raises(InputError, match="section a itself"):
        alone.rows_for({"a"}, "p", exclude_patient=False)
    with pytest.raises(InputError, match="patient p itself"):
        alone.rows_for({"new"}, "p", exclude_patient=True)


def test_more_neighbours_than_spots_and_no_query(bank):
    assert bank.search(torch.randn(2, 5), torch.arange(4), Rule(50)).rows.shape == (2, 4)
    assert bank.search(torch.empty(0, 5), torch.arange(60), Rule(5)).rows.shape == (0, 5)


@pytest.mark.parametrize("rule", RULES)
def test_fewer_of_the_neighbours_are_those_of_a_smaller_search(bank, rule):
    query = torch.randn(3, 5, generator=torch.Generator().manual_seed(3))
    found = nearest(bank.search(query, torch.arange(60), rule), 4)
    direct = bank.search(query, torch.arange(60), Rule(4, rule.metric, rule.weighting, rule.temperature, rule.distance))
    np.testing.assert_array_equal(found.rows, direct.rows)
    np.testing.assert_allclose(found.weights, direct.weights, rtol=1e-5)


@pytest.mark.parametrize("pair", WEIGHTINGS)
def test_neighbours_weighed_anew_are_those_of_a_search_by_that_rule(bank, pair):
    query = torch.randn(6, 5, generator=torch.Generator().manual_seed(4))
    rows = torch.arange(20, 60)
    found, rule = bank.search(query, rows, Rule(9)), Rule(9, weighting=pair[0], distance=pair[1])
    direct, again = bank.search(query, rows, rule), bank.weighed(query, found, rule)
    np.testing.assert_array_equal(again.rows, direct.rows)
    np.testing.assert_array_equal(again.similarity, direct.similarity)
    np.testing.assert_array_equal(again.weights, direct.weights)
