"""What the settings of every registered recipe promise; a new one is picked up by itself."""

import dataclasses
import json
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geneglass.errors import InputError
from geneglass.model.encoder import Encoder
from geneglass.model.make import make_config, make_recipe
from geneglass.model.recipe import QueryData, TrainData
from geneglass.model.recipes import RECIPES
from recipe_samples import GENES, query_of, quick

SETTING_FOR: dict[str, dict[str, Any]] = {
    "distance": {"weighting": "inverse_square"},
    # So fast that the score of every recipe falls again within eight rounds.
    "patience": {"epochs": 8, "patience": 6, "learning_rate": 1.0},
}
"""Field: what else must be set for it to matter."""

TESTED_ELSEWHERE = {
    **dict.fromkeys(("fine_tune", "normalise_input", "augment"), "test_fine_tuning.py"),
    **dict.fromkeys(("raw_input", "augment_query"), "recipes/test_bleep.py"),
    **dict.fromkeys(("tile_px", "vit", "vit_weights"), "recipes/test_mvitgene_pixels.py"),
    **dict.fromkeys(("caution", "blend_steps"), "recipes/test_geneglass.py"),
    "table_rows": "test_spot_side.py",
}
"""Field that needs patches, a network, a single patient or more data: the file of tests/model that has it."""


@pytest.mark.parametrize(("key", "file"), TESTED_ELSEWHERE.items())
def test_what_is_tested_elsewhere_is_there(key: str, file: str) -> None:
    folder = Path(__file__).parents[1] / "model"
    assert any(key in {field.name for field in dataclasses.fields(recipe.Config)} for recipe in RECIPES.values())
    assert re.search(rf"\b{key}\b[\"']?\s*[:=]", (folder / file).read_text(encoding="utf-8"))


def test_the_published_form_runs(name: str, sections: list[TrainData], encoder: Encoder) -> None:
    published = RECIPES[name].published()
    kept = {"weighting": published.weighting} if hasattr(published, "weighting") else {}
    config = dataclasses.replace(published, **quick(name) | kept)
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
