"""Which places are marked as not to be relied on, and what the note says of them; no window is needed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geneglass.data.cohort import read_cohort
from geneglass.viewer.colour_scale import Look
from geneglass.viewer.doubt import doubt_lines, doubtful
from geneglass.viewer.session import Session

CALIBRATED = {"calibrated": "calibrated on 2 held-out patients (80 places)", "abstain_below": 0.5}


@pytest.fixture
def stated(small_cohort: Path, predicted: Callable[..., Any]) -> Callable[..., Session]:
    """Return a function that makes a session whose prediction is as confident as given, in turn."""

    def make(*confidence: float, **facts: Any) -> Session:
        session, cohort = Session(), read_cohort(small_cohort)
        session.set_cohort(cohort)
        session.open_section(cohort.sections[0])
        table = predicted(session.section, spots=slice(None))
        table.obs["confidence"] = np.resize(np.array(confidence, np.float32), table.n_obs)
        table.uns["geneglass"] |= facts
        session.set_prediction(table)
        return session

    return make


def test_tissue_unlike_that_of_training_is_marked_and_named(stated: Callable[..., Session]) -> None:
    session = stated(0.0, 0.3, 0.7, 0.9, **CALIBRATED)
    marked = doubtful(session, Look())
    assert marked is not None
    np.testing.assert_array_equal(marked, np.resize([True, True, False, False], len(marked)))
    (line, meaning) = doubt_lines(session, Look())
    assert line == (
        "crosses: abstained at 50 % of the places (confidence under 0.50); 25 % look like nothing the model was "
        "trained on"
    )
    assert meaning == "confidence calibrated on 2 held-out patients (80 places)"


def test_a_note_names_no_unlike_tissue_where_there_is_none(stated: Callable[..., Session]) -> None:
    (line, _) = doubt_lines(stated(0.3, 0.7, **CALIBRATED), Look())
    assert line == "crosses: abstained at 50 % of the places (confidence under 0.50)"


def test_it_is_marked_where_nothing_was_calibrated_too(stated: Callable[..., Session]) -> None:
    session = stated(0.0, 0.02, 0.9, 0.9)
    marked = doubtful(session, Look())
    assert marked is not None
    np.testing.assert_array_equal(marked, np.resize([True, False, False, False], len(marked)))
    (line, meaning) = doubt_lines(session, Look())
    assert line == "crosses: 25 % of the places look like nothing the model was trained on"
    assert meaning == "confidence not calibrated: likeness to training tissue"


def test_whoever_wants_nothing_marked_gets_nothing_marked(stated: Callable[..., Session]) -> None:
    session = stated(0.0, 0.3, 0.9, 0.9, **CALIBRATED)
    assert doubtful(session, Look(doubt_below=0.0)) is None
    marked = doubtful(session, Look(doubt_below=0.2))
    assert marked is not None
    assert marked.sum() == -(-len(marked) // 4)
    assert "confidence under 0.20 at 25 % of the places; 25 % look" in doubt_lines(session, Look(doubt_below=0.2))[0]
