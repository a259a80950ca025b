"""Nearest rows: equal to brute force, with ties by row, whichever way they are found."""

import numpy as np
import pytest
import torch

from geneglass.model import nearest
from geneglass.model.nearest import GROUP, Reference, best


def tables(n, dim, queries, seed):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(n, dim, generator=random), torch.randn(queries, dim, generator=random)


def brute_force(reference, query, metric):
    """Return (queries, n) scores in float64, higher is nearer."""
    reference, query = reference.double().numpy(), query.double().numpy()
    if metric == "cosine":
        units = [table / np.linalg.norm(table, axis=1, keepdims=True) for table in (query, reference)]
        return units[0] @ units[1].T
    difference = query[:, None] - reference[None]
    return -np.abs(difference).sum(2) if metric == "l1" else -np.sqrt((difference**2).sum(2))


@pytest.mark.parametrize("metric", ["cosine", "l1", "l2"])
@pytest.mark.parametrize(("n", "k"), [(3001, 7), (2000, 1), (997, 200), (40, 40), (1, 1)])
def test_found_are_the_nearest_as_brute_force_finds_them(metric, n, k):
    reference, query = tables(n, 24, 13, seed=n)
    values, rows = Reference(reference, metric).nearest(query, k)
    scores = brute_force(reference, query, metric)
    expected = np.sort(scores, axis=1)[:, ::-1][:, :k]
    np.testing.assert_allclose(np.take_along_axis(scores, rows.numpy(), 1), expected, atol=2e-5)
    np.testing.assert_allclose(values, expected, atol=2e-5)
    assert all(len(set(row)) == k for row in rows.tolist())


@pytest.mark.parametrize("values", [1, 2, 5, 1000])
@pytest.mark.parametrize(("columns", "k"), [(50 * GROUP, 9), (50 * GROUP - 5, 9), (50 * GROUP, 60), (3 * GROUP - 1, 4)])
def test_equal_scores_are_taken_in_order_of_their_columns(values, columns, k):
    whole = -(-columns // GROUP) * GROUP
    scores = torch.full((17, whole), -torch.inf)
    random = torch.Generator().manual_seed(values)
    scores[:, :columns] = torch.randint(values, (17, columns), generator=random).float()
    found, where = best(scores, k, columns)
    expected = np.argsort(-scores.numpy(), axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(where, expected)
    np.testing.assert_array_equal(found, np.take_along_axis(scores.numpy(), expected, 1))


def test_padding_is_never_found_though_all_scores_are_minus_infinity():
    scores = torch.full((2, 20 * GROUP), -torch.inf)
    _, where = best(scores, 3, 19 * GROUP + 1)
    np.testing.assert_array_equal(where, [[0, 1, 2]] * 2)


@pytest.mark.parametrize("threads", [1, 2])
def test_one_thread_or_more_and_any_chunks_find_the_same(threads, monkeypatch):
    reference, query = tables(1500, 16, 50, seed=0)
    whole = Reference(reference, "cosine").nearest(query, 11)[1]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    monkeypatch.setattr(nearest, "BUDGET", 7 * 1500)
    searched = Reference(reference, "cosine")
    try:
        parts = [searched.nearest(query[part], 11)[1] for part in searched.chunks(50)]
    finally:
        torch.set_num_threads(before)
    assert [len(part) for part in parts] == [7] * 7 + [1]
    np.testing.assert_array_equal(torch.cat(parts), whole)


def test_scores_held_at_once_stay_within_the_budget(monkeypatch):
    monkeypatch.setattr(nearest, "BUDGET", 10_000)
    reference, query = tables(900, 4, 300, seed=1)
    searched = Reference(reference, "cosine")
    seen = []
    for part in searched.chunks(300):
        searched.nearest(query[part], 2)
        seen.append(searched._buffer.numel())
    assert max(seen) <= 10_000 * 1.1
