"""Titles say how far a map can be believed."""

import numpy as np
import pytest

from geneglass.viewer.titles import Title, measured_title, predicted_title, r_text
from geneglass.viewer.values import Gene, Score

GENE = Gene("ERBB2", measured=True, predicted=True, trust_r=0.414)
UNTESTED = Gene("ERBB2", measured=True, predicted=True)
NAN = float("nan")


@pytest.mark.parametrize(
    ("gene", "score", "training", "signal", "title"),
    [
        (GENE, Score(0.623, 179, False), False, True, "ERBB2 predicted, r = 0.62 (n = 179)"),
        (GENE, Score(-0.2, 179, False), False, True, "ERBB2 predicted, r = −0.20 (n = 179)"),
        (GENE, Score(0.93, 179, True), True, True, "ERBB2 predicted, training data, held-out r = 0.41"),
        (UNTESTED, Score(0.93, 179, True), True, True, "ERBB2 predicted, training data"),
        (GENE, Score(NAN, 179, False), False, True, "ERBB2 predicted, r undefined (no variation)"),
        (GENE, Score(NAN, 2, False), False, True, "ERBB2 predicted, r undefined (too few spots)"),
        (GENE, None, False, True, "ERBB2 predicted, held-out r = 0.41"),
        (UNTESTED, None, False, True, "ERBB2 predicted"),
        (GENE, Score(NAN, 179, False), False, False, "ERBB2 predicted: no signal, r undefined (no variation)"),
        (Gene("ERBB2", True, False), None, False, False, "ERBB2 is not in the model's panel"),
    ],
)
def test_predicted(gene: Gene, score: Score | None, training: bool, signal: bool, title: str) -> None:
    assert predicted_title(gene, score, training=training, signal=signal).long == title


def test_training_data_is_said_in_the_shortest_form_too() -> None:
    title = predicted_title(GENE, Score(0.93, 179, True), training=True, signal=True)
    assert title.within(5) == "ERBB2 pred., training data"
    assert "0.93" not in title.long


def test_measured() -> None:
    assert measured_title(GENE, signal=True).long == "ERBB2 measured"
    assert measured_title(GENE, signal=False).long == "ERBB2 measured: no signal"
    assert measured_title(Gene("ERBB2", False, True), signal=False).long == "ERBB2 was not measured"


def test_the_long_form_is_kept_where_it_fits_or_nothing_shorter_exists() -> None:
    assert Title("a long one", "short").within(10) == "a long one"
    assert Title("a long one", "short").within(9) == "short"
    assert Title("a long one").within(3) == "a long one"


@pytest.mark.parametrize(
    ("r", "text"), [(-0.004, "0.00"), (-0.006, "−0.01"), (0.004, "0.00"), (np.float32(-1), "−1.00")]
)
def test_zero_has_no_minus_sign(r: float, text: str) -> None:
    assert r_text(r) == text
