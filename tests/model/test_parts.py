"""Network parts, each alone."""

import numpy as np
import pytest
import torch

from geneglass.model.parts import (
    Principal,
    Temperature,
    TransformerBlock,
    contrastive_loss,
    fourier_position,
    nearest_places,
    receptive_rows,
)


@pytest.mark.parametrize(("n", "dim"), [(40, 6), (6, 40)])
def test_principal_axes_are_those_of_the_data(n, dim):
    torch.manual_seed(0)
    x = torch.randn(n, dim) * torch.linspace(5, 0.1, dim) + 3
    part = Principal(dim, 3)
    part.fit(x)
    out = part(x)
    covariance = out.T @ out / n
    assert torch.allclose(out.mean(0), torch.zeros(3), atol=1e-4)
    assert torch.allclose(covariance, torch.diag(covariance.diag()), atol=1e-3)
    assert covariance.diag().mean().item() == pytest.approx(1, abs=1e-3)
    expected = torch.linalg.svdvals((x - x.mean(0)).double())[:3] ** 2
    assert torch.allclose(covariance.diag() / covariance[0, 0], (expected / expected[0]).float(), atol=1e-3)


def test_constant_data_gives_no_infinite_axes():
    part = Principal(4, 2)
    part.fit(torch.ones(5, 4))
    assert torch.isfinite(part(torch.ones(2, 4))).all()


def test_nearest_places_are_the_nearest_and_self_comes_first():
    centres = np.array([[0, 0], [0, 100], [0, 210], [900, 0]], np.float32)
    found = nearest_places(centres, 3).tolist()
    assert found == [[0, 1, 2], [1, 0, 2], [2, 1, 0], [3, 0, 1]]
    assert nearest_places(centres[:1], 3).tolist() == [[0, -1, -1]]


def test_attention_to_lists_ignores_everyone_else():
    torch.manual_seed(0)
    block = TransformerBlock(8, 2, 4, mlp_dim=8).eval()
    x = torch.randn(5, 8)
    lists = torch.tensor([[0, 1], [1, 0], [2, -1], [3, 4], [4, 3]])
    before = block(x, lists)
    changed = x.clone()
    changed[3:] += 10
    after = block(changed, lists)
    assert torch.equal(before[:3], after[:3])
    assert not torch.allclose(before[3], after[3])


def test_attention_over_lists_of_all_equals_attention_without_lists():
    torch.manual_seed(0)
    block = TransformerBlock(8, 2, 4, mlp_dim=8).eval()
    x = torch.randn(4, 8)
    assert torch.allclose(block(x), block(x, torch.arange(4).repeat(4, 1)), atol=1e-5)


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_a_part_computes_what_the_whole_does(hops):
    torch.manual_seed(0)
    x = torch.randn(30, 8)
    neighbours = nearest_places(np.random.default_rng(0).uniform(0, 1000, (30, 2)).astype(np.float32), 4)
    blocks = [TransformerBlock(8, 2, 4, mlp_dim=8).eval() for _ in range(hops)]

    def run(values, lists):
        for block in blocks:
            values = block(values, lists)
        return values

    rows = torch.tensor([7, 3, 20])
    seen, lists = receptive_rows(rows, neighbours, hops)
    assert torch.equal(seen[:3], rows)
    assert len(seen) < 30
    assert torch.allclose(run(x[seen], lists)[:3], run(x, neighbours)[rows], atol=1e-5)


def test_contrastive_loss_by_hand():
    assert contrastive_loss(torch.zeros(4, 4)).item() == pytest.approx(np.log(4))
    assert contrastive_loss(20 * torch.eye(4)).item() < 1e-6
    table = torch.tensor([[1.0, 2.0], [0.5, 0.0]])
    down = -np.log(np.exp(1) / (np.exp(1) + np.exp(2))), -np.log(1 / (1 + np.exp(0.5)))
    across = -np.log(np.exp(1) / (np.exp(1) + np.exp(0.5))), -np.log(1 / (1 + np.exp(2)))
    assert contrastive_loss(table).item() == pytest.approx((sum(down) + sum(across)) / 4, rel=1e-5)


def test_fourier_position_tells_places_apart_and_has_unit_length():
    places = torch.tensor([[0.0, 0.0], [0.0, 200.0], [200.0, 0.0], [5000.0, 5000.0]])
    codes = fourier_position(places, 6)
    assert codes.shape == (4, 24)
    assert torch.allclose(codes.square().sum(1), torch.full((4,), 12.0), atol=1e-4)
    assert torch.cdist(codes, codes)[~torch.eye(4, dtype=torch.bool)].min() > 0.1


def test_temperature_is_learned_or_not():
    assert Temperature(0.2, learned=False)().item() == pytest.approx(0.2)
    assert not list(Temperature(0.2, learned=False).parameters())
    part = Temperature(0.2, learned=True)
    with torch.no_grad():
        part.log.fill_(9.0)
    assert part().item() == 1.0
