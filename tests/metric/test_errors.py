import numpy as np

from geneglass.metric.mae import mae
from geneglass.metric.mse import mse
from geneglass.metric.spread_ratio import spread_ratio

MEASURED = np.array([[0, 1], [2, 1]], np.float32)
PREDICTED = np.array([[1, 1], [5, 4]], np.float32)


def test_squared_and_absolute_error_by_hand():
    np.testing.assert_allclose(mse(MEASURED, PREDICTED), [(1 + 9) / 2, 9 / 2])
    np.testing.assert_allclose(mae(MEASURED, PREDICTED), [(1 + 3) / 2, 3 / 2])


def test_spread_is_relative_to_the_measured_one():
    ratio = spread_ratio(MEASURED, PREDICTED)
    assert ratio[0] == 2
    assert np.isnan(ratio[1])
    assert spread_ratio(MEASURED, np.ones_like(MEASURED))[0] == 0
