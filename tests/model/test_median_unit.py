"""Expression scaled to the median spot."""

import numpy as np

from geneglass.model.median_unit import median_scaled
from geneglass.model.recipe import TrainData


def data(counts, totals):
    counts = np.asarray(counts, np.float32)
    expression = np.log1p(1e4 * counts / np.asarray(totals, np.float32)[:, None])
    n = len(counts)
    return TrainData("s", "p", np.zeros((n, 2), np.float32), np.zeros((n, 2)), expression=expression, counts=counts)


def test_the_median_is_that_of_totals_over_all_genes_not_over_the_panel():
    counts, totals = [[3, 0, 1], [8, 2, 0], [1, 1, 1], [40, 5, 9], [7, 0, 2]], [100, 900, 400, 2000, 50]
    expected = np.log1p(400 * np.asarray(counts) / np.asarray(totals)[:, None])
    np.testing.assert_allclose(median_scaled(data(counts, totals)), expected, rtol=1e-5)


def test_spots_without_counts_of_the_panel_are_zero_and_do_not_count():
    scaled = median_scaled(data([[0, 0], [2, 4], [1, 1]], [300, 500, 700]))
    np.testing.assert_allclose(
        scaled, np.log1p([[0, 0], [600 * 2 / 500, 600 * 4 / 500], [600 / 700, 600 / 700]]), rtol=1e-5
    )
    assert (median_scaled(data([[0, 0]] * 3, [9, 9, 9])) == 0).all()
