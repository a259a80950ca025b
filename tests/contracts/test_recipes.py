"""What every registered recipe promises; a new one is picked up by itself.

A recipe that trains networks has an attribute `modules`: None until `fit` has ended, then a `torch.nn.Module` that
holds them, with the gradients of the last step still on its parameters. The checks of loss and gradients hang on it.
"""

import copy
import dataclasses
import json
import typing
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from geneglass.errors import InputError
from geneglass.model.encoder import Encoder
from geneglass.model.encoders.texture import Texture
from geneglass.model.make import make_config, make_recipe
from geneglass.model.recipe import Answer, QueryData, Recipe, TrainData
from geneglass.model.recipes import RECIPES

QUICK: dict[str, Any] = {"epochs": 3, "batch": 32, "blend": "even"}
"""Settings that keep training short, for recipes that have them."""

SETTING_FOR: dict[str, dict[str, Any]] = {
    "distance": {"weighting": "inverse_square"},
    "patience": {"epochs": 8, "patience": 6, "learning_rate": 0.1},
}
"""Field: what else must be set for it to matter."""

TESTED_ELSEWHERE = {
    *("fine_tune", "normalise_input", "augment"),
    *("raw_input", "augment_query"),
    *("tile_px", "vit", "vit_weights"),
    *("caution", "untested_share", "blend_steps", "table_rows"),
}
"""Fields that need patches, a network, a single patient or more data: tests/model/recipes/test_<name>.py has them."""

GENES = ("ERBB2", "GNAS", "COL1A1", "CD74", "KRT5", "ACTA2", "MKI67", "IGKC")
SPOTS = 16


def section(name: str, patient: str, seed: int, dim: int) -> TrainData:
    """Return 16 spots on a grid that is not square, whose expression follows their features, and 4 to 6 of a slide."""
    random = np.random.default_rng(seed)
    rule = np.random.default_rng(42).normal(0, 1, (dim, len(GENES))) / np.sqrt(dim)
    features = random.normal(0, 1, (SPOTS, dim)).astype(np.float32)
    expression = np.maximum(2 + features @ rule + random.normal(0, 0.2, (SPOTS, len(GENES))), 0)
    array = np.stack(np.divmod(np.arange(SPOTS), 8), axis=1).astype(np.float32)
    return TrainData(
        name,
        patient,
        features,
        array * 200,
        array,
        slide_features=random.normal(0, 1, (4 + seed % 3, dim)).astype(np.float32),
        expression=expression.astype(np.float32),
        counts=np.round(np.expm1(expression)).astype(np.float32),
    )


@pytest.fixture(scope="module")
def many_patients(encoder: Encoder) -> list[TrainData]:
    return [section(f"s{i}", f"p{i}", i, encoder.dim) for i in range(5)]


def query_of(part: TrainData, rows: slice = slice(None), **changes: Any) -> QueryData:
    """Return the image side of a section, without its expression."""
    array = None if part.array_yx is None else part.array_yx[rows]
    kept = {"features": part.features[rows], "centres_um_yx": part.centres_um_yx[rows], "array_yx": array}
    return dataclasses.replace(part.query(), **kept | changes)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Texture()


@pytest.fixture(scope="module")
def sections(encoder: Encoder) -> list[TrainData]:
    return [section(f"s{i}", patient, i, encoder.dim) for i, patient in enumerate("ppq")]


@pytest.fixture(scope="module")
def stranger(encoder: Encoder) -> TrainData:
    return section("stranger", "r", 11, encoder.dim)


@pytest.fixture(params=sorted(RECIPES), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def quick(name: str, **settings: Any) -> dict[str, Any]:
    fields = {field.name for field in dataclasses.fields(RECIPES[name].Config)}
    return {key: value for key, value in QUICK.items() if key in fields} | settings


def trained(name: str, sections: list[TrainData], encoder: Encoder, *, seed: int = 0, **settings: Any) -> Recipe:
    recipe = make_recipe(name, quick(name, **settings), GENES, encoder, seed=seed)
    for step in recipe.fit(sections):
        assert 0 <= step.done <= step.total
    return recipe


@pytest.fixture(scope="module")
def recipe(name: str, sections: list[TrainData], encoder: Encoder) -> Recipe:
    return trained(name, sections, encoder)


def same(one: Answer, other: Answer, **tolerance: float) -> None:
    np.testing.assert_allclose(one.values, other.values, **tolerance)
    if one.confidence is not None and other.confidence is not None:
        # A share of training places: rounding of a distance may move it by one place of them.
        np.testing.assert_allclose(one.confidence, other.confidence, atol=1.5 / (3 * SPOTS))


def test_shapes_and_finite_values(recipe: Recipe, stranger: TrainData) -> None:
    answer = recipe.predict(query_of(stranger))

    assert answer.values.shape == (SPOTS, len(GENES))
    assert answer.values.dtype == np.float32
    assert np.isfinite(answer.values).all()
    assert answer.values.std(axis=0).max() > 0
    if answer.confidence is not None:
        assert answer.confidence.shape == (SPOTS,)
        assert ((answer.confidence >= 0) & (answer.confidence <= 1)).all()


def test_it_tells_that_it_is_done(name: str, sections: list[TrainData], encoder: Encoder) -> None:
    steps = list(make_recipe(name, quick(name), GENES, encoder).fit(sections))

    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total > 0


def test_same_seed_same_result(
    name: str, recipe: Recipe, sections: list[TrainData], encoder: Encoder, stranger: TrainData
) -> None:
    torch.manual_seed(123)
    np.random.seed(123)  # noqa: NPY002 - a recipe must not hang on the global generators
    again = trained(name, sections, encoder)

    np.testing.assert_array_equal(again.predict(query_of(stranger)).values, recipe.predict(query_of(stranger)).values)


def test_training_leaves_global_generators_and_its_input_alone(
    name: str, sections: list[TrainData], encoder: Encoder
) -> None:
    copies = [(part.features.copy(), part.expression.copy(), part.counts.copy()) for part in sections]
    torch.manual_seed(5)
    before = torch.get_rng_state()

    trained(name, sections, encoder)

    assert torch.equal(before, torch.get_rng_state())
    for part, (features, expression, counts) in zip(sections, copies, strict=True):
        np.testing.assert_array_equal(part.features, features)
        np.testing.assert_array_equal(part.expression, expression)
        np.testing.assert_array_equal(part.counts, counts)


def test_saved_and_loaded_gives_the_same(name: str, recipe: Recipe, encoder: Encoder, stranger: TrainData) -> None:
    state = {key: tensor.clone() for key, tensor in recipe.state().items()}
    texts = json.loads(json.dumps(recipe.texts()))
    fresh = make_recipe(name, quick(name), GENES, encoder, seed=77)

    fresh.load(state, texts)

    expected, found = recipe.predict(query_of(stranger)), fresh.predict(query_of(stranger))
    np.testing.assert_array_equal(found.values, expected.values)
    if expected.confidence is not None:
        np.testing.assert_array_equal(found.confidence, expected.confidence)
    if expected.neighbours is not None and found.neighbours is not None:
        np.testing.assert_array_equal(found.neighbours.rows, expected.neighbours.rows)


def test_state_is_tensors_that_a_file_can_hold(recipe: Recipe) -> None:
    state = recipe.state()

    assert state
    assert all(isinstance(tensor, torch.Tensor) and tensor.is_contiguous() for tensor in state.values())
    storages = [tensor.untyped_storage().data_ptr() for tensor in state.values() if tensor.numel()]
    assert len(set(storages)) == len(storages)


def test_a_place_is_the_same_alone_and_in_a_batch(recipe: Recipe, stranger: TrainData) -> None:
    together = recipe.predict(query_of(stranger))
    for row in (0, 7, SPOTS - 1):
        alone = recipe.predict(query_of(stranger, slice(row, row + 1)))
        part = Answer(
            together.values[row : row + 1],
            None if together.confidence is None else together.confidence[row : row + 1],
        )
        same(alone, part, rtol=1e-4, atol=1e-4)


def test_the_order_of_the_places_does_not_matter(recipe: Recipe, stranger: TrainData) -> None:
    order = np.random.default_rng(3).permutation(SPOTS)
    array = None if stranger.array_yx is None else stranger.array_yx[order]
    shuffled = query_of(
        stranger, features=stranger.features[order], centres_um_yx=stranger.centres_um_yx[order], array_yx=array
    )

    np.testing.assert_allclose(
        recipe.predict(shuffled).values, recipe.predict(query_of(stranger)).values[order], rtol=1e-4, atol=1e-4
    )


def retrieved_from(recipe: Recipe, query: QueryData, **how: bool) -> set[int]:
    """Return the numbers of the training sections, of 16 spots each, that a query's references are of."""
    neighbours = recipe.predict(query, **how).neighbours
    assert neighbours is not None
    return set((neighbours.rows // SPOTS).ravel().tolist())


def test_the_own_section_is_never_retrieved(name: str, recipe: Recipe, sections: list[TrainData]) -> None:
    if not recipe.retrieves:
        pytest.skip(f"{name} does not retrieve")

    assert retrieved_from(recipe, query_of(sections[1])) == {0, 2}
    assert retrieved_from(recipe, query_of(sections[1], section="another name")) == {0, 1, 2}


def test_the_own_patient_is_never_retrieved_when_excluded(name: str, recipe: Recipe, sections: list[TrainData]) -> None:
    if not recipe.retrieves:
        pytest.skip(f"{name} does not retrieve")

    assert retrieved_from(recipe, query_of(sections[0])) == {1, 2}
    assert retrieved_from(recipe, query_of(sections[0]), exclude_patient=True) == {2}


def test_what_is_retrieved_is_all_that_counts_of_the_bank(name: str, recipe: Recipe, sections: list[TrainData]) -> None:
    if not recipe.retrieves:
        pytest.skip(f"{name} does not retrieve")
    bank = recipe.bank  # type: ignore[attr-defined]
    own = torch.arange(len(bank)) // SPOTS == 1
    expression = torch.where(own[:, None], torch.nan, bank.expression)
    changed = copy.copy(recipe)
    changed.bank = dataclasses.replace(bank, expression=expression)  # type: ignore[attr-defined]

    assert np.isfinite(changed.predict(query_of(sections[1])).values).all()
    assert np.isnan(changed.predict(query_of(sections[1], section="another name")).values).any()


def test_confidence_does_not_count_the_own_section(recipe: Recipe, sections: list[TrainData]) -> None:
    if recipe.retrieves:
        pytest.skip("its evidence is what it retrieves, which is checked above")
    own = recipe.predict(query_of(sections[1])).confidence
    foreign = recipe.predict(query_of(sections[1], section="another name")).confidence
    if own is None or foreign is None:
        pytest.skip("this recipe gives no confidence")

    assert not np.allclose(foreign, own)


def test_neighbours_explain_the_prediction(recipe: Recipe, sections: list[TrainData], stranger: TrainData) -> None:
    answer = recipe.predict(query_of(stranger))
    if answer.neighbours is None:
        assert not recipe.retrieves
        return
    rows, weights = answer.neighbours.rows, answer.neighbours.weights

    assert recipe.retrieves
    assert rows.shape == weights.shape == answer.neighbours.similarity.shape
    assert ((rows >= 0) & (rows < SPOTS * len(sections))).all()
    assert all(len(set(row)) == len(row) for row in rows.tolist())
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-4)
    assert (weights >= 0).all()


def test_the_published_form_runs(name: str, sections: list[TrainData], encoder: Encoder) -> None:
    changes = {key: value for key, value in quick(name).items() if hasattr(RECIPES[name].Config(), key)}
    config = dataclasses.replace(RECIPES[name].published(), **changes)
    if getattr(config, "fine_tune", False):
        config = dataclasses.replace(config, fine_tune=False)
    recipe = RECIPES[name](config, GENES, encoder)
    for _ in recipe.fit(sections):
        pass

    assert np.isfinite(recipe.predict(query_of(sections[0])).values).all()


def test_fields_have_a_tooltip(name: str) -> None:
    hints = typing.get_type_hints(RECIPES[name].Config, include_extras=True)
    missing = [key for key, hint in hints.items() if not _annotation(hint).get("tooltip")]

    assert hints
    assert not missing


def _annotation(hint: Any) -> Mapping[str, Any]:
    return next((item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Mapping)), {})


def fields() -> list[tuple[str, str]]:
    return [
        (name, field.name)
        for name in sorted(RECIPES)
        for field in dataclasses.fields(RECIPES[name].Config)
        if field.name not in TESTED_ELSEWHERE
    ]


def other_values(config: Any, key: str) -> list[Any]:
    """Return values of a field that differ from its own, the nearest to it first."""
    value, hint = getattr(config, key), typing.get_type_hints(type(config))[key]
    choices = [choice for choice in typing.get_args(hint) if choice != value]
    if typing.get_origin(hint) is typing.Literal:
        return choices
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [max(1, value // 2), 1, 2, value + 1]
    if isinstance(value, float):
        return [other for other in (value / 2, value * 2, value * 1e3, value / 1e3, 0.5) if other != value]
    return []


@pytest.mark.parametrize(("name", "key"), fields())
def test_every_field_changes_something(
    name: str, key: str, many_patients: list[TrainData], encoder: Encoder, stranger: TrainData
) -> None:
    setting = SETTING_FOR.get(key, {})
    query = query_of(stranger)
    steps, values = usual_outcome(name, json.dumps(setting), many_patients, encoder, query)
    config = make_config(name, quick(name, **setting))

    candidates = other_values(config, key)
    assert candidates, f"say in other_values what {key} can be"
    for value in candidates:
        try:
            changed = outcome(name, setting | {key: value}, many_patients, encoder, query)
        except InputError:
            continue
        if changed[0] != steps or not np.array_equal(changed[1], values):
            return
    pytest.fail(f"{name}: {key} changes neither the steps nor the prediction")


def outcome(
    name: str, settings: dict[str, Any], sections: list[TrainData], encoder: Encoder, query: QueryData
) -> tuple[int, np.ndarray]:
    recipe = make_recipe(name, quick(name) | settings, GENES, encoder)
    steps = sum(1 for _ in recipe.fit(sections))
    return steps, recipe.predict(query).values


USUAL: dict[tuple[str, str], tuple[int, np.ndarray]] = {}
"""Outcomes that no field has changed yet, since most fields are held against the same one."""


def usual_outcome(
    name: str, setting: str, sections: list[TrainData], encoder: Encoder, query: QueryData
) -> tuple[int, np.ndarray]:
    if (name, setting) not in USUAL:
        USUAL[name, setting] = outcome(name, json.loads(setting), sections, encoder, query)
    return USUAL[name, setting]


def network_recipe(name: str, encoder: Encoder, **settings: Any) -> Recipe:
    known = {field.name for field in dataclasses.fields(RECIPES[name].Config)}
    recipe = make_recipe(name, quick(name) | {k: v for k, v in settings.items() if k in known}, GENES, encoder)
    if not hasattr(recipe, "modules"):
        pytest.skip(f"{name} trains no network")
    return recipe


def test_loss_falls_over_20_steps(name: str, sections: list[TrainData], encoder: Encoder) -> None:
    recipe = network_recipe(name, encoder, epochs=20, validate=False)
    losses = [step.loss for step in islice((s for s in recipe.fit(sections[:1]) if s.loss is not None), 20)]

    assert len(losses) == 20
    assert np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


def test_every_parameter_gets_a_gradient(name: str, sections: list[TrainData], encoder: Encoder) -> None:
    recipe = network_recipe(name, encoder, epochs=2, validate=False)
    for _ in recipe.fit(sections):
        pass
    parameters = {key: p for key, p in recipe.modules.named_parameters() if p.requires_grad}  # type: ignore[attr-defined]

    assert parameters
    assert not [key for key, p in parameters.items() if p.grad is None or not p.grad.abs().sum() > 0]
