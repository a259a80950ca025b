"""Fine-tuning, of every recipe that trains its encoder; a new one is picked up by itself."""

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch

from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.recipes import RECIPES
from stand_ins import counted_section, with_patches

GENES = tuple(f"g{i}" for i in range(6))
QUICK = {"epochs": 1, "batch": 16, "embed_dim": 16, "k": 5, "validate": False}
SMALLER = {"mvitgene": {"vit": "mobilevit_xxs"}, "hiscmcl": {"token_dim": 16}}
TUNED = sorted(
    name for name, recipe in RECIPES.items() if "fine_tune" in {f.name for f in dataclasses.fields(recipe.Config)}
)
TRAINS_NOTHING = "mvitgene:faithful"
"""Its losses weigh nothing; what becomes of its networks is in test_mvitgene_pixels.py."""
PUBLISHED = {f"{name}:faithful" for name in TUNED if RECIPES[name].published() != RECIPES[name].Config()}
THREE_VIEWS = "timm:mobilenetv3_small_050@random?px=32&um=16,32,64"
FORMS = [*TUNED, *sorted(PUBLISHED - {TRAINS_NOTHING})]

section = partial(counted_section, dim=8, genes=len(GENES))


@pytest.fixture(scope="module")
def sections(network):
    return [with_patches(section("a", 14, 0), network), with_patches(section("b", 10, 1), network)]


@pytest.fixture(scope="module")
def query(network):
    return with_patches(section("new", 7, 2), network).query()


def make(form, network, **settings):
    given = {"fine_tune": True, **QUICK, **SMALLER.get(form.partition(":")[0], {}), **settings}
    return make_recipe(form, given, GENES, network)


def fitted(form, network, sections, **settings):
    """Return a trained recipe, and its losses."""
    recipe = make(form, network, **settings)
    return recipe, [step.loss for step in recipe.fit(sections)]


@pytest.fixture(scope="module")
def usual(network, sections):
    """Return each recipe as it is trained by default, and its losses."""
    return {name: fitted(name, network, sections) for name in TUNED}


@pytest.mark.parametrize("form", FORMS)
def test_a_copy_of_the_network_is_trained_and_comes_back_from_a_file(network, sections, query, form):
    before = {key: value.clone() for key, value in network.network().state_dict().items()}
    recipe, _ = fitted(form, network, sections)
    assert all(torch.equal(value, before[key]) for key, value in network.network().state_dict().items())
    assert not torch.equal(recipe.modules["network"].conv_stem.weight, before["conv_stem.weight"])
    values = recipe.predict(query).values
    assert np.isfinite(values).all()
    again = make(form, network)
    again.load(recipe.state(), recipe.texts())
    np.testing.assert_array_equal(again.predict(query).values, values)


@pytest.mark.parametrize("form", FORMS)
def test_every_parameter_gets_a_gradient_those_of_the_network_too(network, form):
    views, given = (), {}
    if form.startswith("hiscmcl"):
        # Its spot chooses between wider fields of view, of which there must be two.
        network, views, given = make_encoder(THREE_VIEWS), (0, 1, 2), {"spot_um": 20.0}
    seen = [with_patches(section(name, n, n), network, *views) for name, n in (("a", 14), ("b", 10))]
    recipe, _ = fitted(form, network, seen, epochs=2, **given)
    parameters = {key: p for key, p in recipe.modules.named_parameters() if p.requires_grad}
    assert any(key.startswith("network.") for key in parameters)
    assert not [key for key, p in parameters.items() if p.grad is None or not p.grad.abs().sum() > 0]


@pytest.mark.parametrize("name", TUNED)
def test_loss_falls_over_20_steps(network, sections, name):
    _, told = fitted(name, network, sections[:1], epochs=20)
    losses = [loss for loss in told if loss is not None][:20]
    assert len(losses) == 20
    assert np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < np.mean(losses[:4])


@pytest.mark.parametrize("name", TUNED)
def test_predictions_are_those_of_the_trained_network_and_not_of_the_frozen_one(network, sections, query, usual, name):
    recipe, _ = usual[name]
    values = recipe.predict(query).values
    frozen, _ = fitted(name, network, sections, fine_tune=False)
    assert not np.allclose(values, frozen.predict(query).values, rtol=1e-3)
    put_back = make(name, network)
    put_back.load(recipe.state(), recipe.texts())
    put_back.modules["network"].load_state_dict(network.network().state_dict())
    assert not np.array_equal(put_back.predict(query).values, values)


@pytest.mark.parametrize("name", TUNED)
def test_patches_are_changed_in_training_and_shown_as_they_are_in_prediction(network, sections, name):
    recipe = make(name, network)
    images, rows = recipe.pool(sections[:1]).images, torch.arange(14)
    patches = torch.from_numpy(sections[0].patches.views[0]).permute(0, 3, 1, 2)
    (learned,), (asked,) = (recipe.views(torch.nn.ModuleDict().train(mode), images, rows) for mode in (True, False))
    assert torch.equal(asked, patches)
    assert learned.shape == patches.shape
    assert not torch.equal(learned, patches)


@pytest.mark.parametrize("name", TUNED)
def test_the_same_seed_shows_the_same_patches(network, sections, usual, name):
    torch.manual_seed(77)
    assert fitted(name, network, sections)[1] == usual[name][1]


@pytest.mark.parametrize("change", [{"augment": "none"}, {"augment": "published"}, {"normalise_input": False}])
@pytest.mark.parametrize("name", TUNED)
def test_what_patches_are_shown_as_changes_the_training(network, sections, usual, name, change):
    assert fitted(name, network, sections, **change)[1] != usual[name][1]
