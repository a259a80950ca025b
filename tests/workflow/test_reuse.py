"""A few reference spots that are near to everything are told from many that are each near to something."""

import numpy as np
import pytest

from geneglass.model.recipe import Neighbours
from geneglass.workflow.reuse import N_HUBS, mean_reuse, reuse
from geneglass.workflow.statements import reuse_sentence

PLACES, REFERENCES = 400, 200


def neighbours(rows: np.ndarray) -> Neighbours:
    return Neighbours(rows, np.full(rows.shape, 1 / rows.shape[1], np.float32), np.ones(rows.shape, np.float32))


def test_hubs_have_all_weight_and_little_of_the_bank_is_used() -> None:
    found = reuse(neighbours(np.tile(np.arange(N_HUBS), (PLACES, 1))), REFERENCES)
    assert (found.hubs, found.used, found.even) == (pytest.approx(1), N_HUBS / REFERENCES, N_HUBS / REFERENCES)


def test_spots_used_alike_have_no_hubs() -> None:
    found = reuse(neighbours((np.arange(PLACES)[:, None] + np.arange(5)) % REFERENCES), REFERENCES)
    assert found.hubs == pytest.approx(found.even)
    assert found.used == 1


def test_weight_counts_and_not_only_how_often_a_spot_is_retrieved() -> None:
    rows = np.tile(np.arange(40), (PLACES, 1))
    weights = np.where(rows < N_HUBS, 0.09, 0.1 / 30).astype(np.float32)
    found = reuse(Neighbours(rows, weights, weights), REFERENCES)
    assert found.hubs == pytest.approx(0.9)
    assert found.used == 0.2


def test_the_mean_over_sections_is_told_in_words() -> None:
    hub = reuse(neighbours(np.tile(np.arange(N_HUBS), (PLACES, 1))), REFERENCES)
    alike = reuse(neighbours((np.arange(PLACES)[:, None] + np.arange(5)) % REFERENCES), REFERENCES)
    told = reuse_sentence("bleep", mean_reuse([hub, alike]))
    assert told == (
        "bleep retrieves 52% of the reference spots for one place or another; the 10 most used have 52.5% of all "
        "weight (5.0% if all were used alike)."
    )


def test_fewer_references_than_hubs_are_all_of_them() -> None:
    found = reuse(neighbours(np.tile(np.arange(4), (3, 1))), 4)
    assert (found.hubs, found.used, found.even) == (pytest.approx(1), 1.0, 1.0)
