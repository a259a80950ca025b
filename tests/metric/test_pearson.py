import numpy as np
from scipy.stats import pearsonr

from geneglass.metric.pearson import pearson


def test_agrees_with_scipy():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(50, 4)).astype(np.float32)
    y = (x + generator.normal(size=(50, 4))).astype(np.float32)
    np.testing.assert_allclose(pearson(x, y), [pearsonr(x[:, g], y[:, g])[0] for g in range(4)], rtol=1e-5)


def test_constant_on_either_side_is_nan_even_with_rounding_noise():
    x = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    flat = np.full((30, 2), 0.1, np.float32)
    assert np.isnan(pearson(x, flat)).all()
    assert np.isnan(pearson(flat, x)).all()


def test_sign_and_scale():
    x = np.arange(10, dtype=np.float32)[:, None]
    assert pearson(x, -3 * x + 2)[0] == -1
