"""What the training of every registered recipe promises; a new one is picked up by itself.

A recipe that trains networks has an attribute `modules`: None until `fit` has ended, then a `torch.nn.Module` that
holds them, with the gradients of the last step still on its parameters. The checks of loss and gradients hang on it.
"""

import dataclasses
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from geneglass.model.encoder import Encoder
from geneglass.model.make import make_recipe
from geneglass.model.recipe import Recipe, TrainData
from geneglass.model.recipes import RECIPES
from recipe_samples import GENES, quick, trained


def test_it_tells_that_it_is_done(name: str, sections: list[TrainData], encoder: Encoder) -> None:
    steps = list(make_recipe(name, quick(name), GENES, encoder).fit(sections))

    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total > 0


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
