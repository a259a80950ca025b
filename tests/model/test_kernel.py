"""Kernel features."""

import numpy as np
import pytest

from geneglass.model.kernel import Kernel

PLACES = np.random.default_rng(0).normal(0, 0.5, (60, 5)).astype(np.float32)


def gaussian(one: np.ndarray, other: np.ndarray, width: float) -> np.ndarray:
    return np.exp(-((one[:, None] - other[None]) ** 2).sum(2) / (2 * width**2))


@pytest.mark.parametrize("width", [0.7, 1.5])
def test_products_of_features_are_the_kernel_where_every_place_is_a_landmark(width: float) -> None:
    kernel = Kernel.fit([PLACES[:25], PLACES[25:]], landmarks=60, components=60, width=width, seed=0)
    features = kernel.features(PLACES)
    np.testing.assert_allclose(features @ features.T, gaussian(PLACES, PLACES, width), atol=1e-3)


def test_fewer_landmarks_come_near_and_are_drawn_by_the_seed() -> None:
    one, again, other = (Kernel.fit([PLACES], landmarks=40, components=40, width=1.5, seed=seed) for seed in (0, 0, 1))
    features = one.features(PLACES)
    assert np.abs(features @ features.T - gaussian(PLACES, PLACES, 1.5)).max() < 0.2
    np.testing.assert_array_equal(one.landmarks, again.landmarks)
    assert not np.array_equal(one.landmarks, other.landmarks)


def test_fewer_components_are_the_best_approximation_of_so_few() -> None:
    whole, few = (Kernel.fit([PLACES], landmarks=60, components=count, width=1.5, seed=0) for count in (60, 10))
    features = few.features(PLACES)
    assert features.shape == (60, 10)
    values, axes = np.linalg.eigh(gaussian(PLACES, PLACES, 1.5))
    best = (axes[:, -10:] * values[-10:]) @ axes[:, -10:].T
    np.testing.assert_allclose(features @ features.T, best, atol=1e-3)
    assert whole.features(PLACES).shape[1] > 10


def test_far_from_all_landmarks_nothing_is_said() -> None:
    kernel = Kernel.fit([PLACES], landmarks=60, components=60, width=1.0, seed=0)
    np.testing.assert_allclose(kernel.features(PLACES[:3] + 50), 0, atol=1e-12)


def test_no_places_have_no_features() -> None:
    kernel = Kernel.fit([PLACES], landmarks=60, components=60, width=1.0, seed=0)
    assert kernel.features(PLACES[:0]).shape == (0, kernel.root.shape[1])
