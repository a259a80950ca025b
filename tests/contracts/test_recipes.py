"""What every registered recipe promises of its answers; a new one is picked up by itself."""

import copy
import dataclasses
import json

import numpy as np
import pytest
import torch

from geneglass.model.encoder import Encoder
from geneglass.model.make import make_recipe
from geneglass.model.recipe import Answer, QueryData, Recipe, TrainData
from recipe_samples import GENES, SPOTS, query_of, quick, trained


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


def test_same_seed_same_result(
    name: str, recipe: Recipe, sections: list[TrainData], encoder: Encoder, stranger: TrainData
) -> None:
    torch.manual_seed(123)
    np.random.seed(123)  # noqa: NPY002 - a recipe must not hang on the global generators
    again = trained(name, sections, encoder)

    np.testing.assert_array_equal(again.predict(query_of(stranger)).values, recipe.predict(query_of(stranger)).values)


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
