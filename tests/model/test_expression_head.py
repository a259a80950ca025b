"""The expression head and its correlation loss."""

import numpy as np
import pytest
import torch

from geneglass.model.expression_head import ExpressionHead, pearson_loss


def table(n, genes=4, seed=0):
    return torch.randn(n, genes, generator=torch.Generator().manual_seed(seed))


def test_loss_is_one_less_the_mean_r_within_groups():
    predicted, measured = table(20), table(20, seed=1)
    group = torch.tensor([0] * 12 + [3] * 8)
    expected = [
        1 - np.corrcoef(predicted[rows, gene], measured[rows, gene])[0, 1]
        for rows in (slice(0, 12), slice(12, 20))
        for gene in range(4)
    ]
    assert pearson_loss(predicted, measured, group).item() == pytest.approx(np.mean(expected), abs=1e-4)


def test_a_shift_between_sections_earns_nothing_within_them():
    measured, noise = table(30), table(30, seed=1)
    section = torch.arange(30) % 2
    shift = 9.0 * section[:, None]
    apart = pearson_loss(noise + shift, measured + shift, section)
    assert torch.allclose(apart, pearson_loss(noise, measured, section), atol=1e-4)
    # Over a mixed batch the shift alone looks like a nearly perfect prediction.
    assert pearson_loss(noise + shift, measured + shift, torch.zeros(30)) < 0.1 < apart


@pytest.mark.parametrize("case", ["constant prediction", "constant gene", "one row each", "nothing varies"])
def test_value_and_gradient_are_finite(case):
    predicted, measured = table(6).requires_grad_(), table(6, seed=1)
    group = torch.zeros(6)
    if case == "constant prediction":
        predicted = torch.zeros(6, 4, requires_grad=True)
    elif case == "constant gene":
        measured[:, 2] = 3
    elif case == "one row each":
        group = torch.arange(6)
    else:
        measured[:] = 1
    loss = pearson_loss(predicted, measured, group)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(predicted.grad).all()
    assert (loss == 0) == (case in ("one row each", "nothing varies"))


def test_the_head_starts_near_the_mean_expression():
    expression = 5 + table(40)
    head = ExpressionHead(8, 4, 0.0)
    head.fit(expression)
    assert (head(table(10, 8)) - expression.mean(0)).abs().max() < 2
    assert head(table(10, 8)).std(0).min() > 0
