"""The noise ceiling against simulated tissue whose true expression is known."""

import numpy as np
import pytest

from geneglass.data.genes import normalise
from geneglass.metric.pearson import pearson
from geneglass.workflow.ceiling import noise_ceiling


@pytest.fixture(scope="module")
def tissue():
    generator = np.random.default_rng(11)
    n, genes = 1500, 12
    true = np.exp(generator.normal(0, 1, (n, genes))) * np.geomspace(1e-4, 1e-2, genes)
    true[:, -1] = 5e-5
    depth = generator.integers(2000, 9000, n)
    counts = generator.poisson(true * depth[:, None])
    totals = counts.sum(axis=1) + generator.poisson(depth)
    return true, counts.astype(np.float32), totals.astype(np.float32)


def test_ceiling_is_what_the_truth_itself_scores(tissue):
    true, counts, totals = tissue
    share = true * 1e4 / 1.5
    reached = pearson(normalise(counts, totals), np.log1p(share).astype(np.float32))
    ceiling = noise_ceiling(counts, totals, normalise)
    deep = slice(6, 11)
    np.testing.assert_allclose(ceiling[deep], reached[deep], atol=0.08)
    assert (np.diff(ceiling[[0, 4, 7, 10]]) > 0).all()


def test_a_gene_of_pure_counting_noise_has_almost_none(tissue):
    ceiling = noise_ceiling(*tissue[1:], normalise)
    assert np.isnan(ceiling[-1]) or ceiling[-1] < 0.35


def test_undefined_without_counts_and_seeded(tissue):
    _, counts, totals = tissue
    counts = counts.copy()
    counts[:, 3] = 0
    ceiling = noise_ceiling(counts, totals, normalise, seed=4)
    assert np.isnan(ceiling[3])
    np.testing.assert_array_equal(ceiling, noise_ceiling(counts, totals, normalise, seed=4))


def test_input_is_not_changed(tissue):
    counts = tissue[1].copy()
    noise_ceiling(counts, tissue[2], normalise, thinnings=2)
    np.testing.assert_array_equal(counts, tissue[1])
