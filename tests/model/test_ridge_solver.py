"""Principal axes: those of the largest variance, found without stopping everything else."""

import threading
import time

import numpy as np
import pytest

from geneglass.model.ridge_solver import Moments, principal, tune
from geneglass.workflow.events import finish


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


GRID = np.append(np.geomspace(1e-5, 10, 25), np.inf)


def groups(count: int, seed: int, *, signal: float = 0.0, spots: int = 60) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return per group (spots, 30) scores and (spots, 40) targets."""
    rng = np.random.default_rng(seed)
    scores = [rng.normal(0, 30**-0.5, (spots, 30)) for _ in range(count)]
    shown = np.random.default_rng(99).normal(size=(30, 40))
    return scores, [signal * part @ shown + rng.normal(size=(spots, 40)) for part in scores]


def tuned(scores: list[np.ndarray], targets: list[np.ndarray]):
    return finish(tune([Moments.of(*pair) for pair in zip(scores, targets, strict=True)], GRID))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_weights_without_a_group_are_a_ridge_on_the_others(count: int) -> None:
    scores, targets = groups(count, 0, signal=1.0)
    found = tuned(scores, targets)
    for number in range(count):
        x, y = (np.concatenate([*side[:number], *side[number + 1 :]]) for side in (scores, targets))
        strength = found.by_others[number]
        for target in range(0, 40, 13):
            wanted = np.linalg.solve(x.T @ x + len(x) * strength[target] * np.eye(30), x.T @ y[:, target])
            np.testing.assert_allclose(found.without(number)[:, target], wanted, atol=1e-9)


def test_how_well_a_group_is_predicted_does_not_choose_for_itself() -> None:
    scores, targets = groups(4, 1, signal=1.0)
    changed = [*targets[:3], np.random.default_rng(5).normal(size=targets[3].shape)]
    before, after = tuned(scores, targets), tuned(scores, changed)
    np.testing.assert_allclose(before.without(3), after.without(3), rtol=1e-9)
    assert not np.allclose(before.without(0), after.without(0))


def test_of_noise_nothing_is_read_where_it_was_left_out() -> None:
    shares = []
    for seed in range(6):
        scores, targets = groups(4, seed)
        found = tuned(scores, targets)
        shares.append(found.explained)
        told = [s @ found.without(number) for number, s in enumerate(scores)]
        pairs = [(t[:, i], y[:, i]) for t, y in zip(told, targets, strict=True) for i in range(40) if t[:, i].any()]
        r = [np.corrcoef(*pair)[0, 1] for pair in pairs]
        assert abs(np.mean(r)) < 4 / np.sqrt(60 * len(r))
    assert np.mean(shares) < 0
