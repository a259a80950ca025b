"""The order that a random network gives."""

import numpy as np
import torch

from geneglass.model.rerank import randomly_reranked
from geneglass.model.retrieval import Bank
from geneglass.model.weighting import Rule

REFERENCES, DIM = 40, 6


def embedded(n, seed):
    random = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(2 + torch.randn(n, DIM, generator=random), dim=1)


def order(k, seed=0):
    query, bank = embedded(9, 1), embedded(REFERENCES, 2)
    everything = torch.arange(REFERENCES)
    found = Bank(bank, torch.zeros(REFERENCES, 3), torch.zeros(REFERENCES), ("a",), ("p",)).search(
        query, everything, Rule(REFERENCES)
    )
    return found, randomly_reranked(found, query, bank, k=k, seed=seed)


def test_kept_references_belong_together_and_their_weights_sum_to_one():
    before, after = order(7)
    assert after.rows.shape == (9, 7)
    for row in range(9):
        similarity = dict(zip(before.rows[row], before.similarity[row], strict=True))
        assert [similarity[reference] for reference in after.rows[row]] == after.similarity[row].tolist()
    np.testing.assert_allclose(after.weights.sum(axis=1), 1, rtol=1e-5)
    assert order(100)[1].rows.shape == (9, REFERENCES)


def test_the_order_follows_from_the_seed_alone_and_is_not_that_of_similarity():
    before, after = order(7, seed=3)
    np.testing.assert_array_equal(after.rows, order(7, seed=3)[1].rows)
    assert (after.rows != order(7, seed=4)[1].rows).any()
    assert (after.rows != before.rows[:, :7]).any()
