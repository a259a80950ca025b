"""What the recipe geneglass adds to retrieval: regressions, the blend, caution and confidence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from geneglass.errors import UsageError
from geneglass.model.blend import mixed
from geneglass.model.make import make_recipe
from geneglass.model.recipe import QueryData, TrainData
from geneglass.model.recipes.geneglass import CAUTIOUS, EVEN, GeneglassRecipe
from stand_ins import ReadyFeatures

GENES = tuple(f"g{i}" for i in range(12))
DIM = 20
LINE = np.random.default_rng(6).normal(size=(DIM, len(GENES))) / np.sqrt(DIM)
QUICK = {"epochs": 4, "patience": 2, "embed_dim": 16, "k": 10}
READY = ReadyFeatures(DIM)


def section(name: str, patient: str | None, seed: int, n: int = 60, noise: float = 0.4) -> TrainData:
    """Return spots on a grid that is not square; expression follows the features, bent and straight."""
    random = np.random.default_rng(seed)
    rule = np.random.default_rng(5).normal(size=(2, DIM, len(GENES))) / np.sqrt(DIM)
    features = random.normal(size=(n, DIM)).astype(np.float32)
    expression = 3 + features @ rule[0] + np.sin(2 * features @ rule[1]) + random.normal(0, noise, (n, len(GENES)))
    array = np.stack(np.divmod(np.arange(n), 12), axis=1).astype(np.float32)
    values = np.maximum(expression, 0).astype(np.float32)
    return TrainData(name, patient, features, array * 200, array, expression=values, counts=np.round(np.expm1(values)))


def trained(sections: list[TrainData], **settings: object) -> GeneglassRecipe:
    recipe = make_recipe("geneglass", QUICK | settings, GENES, READY)
    for _ in recipe.fit(sections):
        pass
    assert isinstance(recipe, GeneglassRecipe)
    return recipe


@pytest.fixture(scope="module")
def several() -> list[TrainData]:
    return [section(f"s{i}", f"p{i}", i) for i in range(4)]


@pytest.fixture(scope="module")
def sisters() -> list[TrainData]:
    return [section(f"s{i}", "p", i) for i in range(3)]


@pytest.fixture(scope="module")
def across(several: list[TrainData]) -> GeneglassRecipe:
    return trained(several)


@pytest.fixture(scope="module")
def within(sisters: list[TrainData]) -> GeneglassRecipe:
    return trained(sisters)


def query(patient: str | None = "new", seed: int = 9, **changes: object) -> QueryData:
    return replace(section("new", patient, seed).query(), **changes)


def mean_r(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(one.T, other.T, strict=True)]))


def test_the_blend_is_as_good_as_each_of_its_parts(across: GeneglassRecipe) -> None:
    truth = section("new", "new", 9, noise=0.0).expression
    answer = across.predict(query())
    assert across.bank is not None
    assert answer.neighbours is not None
    pair = across._regressions()
    parts = [*pair.predict(query().features), across.bank.average(answer.neighbours)]

    assert sum(across.weights) == pytest.approx(1)
    assert mean_r(answer.values, truth) > max(mean_r(part, truth) for part in parts) - 0.02


def test_even_weights_are_kept_even(several: list[TrainData], across: GeneglassRecipe) -> None:
    assert trained(several, blend="even").weights == EVEN
    assert across.weights != EVEN


def test_coarser_steps_give_coarser_weights(several: list[TrainData]) -> None:
    assert set(trained(several, blend_steps=1).weights) == {0.0, 1.0}


def test_no_position_of_the_query_is_read(across: GeneglassRecipe) -> None:
    moved = query(array_yx=None, centres_um_yx=query().centres_um_yx[::-1] + 777)
    np.testing.assert_array_equal(across.predict(moved).values, across.predict(query()).values)


def test_a_new_patient_is_predicted_with_caution_where_training_had_one(within: GeneglassRecipe) -> None:
    known, new, unknown = (within.predict(query(patient)).values for patient in ("p", "new", None))
    assert not np.allclose(known, new, atol=0.01)
    np.testing.assert_array_equal(new, unknown)
    assert new.std(axis=0).mean() < known.std(axis=0).mean()


def test_patients_that_were_left_out_show_how_it_carries_over(across: GeneglassRecipe) -> None:
    np.testing.assert_array_equal(across.predict(query("new")).values, across.predict(query("p1")).values)


def test_caution_matters_for_new_patients_only(sisters: list[TrainData], within: GeneglassRecipe) -> None:
    changed = trained(sisters, caution=30.0)
    assert not np.allclose(changed.predict(query()).values, within.predict(query()).values)
    np.testing.assert_array_equal(changed.predict(query("p")).values, within.predict(query("p")).values)


def cautious_parts(recipe: GeneglassRecipe) -> list[np.ndarray]:
    answer, pair = recipe.predict(query()), recipe._regressions()
    assert answer.neighbours is not None
    assert recipe.bank is not None
    return [pair.cautious.predict(query().features), recipe.bank.average(answer.neighbours)]


def test_a_new_patient_gets_what_sections_left_out_say_of_the_two_that_err_differently(
    within: GeneglassRecipe,
) -> None:
    parts, values = cautious_parts(within), within.predict(query()).values
    np.testing.assert_allclose(values, mixed(within.cautious_weights, parts), rtol=1e-5)
    assert sum(within.cautious_weights) == pytest.approx(1)


def chosen(sections: list[TrainData], weights: tuple[float, float], monkeypatch: pytest.MonkeyPatch):
    """Return a recipe whose search for weights was replaced, and what that search was asked."""
    asked = []

    def noted(truth, parts, steps):
        asked.append(parts)
        return weights if len(parts) == 2 else (1.0, 0.0, 0.0)

    monkeypatch.setattr("geneglass.model.recipes.geneglass.best_weights", noted)
    return trained(sections), asked


def test_the_choice_for_a_new_patient_is_between_the_careful_ridge_and_retrieval(
    sisters: list[TrainData], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, ((linear, _, retrieved), (cautious, same)) = chosen(sisters, (0.25, 0.75), monkeypatch)
    assert all(part.std(axis=0).mean() < other.std(axis=0).mean() for part, other in zip(cautious, linear, strict=True))
    for part, other in zip(retrieved, same, strict=True):
        np.testing.assert_array_equal(part, other)
    answer = recipe.predict(query())
    np.testing.assert_allclose(answer.values, mixed((0.25, 0.75), cautious_parts(recipe)), rtol=1e-5)

    again = make_recipe("geneglass", QUICK, GENES, READY)
    again.load(recipe.state(), json.loads(json.dumps(recipe.texts())))
    np.testing.assert_array_equal(again.predict(query()).values, answer.values)


def test_confidence_of_a_new_patient_is_calibrated_on_the_blend_that_he_gets(
    sisters: list[TrainData], monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrations = [chosen(sisters, weights, monkeypatch)[0]._cautious for weights in ((1.0, 0.0), (0.0, 1.0))]
    one, other = (json.dumps(calibration.texts()) for calibration in calibrations)
    assert one != other


def test_without_validation_a_new_patient_gets_what_is_fixed(sisters: list[TrainData]) -> None:
    assert trained(sisters, validate=False).cautious_weights == CAUTIOUS


def test_a_model_of_an_earlier_version_says_so(within: GeneglassRecipe) -> None:
    texts = {name: value for name, value in within.texts().items() if name != "cautious_blend"}
    with pytest.raises(ValueError, match="an earlier version of geneglass wrote it"):
        make_recipe("geneglass", QUICK, GENES, READY).load(within.state(), texts)


def test_even_weights_are_even_for_a_new_patient_too(sisters: list[TrainData]) -> None:
    even = trained(sisters, blend="even")
    assert even.cautious_weights == (0.5, 0.5)
    np.testing.assert_allclose(even.predict(query()).values, mixed((0.5, 0.5), cautious_parts(even)), rtol=1e-5)


def test_the_sight_that_is_fitted_goes_into_both_regressions() -> None:
    wide = ReadyFeatures(DIM, spans=((0, DIM // 2), (DIM // 2, DIM)))

    def narrow(number: int) -> TrainData:
        one = section(f"s{number}", f"p{number}", number)
        features = np.random.default_rng([7, number]).normal(size=one.features.shape)
        features[:, : DIM // 2] = np.repeat(one.expression[:, :1], DIM // 2, axis=1) + features[:, : DIM // 2] / 4
        return replace(one, features=features.astype(np.float32))

    read = {}
    for sight in ("fitted", "all"):
        settings = QUICK | {"sight": sight, "components": 12}
        recipe = make_recipe("geneglass", settings, GENES, wide)
        for _ in recipe.fit([narrow(i) for i in range(3)]):
            pass
        assert isinstance(recipe, GeneglassRecipe)
        read[sight] = int(np.flatnonzero(np.abs(recipe._regressions().axes.rotation).sum(axis=1)).max()) + 1
    assert read == {"fitted": DIM // 2, "all": DIM}


def test_confidence_is_calibrated_and_falls_where_tissue_is_strange(across: GeneglassRecipe) -> None:
    answer = across.predict(query())
    assert answer.calibrated == "calibrated on 4 held-out patients (240 places)"
    assert answer.confidence is not None
    truth, usual = section("new", "new", 9).expression, section("s0", "p0", 0).expression.mean(axis=0)
    hit = ((answer.values - truth) ** 2).sum(1) < ((usual - truth) ** 2).sum(1)
    assert abs(answer.confidence.mean() - hit.mean()) < 0.15


def test_confidence_of_a_new_patient_is_that_of_what_predicts_him(sisters: list[TrainData]) -> None:
    # Linear tissue, so that the blend, which he does not get, does far better than what he gets.
    straight = [replace(s, expression=np.maximum(2 + s.features @ LINE, 0).astype(np.float32)) for s in sisters]
    recipe = trained([replace(s, counts=np.round(np.expm1(s.expression))) for s in straight])
    new = section("new", "new", 9)
    truth, usual = np.maximum(2 + new.features @ LINE, 0), np.mean([s.expression.mean(0) for s in straight], axis=0)
    told = {}
    for patient in ("p", "new"):
        answer = recipe.predict(query(patient))
        hit = ((answer.values - truth) ** 2).sum(1) < ((usual - truth) ** 2).sum(1)
        assert answer.confidence is not None
        assert abs(answer.confidence.mean() - hit.mean()) < 0.12
        told[patient] = answer.calibrated
    assert told["p"] == "calibrated on 3 held-out sections (180 places)"
    assert told["new"] == "calibrated on 3 held-out sections of patients trained on (180 places)"

    again = make_recipe("geneglass", QUICK, GENES, READY)
    again.load(recipe.state(), json.loads(json.dumps(recipe.texts())))
    for patient in ("p", "new"):
        one, other = recipe.predict(query(patient)), again.predict(query(patient))
        np.testing.assert_array_equal(one.confidence, other.confidence)


def test_sections_without_a_patient_are_blended_and_it_is_told_for_whom() -> None:
    nameless = [section(f"s{i}", None, i) for i in range(3)]
    recipe = make_recipe("geneglass", QUICK, GENES, READY)
    last = list(recipe.fit(nameless))[-1]
    assert isinstance(recipe, GeneglassRecipe)
    own, pair = nameless[0].query(), recipe._regressions()
    answer = recipe.predict(own)

    linear, retrieval = recipe.cautious_weights
    told = f"predicted {linear:.0%} by a more careful linear model, {retrieval:.0%} by retrieval. Name"
    assert told in last.message
    assert last.message.endswith("Name the patient of every section to learn what carries over.")
    assert answer.neighbours is not None
    assert recipe.bank is not None
    parts = [*pair.predict(own.features), recipe.bank.average(answer.neighbours)]
    np.testing.assert_allclose(answer.values, mixed(recipe.weights, parts), rtol=1e-5)
    assert answer.calibrated == "calibrated on 3 held-out sections (180 places)"


def test_one_section_alone_is_blended_evenly_and_calibrates_nothing() -> None:
    recipe = make_recipe("geneglass", QUICK, GENES, READY)
    steps = list(recipe.fit([section("only", "p", 1)]))
    assert isinstance(recipe, GeneglassRecipe)
    answer = recipe.predict(query())
    assert recipe.weights == EVEN
    np.testing.assert_allclose(answer.values, mixed(CAUTIOUS, cautious_parts(recipe)), rtol=1e-5)
    assert answer.calibrated == ""
    assert steps[-1].message.startswith("Blended: ")
    assert steps[-1].message.endswith(
        "Patients that were not trained on are predicted 25% by a more careful linear model, 75% by retrieval "
        "(nothing was left out that could tell)."
    )
    assert np.isfinite(answer.values).all()


@pytest.mark.parametrize("sizes", [(13,), (10, 10), (8, 60)])
def test_fewer_spots_than_axes_are_enough(sizes: tuple[int, ...]) -> None:
    few = [section(f"s{i}", f"p{i}", i, n=n) for i, n in enumerate(sizes)]
    wide = [replace(s, expression=np.tile(s.expression, 4), counts=np.tile(s.counts, 4)) for s in few]
    genes = tuple(f"g{i}" for i in range(4 * len(GENES)))
    recipe = make_recipe("geneglass", QUICK, genes, READY)
    for _ in recipe.fit(wide):
        pass
    assert np.isfinite(recipe.predict(query()).values).all()


def test_without_validation_it_says_that_nothing_was_left_out(several: list[TrainData]) -> None:
    recipe = make_recipe("geneglass", QUICK | {"validate": False}, GENES, READY)
    last = list(recipe.fit(several))[-1]
    assert last.message == "Blended: linear 33%, local 33%, retrieval 33%."


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"landmarks": 0}, "landmarks must be at least 1, got 0"),
        ({"caution": 0.5}, "caution must be at least 1, got 0.5"),
        ({"sight": "far"}, "sight must be one of fitted, all, got 'far'"),
        ({"kernel_width": 0}, "kernel_width must be positive, got 0"),
    ],
)
def test_settings_that_can_not_be(settings: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_recipe("geneglass", settings, GENES, READY)
