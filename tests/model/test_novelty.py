"""Places that look like nothing in training are known, whatever direction they lie in."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from geneglass.data.cohort import read_cohort
from geneglass.data.patches import iter_patches
from geneglass.data.section import open_section
from geneglass.data.types import FloatArray
from geneglass.model import novelty as module
from geneglass.model.confidence import Familiarity
from geneglass.model.encoders.texture import Texture
from geneglass.model.novelty import UNLIKE, Novelty, known_confidence, novelty_state
from geneglass.model.recipe import TrainData
from geneglass.model.regression import Axes

DIM, TRUE_AXES = 80, 6
SHAPE = np.random.default_rng(99).normal(size=(TRUE_AXES, DIM))


def tissue(seed: int, count: int = 120) -> FloatArray:
    """Return places that vary along a few directions, and a little everywhere."""
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, TRUE_AXES)) @ SHAPE + random.normal(0, 0.3, (count, DIM))).astype(np.float32)


def noise(seed: int, count: int = 120) -> FloatArray:
    """Return places whose columns have the mean and deviation that those of tissue have, and nothing in common."""
    return (np.random.default_rng(seed).normal(size=(count, DIM)) * tissue(0).std(axis=0)).astype(np.float32)


def groups_of(parts: list[FloatArray]) -> list[np.ndarray]:
    return [np.full(len(part), number) for number, part in enumerate(parts)]


@pytest.fixture
def training() -> list[FloatArray]:
    return [tissue(seed) for seed in range(3)]


@pytest.fixture
def novelty(training: list[FloatArray]) -> Novelty:
    return Novelty.fit(training, groups_of(training), seed=0)


def test_more_of_the_same_is_not_novel(novelty: Novelty, training: list[FloatArray]) -> None:
    assert novelty.unlike(tissue(50, 2000)).mean() < 0.01
    assert np.concatenate([novelty.unlike(part) for part in training]).mean() < 0.01


def test_what_lies_outside_the_axes_is_seen_though_it_is_near_on_them(
    novelty: Novelty, training: list[FloatArray]
) -> None:
    axes = Axes.fit([TrainData("s", "p", part, np.zeros((len(part), 2))) for part in training], TRUE_AXES, columns=DIM)
    familiarity = Familiarity.fit(
        [axes.scores(part) for part in training],
        sections=["a", "b", "c"],
        patients=["a", "b", "c"],
        groups=groups_of(training),
        seed=0,
    )
    strangeness = familiarity.strangeness(axes.scores(noise(9)), own={"new"})
    assert np.median(strangeness) < np.median(familiarity.strangeness(axes.scores(tissue(9)), own={"new"}))

    assert novelty.unlike(noise(9)).all()


def test_what_lies_far_along_the_axes_is_seen(novelty: Novelty) -> None:
    far = 5 * tissue(9)
    assert novelty.unlike(far).mean() > 0.9
    outside, distance = (novelty.measures(far) / novelty.limits).T
    assert (outside < 1).all()
    assert np.median(distance) > 1


def test_it_is_seen_where_most_of_tissue_lies_outside_the_axes_too() -> None:
    # As of a network: thousands of columns, of which the axes hold a third, and of noise a few per cent.
    shape = np.random.default_rng(98).normal(size=(TRUE_AXES, 2400))

    def wide(seed: int, count: int = 120, strength: float = 1.0) -> FloatArray:
        random = np.random.default_rng(seed)
        own = random.normal(size=(count, TRUE_AXES)) @ shape
        return (strength * own + random.normal(0, 3.5, own.shape)).astype(np.float32)

    parts = [wide(seed) for seed in range(3)]
    found = Novelty.fit(parts, groups_of(parts), seed=0)
    assert found.unlike(wide(9, 300)).mean() < 0.02
    assert found.unlike(wide(9, strength=0.0)).mean() > 0.97


def test_a_place_is_judged_by_itself(novelty: Novelty) -> None:
    places = np.concatenate([tissue(9, 20), noise(9, 20)])
    alone = [bool(novelty.unlike(places[row : row + 1])[0]) for row in range(len(places))]
    assert alone == novelty.unlike(places).tolist() == [False] * 20 + [True] * 20


def test_the_limits_are_those_of_tissue_left_out(training: list[FloatArray]) -> None:
    odd = [*training[:2], training[2] + np.float32(0.5) * noise(5)]
    usual = Novelty.fit(training, groups_of(training), seed=0).measures(odd[2])[:, 0]
    taught = Novelty.fit(odd, groups_of(odd), seed=0)
    # Training tissue that is odd in a way of its own is more left over, and widens what is allowed.
    assert np.median(taught.measures(odd[2])[:, 0]) < 0.8 * np.median(usual)


def test_a_single_section_can_not_tell_how_others_differ(training: list[FloatArray]) -> None:
    sections = [TrainData(f"s{i}", None, part, np.zeros((len(part), 2))) for i, part in enumerate(training)]
    assert Novelty.of(sections[:1], seed=0) is None
    found = Novelty.of(sections, seed=0)
    assert found is not None
    assert found.unlike(noise(9)).all()


def test_columns_that_never_change_and_few_columns_are_no_trouble(training: list[FloatArray]) -> None:
    steady = [np.concatenate([part, np.full((len(part), 2), 7, np.float32)], axis=1) for part in training]
    found = Novelty.fit(steady, groups_of(steady), seed=0)
    assert not found.unlike(steady[0]).any()
    narrow = [part[:, :3] for part in training]
    found = Novelty.fit(narrow, groups_of(narrow), seed=0)
    assert np.isfinite(found.measures(narrow[0])).all()
    assert found.unlike(tissue(9)[:, :3]).mean() < 0.05


def test_large_training_sets_are_drawn_from_and_many_groups_left_out_together(
    training: list[FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [part[rows] for part in training for rows in (slice(0, 60), slice(60, 120))]
    calls: list[int] = []
    solve = module.principal
    monkeypatch.setattr(module, "principal", lambda matrix, count: calls.append(len(matrix)) or solve(matrix, count))
    monkeypatch.setattr(module, "MAX_PLACES", 200)
    one, again, other = (Novelty.fit(parts, groups_of(parts), seed=seed) for seed in (0, 0, 1))

    assert len(calls) == 3 * (module.FOLDS + 1)
    assert max(calls) == 200
    np.testing.assert_array_equal(one.axes, again.axes)
    assert not np.array_equal(one.axes, other.axes)


def test_confidence_of_places_unlike_any_is_none_at_all(novelty: Novelty) -> None:
    places = np.concatenate([tissue(9, 3), noise(9, 2)])
    stated = np.full(5, 0.9, np.float32)
    np.testing.assert_allclose(known_confidence(novelty, stated, places), [0.9, 0.9, 0.9, UNLIKE, UNLIKE])
    np.testing.assert_array_equal(known_confidence(None, stated, places), stated)
    assert known_confidence(novelty, None, places) is None


def test_saved_and_loaded(novelty: Novelty) -> None:
    loaded = Novelty.load(novelty_state(novelty))
    assert loaded is not None
    np.testing.assert_allclose(loaded.measures(noise(9)), novelty.measures(noise(9)), rtol=1e-9)
    assert novelty_state(None) == {}
    assert Novelty.load({}) is None


def without_axes(state: dict[str, Tensor]) -> None:
    del state["novelty.axes"]


def with_another_mean(state: dict[str, Tensor]) -> None:
    state["novelty.mean"] = state["novelty.limits"]


@pytest.mark.parametrize("change", [without_axes, with_another_mean])
def test_a_part_of_it_or_parts_that_do_not_fit_are_refused(
    novelty: Novelty, change: Callable[[dict[str, Tensor]], None]
) -> None:
    state = novelty_state(novelty)
    change(state)
    with pytest.raises((KeyError, ValueError)):
        Novelty.load(state)


def real_and_inverse(cohort: Path, names: tuple[str, ...]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Return per section the texture features of its spots, and those of the same patches inverted."""
    encoder, found = Texture(), ([], [])
    for source in read_cohort(cohort).sections:
        if source.name not in names:
            continue
        with closing(open_section(source)) as section:
            assert section.slide is not None
            assert section.mpp is not None
            centres_yx = section.centres_yx
            raw = np.empty((2, len(centres_yx), encoder.raw_dim), np.float32)
            for rows, patches in iter_patches(section.slide, centres_yx, encoder.patches, mpp=section.mpp):
                raw[0, rows], raw[1, rows] = encoder.encode(patches), encoder.encode(tuple(255 - p for p in patches))
            for kept, part in zip(found, raw, strict=True):
                kept.append(encoder.finish(part, centres_yx * np.float32(section.mpp)))
    return found


@pytest.mark.parametrize(
    ("cohort", "names"), [("her2st_cohort", ("C2", "C3", "C4", "C5")), ("mob_cohort", ("MOB1", "MOB2", "MOB3"))]
)
def test_real_sections_left_out_are_tissue_and_their_inverse_is_none(
    cohort: str, names: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    real, inverse = real_and_inverse(request.getfixturevalue(cohort), names)
    for number in range(len(names)):
        rest = [part for other, part in enumerate(real) if other != number]
        found = Novelty.fit(rest, groups_of(rest), seed=0)
        assert found.unlike(real[number]).mean() < 0.03
        assert found.unlike(inverse[number]).mean() > 0.97
