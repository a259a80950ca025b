"""What a retrieved prediction tells of itself."""

import numpy as np
import pytest
import torch

from geneglass.model import signals as module
from geneglass.model.recipe import Neighbours
from geneglass.model.retrieval import Bank
from geneglass.model.signals import signals
from geneglass.model.weighting import Rule


def bank(n=40, dim=5, genes=7):
    random = torch.Generator().manual_seed(0)
    expression = 100 + torch.randn(n, genes, generator=random)
    return Bank(torch.randn(n, dim, generator=random), expression, torch.zeros(n, dtype=torch.long), ("a",), ("p",))


@pytest.mark.parametrize("budget", [module.VALUES_AT_ONCE, 80])
def test_signals_are_what_they_are_defined_as(monkeypatch, budget):
    monkeypatch.setattr(module, "VALUES_AT_ONCE", budget)
    held, rows = bank(), torch.arange(3, 40)
    query = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    found = held.search(query, rows, Rule(4))

    spread, margin, distance = signals(held, found, query, rows).T

    values = held.expression.double().numpy()[found.rows]
    weights = found.weights.astype(np.float64)[:, :, None]
    variance = (weights * (values - (weights * values).sum(1, keepdims=True)) ** 2).sum(1)
    np.testing.assert_allclose(spread, np.sqrt(variance.mean(1)), rtol=1e-3)
    everything = torch.nn.functional.cosine_similarity(query[:, None], held.embeddings[rows][None], dim=2)
    np.testing.assert_allclose(margin, found.similarity.mean(1) - everything.mean(1).numpy(), atol=1e-5)
    np.testing.assert_allclose(distance, 1 - found.similarity.mean(1), atol=1e-6)


def test_neighbours_that_agree_have_no_spread():
    held = bank()
    same = Neighbours(np.full((2, 3), 5), np.full((2, 3), 1 / 3, np.float32), np.ones((2, 3), np.float32))
    assert signals(held, same, held.embeddings[:2], torch.arange(40))[:, 0] == pytest.approx([0, 0], abs=1e-3)
