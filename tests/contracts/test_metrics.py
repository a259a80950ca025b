"""What every metric promises, whoever wrote it."""

import numpy as np
import pytest

from geneglass.metric import METRICS

PERFECT = {"pearson": 1.0, "spearman": 1.0, "mse": 0.0, "mae": 0.0, "spread_ratio": 1.0}


@pytest.fixture
def measured():
    return np.random.default_rng(3).gamma(2.0, size=(40, 7)).astype(np.float32)


@pytest.mark.parametrize("name", list(METRICS))
def test_perfect_prediction(name, measured):
    if name not in PERFECT:
        pytest.fail(f"say in PERFECT what {name} gives for a perfect prediction")
    values = METRICS[name](measured, measured.copy())
    assert values.shape == (7,)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, PERFECT[name], atol=1e-6)


@pytest.mark.parametrize("name", list(METRICS))
def test_each_gene_is_scored_alone(name, measured):
    predicted = measured[::-1].copy()
    together = METRICS[name](measured, predicted)
    alone = [METRICS[name](measured[:, [g]], predicted[:, [g]])[0] for g in range(7)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


@pytest.mark.parametrize("name", list(METRICS))
def test_nan_spoils_its_own_gene_only(name, measured):
    predicted = measured + 0.5 * measured[::-1]
    whole = METRICS[name](measured, predicted)
    predicted[4, 2] = np.nan
    values = METRICS[name](measured, predicted)
    assert np.isnan(values[2])
    np.testing.assert_allclose(np.delete(values, 2), np.delete(whole, 2), rtol=1e-6)


@pytest.mark.parametrize("name", list(METRICS))
def test_constant_prediction_is_undefined_or_finite_but_never_a_warning(name, measured):
    values = METRICS[name](measured, np.full_like(measured, 0.1))
    if name in ("pearson", "spearman"):
        assert np.isnan(values).all()
    else:
        assert np.isfinite(values).all()


@pytest.mark.parametrize("name", list(METRICS))
@pytest.mark.parametrize("n", [0, 1])
def test_too_few_spots_do_not_crash(name, n):
    values = METRICS[name](np.ones((n, 3), np.float32), np.ones((n, 3), np.float32))
    assert values.shape == (3,)
