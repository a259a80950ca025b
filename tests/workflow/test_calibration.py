"""Confidence against what happened, on places made by hand and by chance."""

import numpy as np
import pytest

from geneglass.model.novelty import UNLIKE
from geneglass.workflow.calibration import Judged, judge_places, reliability
from geneglass.workflow.statements import calibration_sentence


def test_right_is_nearer_than_the_training_mean():
    truth = np.array([[0, 0], [3, 4], [1, 1]], np.float32)
    predicted = np.array([[1, 0], [3, 4], [1, 5]], np.float32)
    judged = judge_places(truth, predicted, np.array([0, 2], np.float32), np.array([0.9, 0.8, 0.1], np.float32))
    # Squared errors: 1 against 4, 0 against 13, 16 against 2.
    assert judged.hit.tolist() == [True, True, False]


def test_a_gene_that_was_not_measured_is_left_out():
    truth = np.array([[1, np.nan], [2, np.nan]], np.float32)
    judged = judge_places(truth, np.array([[1, 9], [9, 9]], np.float32), np.array([1.5, 0], np.float32), None)
    assert judged.hit.tolist() == [True, False]
    assert np.isnan(judged.confidence).all()


def test_a_tie_with_the_mean_is_not_right():
    truth = np.ones((2, 3), np.float32)
    assert not judge_places(truth, truth * 0, np.zeros(3, np.float32), None).hit.any()


def test_honest_confidence_has_almost_no_error_and_a_boast_has_its_size():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(size=20_000).astype(np.float32)
    hit = generator.uniform(size=20_000) < confidence
    honest = reliability([Judged(confidence[:9000], hit[:9000]), Judged(confidence[9000:], hit[9000:])])
    assert honest["ece"] < 0.02
    assert len(honest["bins"]) == 10
    assert sum(item["places"] for item in honest["bins"]) == honest["places"] == honest["stated"] == 20_000
    assert honest["surer_half"] == pytest.approx(0.75, abs=0.02)
    assert honest["other_half"] == pytest.approx(0.25, abs=0.02)
    boast = reliability([Judged(np.full(20_000, 0.95, np.float32), hit)])
    assert boast["ece"] == pytest.approx(0.45, abs=0.02)
    assert [item["low"] for item in boast["bins"]] == [0.9]


def test_without_a_stated_confidence_only_the_share_right_is_known():
    found = reliability([Judged(np.full(4, np.nan, np.float32), np.array([True, True, True, False]))])
    assert found["right"] == 0.75
    assert found["stated"] == 0
    assert found["bins"] == []
    assert np.isnan(found["ece"])


def test_certainty_falls_into_the_last_bin_and_what_it_was_calibrated_on_is_kept():
    judged = Judged(np.array([1.0, 0.01], np.float32), np.array([True, False]), "calibrated on 3 held-out patients")
    found = reliability([judged, judged])
    assert [item["places"] for item in found["bins"]] == [2, 2]
    assert found["ece"] == pytest.approx(0.005)
    assert found["calibrated"] == ["calibrated on 3 held-out patients"]


def test_where_it_abstained_nothing_is_judged() -> None:
    confidence = np.array([0.9, 0.9, UNLIKE, UNLIKE, np.nan], np.float32)
    found = reliability([Judged(confidence, np.array([True, True, True, False, False]), "calibrated on 2 patients")])
    assert (found["places"], found["stated"], found["abstained"]) == (5, 2, 2)
    assert found["abstained_right"] == 0.5
    assert found["ece"] == pytest.approx(0.1)
    told = calibration_sentence("geneglass", found)
    assert told.endswith("1 place has none; 2 places look like nothing in training, where it abstains (50% are right).")


def test_what_folds_were_calibrated_on_is_said_once_and_in_full() -> None:
    confidence, right = np.array([0.9, 0.1], np.float32), np.array([True, False])
    folds = [f"calibrated on {n} held-out patients" for n in (2, 3)]
    found = reliability([Judged(confidence, right, text) for text in folds])
    told = calibration_sentence("geneglass", found)
    assert "; it is calibrated on 2 held-out patients, 3 held-out patients." in told
