"""How many references and how they are weighed: chosen on tissue left out, told, and kept."""

import json
from typing import get_args

import numpy as np
import pytest

from geneglass.model import retrieval_choice
from geneglass.model.early_stop import Stop
from geneglass.model.encoders.texture import Texture
from geneglass.model.make import make_recipe
from geneglass.model.recipe import Recipe
from geneglass.model.weighting import Weighting
from recipe_samples import GENES, section

ENCODER = Texture()
SECTIONS = [section(name, patient, i, ENCODER.dim) for i, (name, patient) in enumerate(("ap", "bp", "cq"))]
NEW = section("new", "r", 11, ENCODER.dim).query()


def trained(name: str = "mclstexp", **settings: object) -> Recipe:
    recipe = make_recipe(name, {"epochs": 3, "batch": 16, "learning_rate": 0.01} | settings, GENES, ENCODER)
    recipe.told = [step.message for step in recipe.fit(SECTIONS) if step.message]
    return recipe


@pytest.mark.parametrize("k", [0, 5])
def test_the_weighting_is_the_best_on_tissue_left_out(k: int) -> None:
    # One epoch: the networks are the same, however their neighbours are weighed.
    found = trained(k=k, epochs=1)
    given = {how: trained(k=k, epochs=1, weighting=how).stop.score for how in get_args(Weighting)}

    assert len(set(given.values())) == 4
    assert found.stop.choice.weighting == max(given, key=lambda how: given[how])
    assert found.stop.score == pytest.approx(max(given.values()), abs=1e-6)


def test_weightings_are_chosen_with_the_networks_of_the_best_epoch() -> None:
    long = trained("bleep", epochs=6, learning_rate=0.5, patience=9)
    best = trained("bleep", epochs=long.stop.epochs, learning_rate=0.5, patience=9)

    assert long.stop.epochs < len(long.stop.scores)
    assert (long.stop.choice, long.stop.score) == (best.stop.choice, best.stop.score)
    np.testing.assert_array_equal(long.stop.held_out[0].signals, best.stop.held_out[0].signals)


@pytest.mark.parametrize("best", get_args(Weighting))
def test_what_was_chosen_predicts_and_is_kept_in_the_model_file(best: Weighting, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(retrieval_choice, "WEIGHTINGS", (best,))
        chosen = trained()
    given, again = trained(weighting=best), make_recipe("mclstexp", {}, GENES, ENCODER)
    again.load(chosen.state(), json.loads(json.dumps(chosen.texts())))

    assert chosen.stop.choice.weighting == chosen.texts()["weighting"] == best
    for one in (chosen, again):
        np.testing.assert_array_equal(one.predict(NEW).values, given.predict(NEW).values)
    np.testing.assert_array_equal(chosen.stop.held_out[0].signals, given.stop.held_out[0].signals)


def test_it_is_told_and_survives_a_snapshot() -> None:
    recipe = trained()
    choice = recipe.stop.choice

    assert recipe.told == [f"Chosen on training tissue left out: k {choice.k}, weighting {choice.weighting}."]
    again = Stop.load(recipe.stop.tensors(), json.loads(json.dumps(recipe.stop.texts())))
    assert again.choice == choice


def test_choosing_a_weighting_costs_no_search_of_its_own(monkeypatch) -> None:
    recipe, searched = make_recipe("mclstexp", {"epochs": 1}, GENES, ENCODER), []
    original = recipe.search
    monkeypatch.setattr(recipe, "search", lambda m, b, q, r, k: searched.append(k) or original(m, b, q, r, k))
    list(recipe.fit(SECTIONS))

    # Each section for the most references, after the epoch and of the best one; then for the signals of those that
    # were chosen, and at the end for its likeness.
    assert searched == [800] * 6 + [recipe.stop.choice.k] * 6


def test_nothing_is_said_to_be_chosen_where_all_is_given() -> None:
    assert trained(k=7, weighting="uniform").told == []
    blind = trained(validate=False)
    assert blind.told == []
    assert (blind.texts()["k"], blind.texts()["weighting"]) == (800, "softmax")


def test_a_file_without_a_choice_keeps_the_weighting_of_its_settings() -> None:
    recipe = trained(k=7, weighting="inverse_square")
    texts = {name: value for name, value in recipe.texts().items() if name != "weighting"}
    again = make_recipe("mclstexp", {"k": 7, "weighting": "inverse_square"}, GENES, ENCODER)
    again.load(recipe.state(), texts)

    np.testing.assert_array_equal(again.predict(NEW).values, recipe.predict(NEW).values)
