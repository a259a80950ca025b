from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geneglass.data.cohort import read_cohort
from geneglass.data.genes import read_panel
from geneglass.data.section import open_section
from geneglass.errors import InputError
from geneglass.model.encoders.texture import Texture
from geneglass.model.recipe import FitStep, QueryData, TrainData
from geneglass.model.recipes.ridge import Ridge, RidgeConfig
from geneglass.model.regression import usual
from geneglass.model.ridge_solver import spot_groups
from geneglass.workflow.events import finish
from geneglass.workflow.prepare import prepare

FEATURES, GENES, SIGNAL = 30, 40, 25


def section(name: str, patient: str | None, seed: int, *, count: int = 80, noise: float = 0.5) -> TrainData:
    """Return spots whose first 25 genes follow two programmes of the features; the rest are noise."""
    random = np.random.default_rng(seed)
    rule = np.random.default_rng(99)
    read, load = rule.normal(0, 1, (FEATURES, 2)) / np.sqrt(FEATURES), rule.normal(0, 0.4, (2, SIGNAL))
    features = random.normal(0, 1, (count, FEATURES)).astype(np.float32)
    expression = 2.0 + random.normal(0, 0.3, GENES) + random.normal(0, noise, (count, GENES))
    expression[:, :SIGNAL] += features @ read @ load
    return TrainData(
        name,
        patient,
        features,
        random.uniform(0, 1, (count, 2)).astype(np.float32) * np.array([2000, 5000], np.float32),
        expression=expression.astype(np.float32),
        counts=np.zeros((count, GENES), np.float32),
    )


def fitted(sections: list[TrainData], **settings: object) -> tuple[Ridge, list[FitStep]]:
    recipe = Ridge(RidgeConfig(**{"sight": "all", **settings}), [f"g{i}" for i in range(GENES)], Texture())
    return recipe, list(recipe.fit(sections))


def r_per_gene(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return Pearson r per gene, NaN where one side is constant."""
    one, other = predicted - predicted.mean(axis=0), measured - measured.mean(axis=0)
    size = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    return np.where(size > 1e-6, (one * other).sum(axis=0) / np.maximum(size, 1e-6), np.nan)


@pytest.fixture(scope="module")
def cohort() -> list[TrainData]:
    return [section(name, patient, seed) for seed, (name, patient) in enumerate(zip("abc", "ppq", strict=True))]


def test_it_learns_what_the_features_say_and_nothing_else(cohort: list[TrainData]) -> None:
    recipe, _ = fitted(cohort)
    new = section("d", "r", 7, noise=0.0)
    values = recipe.predict(new).values

    assert np.nanmean(r_per_gene(values, new.expression)[:SIGNAL]) > 0.9
    assert values[:, SIGNAL:].std(axis=0).mean() < 0.25 * values[:, :SIGNAL].std(axis=0).mean()


def test_programmes_beat_one_strength_for_all_when_genes_are_noisy() -> None:
    noisy = [section(name, name, seed, noise=1.5) for seed, name in enumerate("abc")]
    new = section("d", "r", 7, noise=0.0)
    score = {
        strength: np.nanmean(
            r_per_gene(fitted(noisy, strength=strength)[0].predict(new).values, new.expression)[:SIGNAL]
        )
        for strength in ("programme", "shared")
    }

    assert score["programme"] > score["shared"] + 0.05


def test_the_shared_strength_is_the_one_of_an_explicit_grouped_cross_validation(cohort: list[TrainData]) -> None:
    config = RidgeConfig(strength="shared", components=FEATURES, steps=9)
    patients = {"p": [0, 1], "q": [2]}
    recipe, _ = fitted(cohort, strength="shared", components=FEATURES, steps=9)
    stacked = np.concatenate([part.features for part in cohort]).astype(np.float64)
    scaled = [(part.features - stacked.mean(axis=0)) / stacked.std(axis=0) / np.sqrt(FEATURES) for part in cohort]
    centred = [part.expression - part.expression.mean(axis=0) for part in cohort]

    def solved(rows: list[int], strength: float) -> np.ndarray:
        x, y = np.concatenate([scaled[i] for i in rows]), np.concatenate([centred[i] for i in rows])
        return np.linalg.solve(x.T @ x + strength * len(x) * np.eye(FEATURES), x.T @ y)

    errors = []
    for strength in config.grid()[:-1]:
        held = [
            sum(
                ((scaled[i] @ solved([j for j in range(3) if j not in out], strength) - centred[i]) ** 2).sum()
                for i in out
            )
            for out in patients.values()
        ]
        errors.append(sum(held))
    best = config.grid()[int(np.argmin(errors))]
    mean = np.mean([part.expression.mean(axis=0) for part in cohort], axis=0)
    new = section("d", "r", 7)
    expected = (new.features - stacked.mean(axis=0)) / stacked.std(axis=0) / np.sqrt(FEATURES) @ solved([0, 1, 2], best)

    np.testing.assert_allclose(recipe.predict(new).values, np.maximum(expected + mean, 0), atol=1e-4)


@pytest.mark.parametrize(
    ("patients", "steps", "word"),
    [("ppq", 2, "patients"), ("ppp", 3, "sections"), ((None, "p", "q"), 3, "sections"), ("p", 5, "strips")],
)
def test_what_is_left_out_together(patients: tuple[str | None, ...], steps: int, word: str) -> None:
    parts = [section(f"s{seed}", patient, seed) for seed, patient in enumerate(patients)]
    _, told = fitted(parts)

    assert [step.done for step in told] == [0, *range(1, steps + 1), steps + 1]
    assert f"with {word}" in told[-1].message


def test_section_offsets_do_not_leak_into_the_weights() -> None:
    """Two sections differ in level and in stain at once; only what holds within sections is learned."""
    parts = [section("a", None, 0), section("b", None, 1)]
    shifted = [parts[0], TrainData(**{**vars(parts[1]), "expression": parts[1].expression + 3.0})]
    query = section("d", None, 5)

    plain, moved = fitted(parts)[0].predict(query).values, fitted(shifted)[0].predict(query).values

    np.testing.assert_allclose(moved - 1.5, plain, atol=1e-3)


def test_constant_features_and_genes_do_no_harm(cohort: list[TrainData]) -> None:
    parts = [TrainData(**{**vars(part), "features": part.features.copy()}) for part in cohort]
    for part in parts:
        part.features[:, 3] = 4.2
        part.expression[:, 5] = 0.0
    recipe, _ = fitted(parts)
    query = section("d", "r", 7)
    query.features[:, 3] = 900.0

    values = recipe.predict(query).values

    assert np.isfinite(values).all()
    np.testing.assert_allclose(values[:, 5], 0, atol=1e-5)
    assert values[:, 0].std() > 0


def test_features_without_any_content_give_the_mean() -> None:
    parts = [
        TrainData(**{**vars(section(n, n, i)), "features": np.zeros((80, 4), np.float32)}) for i, n in enumerate("ab")
    ]
    recipe, _ = fitted(parts)
    values = recipe.predict(QueryData("c", "c", np.ones((3, 4), np.float32), np.zeros((3, 2), np.float32))).values

    np.testing.assert_allclose(
        values, np.mean([p.expression.mean(axis=0) for p in parts], axis=0)[None].repeat(3, 0), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"components": 0}, "components must be at least 1, got 0"),
        ({"programmes": 0}, "programmes must be at least 1"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"strength": "both"}, "programme, gene or shared, got 'both'"),
        ({"weakest": 0.0}, "weakest must be above 0"),
        ({"weakest": 2.0, "strongest": 1.0}, "not above strongest, got 2 and 1"),
        ({"strongest": float("inf")}, "weakest must be above 0"),
        ({"weakest": float("nan")}, "weakest must be above 0"),
    ],
)
def test_settings_that_can_not_be(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        RidgeConfig(**settings)


def test_too_few_spots() -> None:
    with pytest.raises(InputError, match="at least 4 spots with counts, got 3"):
        fitted([section("a", None, 0, count=3)])


def test_untrained_and_other_features(cohort: list[TrainData]) -> None:
    with pytest.raises(InputError, match="has not been trained"):
        Ridge(RidgeConfig(), ["g"], Texture()).predict(cohort[0])
    recipe, _ = fitted(cohort)
    query = QueryData("new", None, np.zeros((2, 7), np.float32), np.zeros((2, 2), np.float32))
    with pytest.raises(InputError, match="new have 7 columns, the model was trained on 30"):
        recipe.predict(query)


def test_real_breast_sections_left_out_in_turn(shared_data: Path, her2st_cohort: Path) -> None:
    """The acceptance of the embedded encoder with ridge: 785 genes, spots under 500 counts set aside."""
    panel = read_panel(shared_data / "her2st" / "genes_785.txt")
    wanted = [source for source in read_cohort(her2st_cohort).sections if source.patient == "C"]
    encoder = Texture()
    data = {}
    for source in wanted:
        opened = open_section(source)
        prepared = finish(prepare(opened, encoder, panel, min_counts=500))
        data[source.name] = prepared.data
        if opened.slide is not None:
            opened.slide.close()
    everywhere, highest = [], []
    for name, test in data.items():
        train = [part for other, part in data.items() if other != name]
        recipe = Ridge(RidgeConfig(), panel, encoder)
        assert [step.done for step in recipe.fit(train)][-1] == 3 * len(train) + 1
        r = r_per_gene(recipe.predict(test).values, test.expression)
        top = np.argsort(-np.concatenate([part.expression for part in train]).mean(axis=0), kind="stable")[:50]
        assert np.isfinite(r).sum() >= 780
        everywhere.append(np.nanmean(r))
        highest.append(np.nanmean(r[top]))

    assert sorted(data) == ["C2", "C3", "C4", "C5"]
    assert sum(len(part.features) for part in data.values()) == 727
    assert np.mean(everywhere) >= 0.14
    assert np.mean(highest) >= 0.39
    # The floor of the issue is passed by far; this is what was reached, less a little for other libraries.
    assert np.mean(everywhere) >= 0.165
    assert np.mean(highest) >= 0.43


def test_a_section_without_spots_that_count_is_left_out(cohort: list[TrainData]) -> None:
    empty = section("none", "z", 3, count=1)
    nothing = replace(empty, **{name: getattr(empty, name)[:0] for name in _PER_SPOT})
    one, other = (fitted(sections)[0].predict(cohort[0]).values for sections in ([*cohort, nothing], cohort))
    np.testing.assert_array_equal(one, other)


def test_the_usual_of_a_section_is_the_mean_of_the_others() -> None:
    cohort = [section(f"s{i}", f"p{i}", i) for i in range(3)]
    shifted = [*cohort[:2], replace(cohort[2], expression=cohort[2].expression + 5)]
    groups, _ = spot_groups(cohort)
    found = [usual(sections, groups)[2] for sections in (cohort, shifted)]
    np.testing.assert_array_equal(*found)
    assert not np.allclose(usual(shifted, groups)[0], usual(cohort, groups)[0])


_PER_SPOT = ("features", "centres_um_yx", "expression", "counts")
