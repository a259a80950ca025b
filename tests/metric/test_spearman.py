import numpy as np
from scipy.stats import spearmanr

from geneglass.metric.spearman import spearman


def test_agrees_with_scipy_where_counts_are_tied():
    generator = np.random.default_rng(1)
    x = generator.poisson(1.0, size=(60, 3)).astype(np.float32)
    y = generator.normal(size=(60, 3)).astype(np.float32) + x
    np.testing.assert_allclose(spearman(x, y), [spearmanr(x[:, g], y[:, g])[0] for g in range(3)], rtol=1e-5)


def test_only_order_counts():
    x = np.arange(1, 20, dtype=np.float32)[:, None]
    assert spearman(x, np.exp(x / 3))[0] == 1
