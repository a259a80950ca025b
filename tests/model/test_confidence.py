import json

import numpy as np
import pytest

from geneglass.model import confidence
from geneglass.model.confidence import NEIGHBOURS, Familiarity


def blobs(seed: int, count: int = 90, centre: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(centre, 1, (count, 6)).astype(np.float32)


def of(points, sections, patients, seed=0) -> Familiarity:
    """Return the familiarity of sections, each a group of its own; one alone is cut in halves."""
    groups = [np.full(len(part), number) for number, part in enumerate(points)]
    if len(points) == 1:
        groups = [np.arange(len(points[0])) // (len(points[0]) // 2)]
    return Familiarity.fit(points, sections=sections, patients=patients, groups=groups, seed=seed)


@pytest.fixture
def familiarity() -> Familiarity:
    return of([blobs(0), blobs(1), blobs(2, 50)], ["a1", "a2", "b1"], ["a", "a", "b"])


def test_more_of_the_same_lies_in_the_middle(familiarity: Familiarity) -> None:
    found = familiarity.confidence(blobs(9, 200), own={"new"})

    assert found.dtype == np.float32
    assert 0.35 < found.mean() < 0.65
    assert found.min() >= 0
    assert found.max() <= 1


def test_what_training_never_saw_gets_nothing(familiarity: Familiarity) -> None:
    assert (familiarity.confidence(blobs(9, centre=8.0), own={"new"}) == 0).all()


def test_it_falls_with_the_distance(familiarity: Familiarity) -> None:
    means = [familiarity.confidence(blobs(9, centre=shift), own={"new"}).mean() for shift in (0.0, 0.7, 1.5)]

    assert means[0] > means[1] > means[2]


def test_share_is_counted_as_documented(familiarity: Familiarity) -> None:
    point, others = blobs(9, 1), familiarity.points
    distance = np.sort(np.linalg.norm(others - point, axis=1))[:NEIGHBOURS].mean()
    expected = (familiarity.distances >= distance).mean()

    np.testing.assert_allclose(familiarity.confidence(point, own={"new"}), expected, atol=1e-6)


def test_its_own_section_is_left_out(familiarity: Familiarity) -> None:
    own = familiarity.confidence(blobs(0), own={"a1"})
    stranger = familiarity.confidence(blobs(0), own={"new"})

    assert own.mean() < 0.65
    assert stranger.mean() > own.mean() + 0.1


def test_its_own_patient_is_left_out_when_asked() -> None:
    near, far = blobs(0), blobs(2, centre=3.0)
    familiarity = of([near, near + 0.01, far], ["a1", "a2", "b1"], ["a", "a", "b"])

    with_sister = familiarity.confidence(near, own={"a1"})
    without = familiarity.confidence(near, own={"a1"}, patient="a")

    assert with_sister.mean() > without.mean() + 0.3


def test_nothing_left_to_compare_with_is_unknown() -> None:
    familiarity = of([blobs(0)], ["only"], [None])

    assert np.isnan(familiarity.confidence(blobs(1), own={"only"})).all()
    # A new place is held against all of the section, its own halves were held against each other.
    assert 0.5 < familiarity.confidence(blobs(1), own={"new"}).mean() < 0.9


def test_large_training_sets_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "MAX_REFERENCE", 60)
    one, again, other = (of([blobs(0), blobs(1)], ["a", "b"], [None, None], seed) for seed in (0, 0, 1))

    assert len(one.points) == 60
    np.testing.assert_array_equal(one.points, again.points)
    assert not np.array_equal(one.points, other.points)


def test_saved_and_loaded(familiarity: Familiarity) -> None:
    loaded = Familiarity.load(familiarity.state(), json.loads(json.dumps(familiarity.texts())))

    query = blobs(9)
    np.testing.assert_array_equal(
        loaded.confidence(query, own={"a1"}, patient="a"), familiarity.confidence(query, own={"a1"}, patient="a")
    )
