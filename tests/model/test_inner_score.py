"""The score that training chooses by is the mean of the r that is reported."""

import numpy as np
import pytest

from geneglass.metric.pearson import pearson
from geneglass.model.inner_score import mean_r


def test_it_is_the_mean_over_genes_of_pearsons_r_where_that_is_defined() -> None:
    random = np.random.default_rng(0)
    measured = random.normal(5, 1, (90, 40)).astype(np.float32)
    predicted = (measured + random.normal(0, 1, measured.shape) * np.arange(40)).astype(np.float32)
    measured[:, 3], predicted[:, 8] = 2.0, 7.0
    r = pearson(measured, predicted)
    assert np.flatnonzero(np.isnan(r)).tolist() == [3, 8]
    assert mean_r(measured, predicted) == pytest.approx(float(np.nanmean(r)), abs=1e-6)


def test_where_nothing_varies_it_is_0() -> None:
    still = np.ones((9, 4), np.float32)
    assert mean_r(still, np.random.default_rng(0).random((9, 4)).astype(np.float32)) == 0
