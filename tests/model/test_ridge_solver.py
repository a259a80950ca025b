"""Principal axes: those of the largest variance, found without stopping everything else."""

import threading
import time

import numpy as np
import pytest

from geneglass.model.ridge_solver import principal


@pytest.mark.parametrize("shape", [(60, 25), (25, 60)])
def test_axes_are_those_of_the_singular_vectors(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=shape) * np.linspace(1, 3, shape[1])
    values -= values.mean(axis=0)
    axes, variance = principal(values, 4)
    _, singular, rows = np.linalg.svd(values, full_matrices=False)
    assert np.allclose(np.abs((axes * rows[:4].T).sum(axis=0)), 1)
    assert variance == pytest.approx((singular[:4] ** 2).sum() / len(values))


def test_axes_without_variance_are_left_out() -> None:
    values = np.random.default_rng(0).normal(size=(40, 2)) @ np.ones((2, 9)) * np.arange(9)
    axes, _ = principal(values - values.mean(axis=0), 5)
    assert axes.shape == (9, 1)


def test_other_threads_run_meanwhile() -> None:
    """A window whose thread could not run while a model is trained beside it would stand still."""
    values = np.random.default_rng(0).normal(size=(1000, 900))
    worker = threading.Thread(target=principal, args=(values, 50))
    start = last = time.perf_counter()
    worker.start()
    longest = 0.0
    while worker.is_alive():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < 0.5 * (last - start)
