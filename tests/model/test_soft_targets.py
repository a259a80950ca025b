"""Soft contrastive targets against what they are by definition."""

import math

import pytest
import torch
from torch.nn import functional

from geneglass.model.soft_targets import divergence, kernel_similarity, product_similarity, soft_cross_entropy


def sides(n=7, dim=5):
    random = torch.Generator().manual_seed(0)
    return torch.randn(n, dim, generator=random), torch.randn(n, dim, generator=random)


def test_similarities_are_those_of_each_pair():
    images, spots = sides()
    products, kernels = product_similarity(images, spots), kernel_similarity(images, spots, 1.5)
    for i, j in ((0, 0), (2, 5), (6, 1)):
        assert products[i, j].item() == pytest.approx(
            (images[i] @ images[j] + spots[i] @ spots[j]).item() / 2, abs=1e-5
        )
        apart = [math.exp(-((x[i] - x[j]) ** 2).sum().item() / (2 * 1.5**2)) for x in (images, spots)]
        assert kernels[i, j].item() == pytest.approx(sum(apart) / 2, abs=1e-5)
    assert torch.allclose(kernels.diagonal(), torch.ones(7), atol=1e-4)


def test_a_hard_target_gives_the_ordinary_cross_entropy():
    logits, _ = sides(6, 6)
    own = torch.eye(6)
    expected = functional.cross_entropy(logits, torch.arange(6))
    assert torch.allclose(soft_cross_entropy(logits, own), expected)
    assert torch.allclose(divergence(logits, own), expected)


def test_divergence_is_zero_where_the_logits_agree_and_positive_elsewhere():
    logits, other = sides(6, 6)
    assert divergence(logits, logits.softmax(1)).item() == pytest.approx(0, abs=1e-6)
    assert divergence(other, logits.softmax(1)) > 0.05
