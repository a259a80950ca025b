"""Blends of several predictors."""

import numpy as np

from geneglass.model.blend import best_weights, mixed


def test_weights_may_differ_between_places() -> None:
    one, other = np.ones((3, 2), np.float32), np.full((3, 2), 5, np.float32)
    share = np.array([[0.0], [0.5], [1.0]])
    assert mixed([1 - share, share], [one, other]).tolist() == [[1, 1], [3, 3], [5, 5]]


def test_the_predictor_that_is_right_counts_for_all() -> None:
    random = np.random.default_rng(0)
    truth = [random.normal(size=(40, 7)).astype(np.float32) for _ in range(2)]
    wrong = [random.normal(size=part.shape).astype(np.float32) for part in truth]
    assert best_weights(truth, [wrong, truth], 4) == (0.0, 1.0)


def test_two_that_err_differently_are_mixed() -> None:
    random = np.random.default_rng(1)
    truth = [random.normal(size=(60, 7)).astype(np.float32)]
    first, second = ([truth[0] + random.normal(size=truth[0].shape).astype(np.float32)] for _ in range(2))
    assert best_weights(truth, [first, second], 4) == (0.5, 0.5)


def test_where_nothing_tells_them_apart_all_count_the_same() -> None:
    truth = [np.random.default_rng(2).normal(size=(30, 4)).astype(np.float32)]
    assert best_weights(truth, [truth, truth, truth], 6) == (1 / 3, 1 / 3, 1 / 3)
