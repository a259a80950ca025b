"""Confidence that means something."""

import json

import numpy as np
import pytest

from geneglass.model.calibration import MIN_PLACES, Calibration, hits


def places(seed: int, n: int = 900) -> tuple[np.ndarray, np.ndarray]:
    """Return signals of which the first decides how likely a hit is, and the hits."""
    random = np.random.default_rng(seed)
    signals = random.normal(0, (2.0, 5.0), (n, 2)).astype(np.float32)
    return signals, random.random(n) < 1 / (1 + np.exp(-signals[:, 0]))


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    found = Calibration.fit(*zip(places(0), places(1), strict=True), groups=2, kind="patients")
    assert found is not None
    return found


def test_stated_confidence_is_what_happens(calibration: Calibration) -> None:
    signals, happened = places(7, 6000)
    stated = calibration.confidence(signals)
    order = np.argsort(stated)
    for part in np.array_split(order, 6):
        assert abs(stated[part].mean() - happened[part].mean()) < 0.05
    assert stated.max() - stated.min() > 0.6


def test_it_says_on_what_it_was_calibrated(calibration: Calibration) -> None:
    assert calibration.sentence() == "calibrated on 2 held-out patients (1,800 places)"


def test_it_is_kept_as_plain_values(calibration: Calibration) -> None:
    again = Calibration.load(json.loads(json.dumps(calibration.texts())))
    assert again == calibration
    assert Calibration.load(None) is None


@pytest.mark.parametrize("text", [{"of another version": 1}, {"kind": None}, [1.0, 2.0], "yes", 3])
def test_a_text_that_is_no_calibration_is_a_plain_sentence(calibration: Calibration, text: object) -> None:
    texts = calibration.texts() | text if isinstance(text, dict) and "kind" not in text else text
    with pytest.raises(ValueError, match="calibration of its confidence is damaged or of a newer version") as told:
        Calibration.load(texts)
    assert "__init__" not in str(told.value)


def test_far_outside_nothing_more_is_claimed(calibration: Calibration) -> None:
    far, further = calibration.confidence(np.array([[50, 0], [5000, 0]], np.float32))
    assert far == further < 1


def test_too_few_places_calibrate_nothing() -> None:
    few = MIN_PLACES - 1
    assert Calibration.fit([np.zeros((few, 2))], [np.ones(few, bool)], groups=1, kind="patients") is None


@pytest.mark.parametrize("outcome", [True, False])
def test_where_all_is_alike_the_share_is_stated(outcome: bool) -> None:
    signals = places(0, 40)[0]
    found = Calibration.fit([signals], [np.full(40, outcome)], groups=1, kind="sections")
    assert found is not None
    np.testing.assert_allclose(found.confidence(signals), (40.5 if outcome else 0.5) / 41, atol=1e-5)


def test_a_signal_that_only_rounds_is_not_blown_up() -> None:
    signals, happened = places(3, 200)
    steady = np.concatenate([signals, np.random.default_rng(0).normal(1, 1e-9, (200, 1))], axis=1)
    found = Calibration.fit([steady], [happened], groups=1, kind="sections")
    assert found is not None
    moved = steady + np.array([0, 0, 1e-7])
    np.testing.assert_allclose(found.confidence(moved), found.confidence(steady), atol=1e-5)


def test_a_hit_is_nearer_than_the_training_mean() -> None:
    truth = np.array([[2.0, 2.0], [2.0, 2.0]])
    predicted = np.array([[2.5, 1.5], [0.0, 3.5]])
    assert hits(truth, predicted, np.array([1.0, 2.0])).tolist() == [True, False]
