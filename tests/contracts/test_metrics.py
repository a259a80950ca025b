"""What every metric promises, whoever wrote it."""

import numpy as np
import pytest

from geneglass.data.neighbours import neighbour_pairs
from geneglass.metric import GROUP_METRICS, METRICS, SPATIAL_METRICS

PERFECT = {"pearson": 1.0, "spearman": 1.0, "mse": 0.0, "mae": 0.0, "spread_ratio": 1.0, "moran_gap": 0.0}
UNDEFINED_FOR_CONSTANT = ("pearson", "spearman", "moran_gap")
NAMES = [*METRICS, *SPATIAL_METRICS]


def compute(name, measured, predicted):
    """Return what a metric gives; one of spatial structure is told the neighbours on a grid 5 spots wide."""
    if name in METRICS:
        return METRICS[name](measured, predicted)
    places = np.stack(np.divmod(np.arange(len(measured)), 5), axis=1).astype(np.float32)
    return SPATIAL_METRICS[name](measured, predicted, neighbour_pairs(places))


@pytest.fixture
def measured():
    return np.random.default_rng(3).gamma(2.0, size=(40, 7)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_perfect_prediction(name, measured):
    if name not in PERFECT:
        pytest.fail(f"say in PERFECT what {name} gives for a perfect prediction")
    values = compute(name, measured, measured.copy())
    assert values.shape == (7,)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, PERFECT[name], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_each_gene_is_scored_alone(name, measured):
    predicted = measured[::-1].copy()
    together = compute(name, measured, predicted)
    alone = [compute(name, measured[:, [g]], predicted[:, [g]])[0] for g in range(7)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_nan_spoils_its_own_gene_only(name, measured):
    predicted = measured + 0.5 * measured[::-1]
    whole = compute(name, measured, predicted)
    predicted[4, 2] = np.nan
    values = compute(name, measured, predicted)
    assert np.isnan(values[2])
    np.testing.assert_allclose(np.delete(values, 2), np.delete(whole, 2), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_constant_prediction_is_undefined_or_finite_but_never_a_warning(name, measured):
    values = compute(name, measured, np.full_like(measured, 0.1))
    if name in UNDEFINED_FOR_CONSTANT:
        assert np.isnan(values).all()
    else:
        assert np.isfinite(values).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [0, 1])
def test_too_few_spots_do_not_crash(name, n):
    values = compute(name, np.ones((n, 3), np.float32), np.ones((n, 3), np.float32))
    assert values.shape == (3,)


@pytest.mark.parametrize("name", list(GROUP_METRICS))
def test_same_groups_by_other_names_agree_wholly(name):
    labels = np.array(list("aabbbcc"))
    assert GROUP_METRICS[name](labels, np.array([2, 2, 0, 0, 0, 1, 1])) == pytest.approx(1)
    assert GROUP_METRICS[name](labels, np.zeros(7, int)) == pytest.approx(0)
