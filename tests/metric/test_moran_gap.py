import numpy as np
import pytest

from geneglass.data.neighbours import neighbour_pairs
from geneglass.metric.moran_gap import moran_gap, morans_i

ROWS, COLUMNS = np.mgrid[:6, :9].reshape(2, -1)
PAIRS = neighbour_pairs(np.stack([ROWS, COLUMNS], axis=1))


def by_hand(values, pairs):
    centred = values - values.mean()
    crossed = sum(2 * centred[i] * centred[j] for i, j in pairs)
    return len(values) / (2 * len(pairs)) * crossed / (centred**2).sum()


def test_agrees_with_the_formula():
    values = np.random.default_rng(0).normal(size=(54, 3)).astype(np.float32)
    np.testing.assert_allclose(morans_i(values, PAIRS), [by_hand(values[:, g], PAIRS) for g in range(3)], rtol=1e-4)


def test_stripes_boards_and_noise():
    board = ((ROWS + COLUMNS) % 2).astype(np.float32)
    gradient = COLUMNS.astype(np.float32)
    noise = np.random.default_rng(1).normal(size=(400, 54)).astype(np.float32)
    assert morans_i(board[:, None], PAIRS)[0] == pytest.approx(-1)
    assert morans_i(gradient[:, None], PAIRS)[0] > 0.8
    assert morans_i(noise.T, PAIRS).mean() == pytest.approx(-1 / 53, abs=0.02)


def test_a_smoothed_map_is_above_zero_and_a_rough_one_below():
    gradient = COLUMNS.astype(np.float32)[:, None]
    rough = gradient + np.random.default_rng(2).normal(0, 3, (54, 1)).astype(np.float32)
    assert moran_gap(rough, gradient, PAIRS)[0] > 0.2
    assert moran_gap(gradient, rough, PAIRS)[0] < -0.2


def test_without_neighbours_nothing_is_defined():
    assert np.isnan(morans_i(np.arange(6.0)[:, None], np.empty((0, 2), np.int64))).all()
