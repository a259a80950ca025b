import json

import numpy as np
import pytest

from geneglass.model import confidence
from geneglass.model.confidence import NEIGHBOURS, Familiarity


def blobs(seed: int, count: int = 90, centre: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(centre, 1, (count, 6)).astype(np.float32)


@pytest.fixture
def familiarity() -> Familiarity:
    return Familiarity.fit(
        [blobs(0), blobs(1), blobs(2, 50)], sections=["a1", "a2", "b1"], patients=["a", "a", "b"], seed=0
    )


def test_more_of_the_same_lies_in_the_middle(familiarity: Familiarity) -> None:
    found = familiarity.confidence(blobs(9, 200), section="new")

    assert found.dtype == np.float32
    assert 0.35 < found.mean() < 0.65
    assert found.min() >= 0
    assert found.max() <= 1


def test_what_training_never_saw_gets_nothing(familiarity: Familiarity) -> None:
    assert (familiarity.confidence(blobs(9, centre=8.0), section="new") == 0).all()


def test_it_falls_with_the_distance(familiarity: Familiarity) -> None:
    means = [familiarity.confidence(blobs(9, centre=shift), section="new").mean() for shift in (0.0, 0.7, 1.5)]

    assert means[0] > means[1] > means[2]


def test_share_is_counted_as_documented(familiarity: Familiarity) -> None:
    point, others = blobs(9, 1), familiarity.points
    distance = np.sort(np.linalg.norm(others - point, axis=1))[:NEIGHBOURS].mean()
    expected = (familiarity.distances >= distance).mean()

    np.testing.assert_allclose(familiarity.confidence(point, section="new"), expected, atol=1e-6)


def test_its_own_section_is_left_out(familiarity: Familiarity) -> None:
    own = familiarity.confidence(blobs(0), section="a1")
    stranger = familiarity.confidence(blobs(0), section="new")

    assert own.mean() < 0.65
    assert stranger.mean() > own.mean() + 0.1


def test_its_own_patient_is_left_out_when_asked() -> None:
    near, far = blobs(0), blobs(2, centre=3.0)
    familiarity = Familiarity.fit(
        [near, near + 0.01, far], sections=["a1", "a2", "b1"], patients=["a", "a", "b"], seed=0
    )

    with_sister = familiarity.confidence(near, section="a1")
    without = familiarity.confidence(near, section="a1", patient="a")

    assert with_sister.mean() > without.mean() + 0.3


def test_nothing_left_to_compare_with_is_unknown() -> None:
    familiarity = Familiarity.fit([blobs(0)], sections=["only"], patients=[None], seed=0)

    assert np.isnan(familiarity.confidence(blobs(1), section="only")).all()
    assert 0.3 < familiarity.confidence(blobs(1), section="new").mean() < 0.7


def test_large_training_sets_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "MAX_REFERENCE", 60)
    parts = {"points": [blobs(0), blobs(1)], "sections": ["a", "b"], "patients": [None, None]}
    one, again, other = (
        Familiarity.fit(parts["points"], sections=parts["sections"], patients=parts["patients"], seed=seed)
        for seed in (0, 0, 1)
    )

    assert len(one.points) == 60
    np.testing.assert_array_equal(one.points, again.points)
    assert not np.array_equal(one.points, other.points)


def test_saved_and_loaded(familiarity: Familiarity) -> None:
    loaded = Familiarity.load(familiarity.state(), json.loads(json.dumps(familiarity.texts())))

    query = blobs(9)
    np.testing.assert_array_equal(
        loaded.confidence(query, section="a1", patient="a"), familiarity.confidence(query, section="a1", patient="a")
    )
