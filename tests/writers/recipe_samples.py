"""Sections made up for the contract of recipes, and recipes trained on them in no time."""

import dataclasses
from typing import Any

import numpy as np

from geneglass.model.encoder import Encoder
from geneglass.model.make import make_recipe
from geneglass.model.recipe import QueryData, Recipe, TrainData
from geneglass.model.recipes import RECIPES

QUICK: dict[str, Any] = {"epochs": 3, "batch": 32, "blend": "even", "weighting": "softmax"}
"""Settings that keep training short and choose nothing that so few spots can not tell, for recipes that have them."""

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


def query_of(part: TrainData, rows: slice = slice(None), **changes: Any) -> QueryData:
    """Return the image side of a section, without its expression."""
    array = None if part.array_yx is None else part.array_yx[rows]
    kept = {"features": part.features[rows], "centres_um_yx": part.centres_um_yx[rows], "array_yx": array}
    return dataclasses.replace(part.query(), **kept | changes)


def quick(name: str, **settings: Any) -> dict[str, Any]:
    fields = {field.name for field in dataclasses.fields(RECIPES[name].Config)}
    return {key: value for key, value in QUICK.items() if key in fields} | settings


def trained(name: str, sections: list[TrainData], encoder: Encoder, *, seed: int = 0, **settings: Any) -> Recipe:
    recipe = make_recipe(name, quick(name, **settings), GENES, encoder, seed=seed)
    for step in recipe.fit(sections):
        assert 0 <= step.done <= step.total
    return recipe
