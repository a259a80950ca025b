"""BLEEP: one test per mended defect, each of which shows the defect on the published form."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from geneglass.errors import InputError
from geneglass.model.make import make_config, make_recipe
from geneglass.model.median_unit import MEDIAN_UNIT, median_scaled
from geneglass.model.recipe import UNIT
from stand_ins import ReadyFeatures, counted_section, with_patches

GENES = tuple(f"g{i}" for i in range(9))
DIM = 10
SMALL = {"epochs": 3, "embed_dim": 16, "k": 5, "validate": False}
FORMS = ["bleep", "bleep:faithful"]
READY = ReadyFeatures(DIM)
section = partial(counted_section, dim=DIM, genes=len(GENES))


SECTIONS = [section("a", 24, 0), section("b", 20, 1)]
NEW = section("new", 11, 5)


def make(name="bleep", encoder=None, *, seed=0, fine_tune=False, **settings):
    return make_recipe(name, {"fine_tune": fine_tune, **SMALL, **settings}, GENES, encoder or READY, seed=seed)


def fit(recipe, sections=SECTIONS):
    return list(recipe.fit(sections))


def pairs(n=12, dim=16, seed=0):
    random = torch.Generator().manual_seed(seed)
    images, spots = (torch.randn(n, dim, generator=random, requires_grad=True) for _ in range(2))
    return images, spots


def modules_of(recipe):
    return recipe.trial(recipe.pool(SECTIONS), 0).modules


def entropy(targets):
    return -torch.xlogy(targets, targets).sum(1).mean().item()


def clustered(clusters=4, each=16, dim=16):
    """Embeddings that are perfectly clustered: all of a cluster are one direction, at right angles to the others."""
    return torch.eye(dim)[torch.arange(clusters * each) // each]


def test_no_gradient_goes_through_the_targets():
    assert not make().soft_targets(*pairs()).requires_grad
    assert make("bleep:faithful").soft_targets(*pairs()).requires_grad


@pytest.mark.parametrize("name", FORMS)
def test_only_with_the_defect_the_targets_move_to_meet_the_loss(name):
    recipe = make(name, transpose_targets=False, similarity="cosine", soft_temperature=0.2)
    modules, (images, spots) = modules_of(recipe), pairs()
    recipe.loss(modules, images, spots).backward()
    fixed = recipe.soft_targets(*(torch.nn.functional.normalize(x, dim=1) for x in (images, spots))).detach()
    recipe.soft_targets = lambda *_: fixed
    held = [x.detach().clone().requires_grad_() for x in (images, spots)]
    recipe.loss(modules, *held).backward()
    assert torch.allclose(images.grad, held[0].grad, atol=1e-6) == (name == "bleep")


def test_targets_know_the_clusters_of_embeddings_and_at_temperature_1_they_do_not():
    own = clustered()
    uniform, ideal = np.log(len(own)), np.log(16)
    assert entropy(make().soft_targets(own, own)) < (uniform + ideal) / 2
    blunt = make(soft_temperature=make_config("bleep:faithful", {}).soft_temperature)
    assert entropy(blunt.soft_targets(own, own)) > 0.95 * uniform


def test_images_and_spots_are_asked_alike():
    images, spots = pairs()
    for name, alike in zip(FORMS, (True, False), strict=True):
        recipe = make(name)
        modules = modules_of(recipe)
        one, other = recipe.loss(modules, images, spots), recipe.loss(modules, spots, images)
        assert torch.allclose(one, other, rtol=1e-5) == alike


def test_the_length_of_an_embedding_means_nothing():
    images, spots = pairs()
    for name, same in zip(FORMS, (True, False), strict=True):
        recipe = make(name)
        modules = modules_of(recipe)
        assert torch.allclose(recipe.loss(modules, 3 * images, spots), recipe.loss(modules, images, spots)) == same


def test_temperature_is_learned():
    before, after = make(), make("bleep:faithful")
    for recipe, learned in ((before, True), (after, False)):
        fit(recipe)
        start = recipe.config.temperature
        assert (recipe.modules["temperature"]().item() != pytest.approx(start, rel=1e-6)) == learned


def test_units_of_the_bank():
    corrected, faithful = make(), make("bleep:faithful")
    fit(corrected)
    fit(faithful)
    assert (corrected.unit, faithful.unit) == (UNIT, MEDIAN_UNIT)
    np.testing.assert_array_equal(corrected.bank.expression[:24], SECTIONS[0].expression)
    np.testing.assert_array_equal(faithful.bank.expression[24:], median_scaled(SECTIONS[1]))


def test_published_form_is_the_described_one():
    settings = make_config("bleep:faithful", {})
    assert (settings.temperature, settings.learn_temperature, settings.dropout) == (1.0, False, 0.1)
    assert (settings.optimiser, settings.learning_rate, settings.weight_decay) == ("adamw", 1e-3, 1e-3)
    assert (settings.batch, settings.epochs, settings.k, settings.weighting) == (256, 4, 50, "uniform")
    assert (settings.validate, settings.fine_tune, settings.embed_dim) == (False, True, 256)
    modules = make("bleep:faithful", embed_dim=256).build(_shapes())
    # Two linear layers and a norm on either side, and nothing else to learn.
    size = 256 * DIM + 256 + 256 * 256 + 256 + 512
    assert sum(p.numel() for p in modules["image"].parameters()) == size
    assert sum(p.numel() for p in modules.parameters()) == size + size - 256 * (DIM - len(GENES))


def _shapes():
    from geneglass.model.contrastive_config import Shapes

    return Shapes(DIM, len(GENES), 44)


@pytest.mark.parametrize("change", [{"k": 1}, {"weighting": "inverse_square"}, {"weighting": "softmax"}])
def test_its_other_ways_to_predict(change):
    recipe, plain = make(**change), make(weighting="uniform")
    fit(recipe)
    fit(plain)
    answer = recipe.predict(NEW.query())
    assert not np.allclose(answer.values, plain.predict(NEW.query()).values)
    if change == {"k": 1}:
        np.testing.assert_allclose(answer.values, recipe.bank.expression[answer.neighbours.rows[:, 0]], rtol=1e-5)


@pytest.mark.parametrize("name", FORMS)
def test_spots_and_genes_without_counts_stay_finite(name):
    empty = replace(SECTIONS[0], counts=SECTIONS[0].counts.copy(), expression=SECTIONS[0].expression.copy())
    for table in (empty.counts, empty.expression):
        table[2], table[:, 4] = 0, 0
    recipe = make(name)
    assert all(np.isfinite(step.loss) for step in fit(recipe, [empty, SECTIONS[1]]) if step.loss is not None)
    assert np.isfinite(recipe.predict(NEW.query()).values).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"soft_temperature": 0}, "soft_temperature must be positive, got 0"),
        ({"gene_components": -1}, "not be negative"),
    ],
)
def test_bad_settings_say_what_is_allowed(settings, words):
    with pytest.raises(InputError, match=words):
        make(**settings)


FINE = {"fine_tune": True, "epochs": 1, "batch": 16}


def pixels(recipe, data, *, training):
    pool = recipe.pool([data])
    modules = torch.nn.ModuleDict().train(training)
    return recipe.pixels(modules, pool.images, torch.arange(len(pool)))[0]


def test_input_is_what_the_encoder_expects(network):
    data = with_patches(SECTIONS[0], network)
    rgb = torch.from_numpy(data.patches.views[0]).permute(0, 3, 1, 2).float()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (network.mean, network.std))
    found = pixels(make("bleep", network, **FINE), data, training=False)
    assert torch.allclose(found, (rgb / 255 - mean) / std, atol=1e-4)
    for form, settings in (("bleep", {"raw_input": True}), ("bleep:faithful", {"augment_query": False})):
        raw = pixels(make(form, network, **FINE, **settings), data, training=False)
        assert torch.allclose(raw, rgb.flip(1), atol=1e-3)


def test_a_query_is_not_changed_at_random(network):
    data = with_patches(SECTIONS[0], network)
    rgb = torch.from_numpy(data.patches.views[0]).permute(0, 3, 1, 2)
    for name, unchanged in zip(FORMS, (True, False), strict=True):
        recipe = make(name, network, **FINE)
        state = torch.get_rng_state()
        (seen,) = recipe.views(torch.nn.ModuleDict().eval(), recipe.pool([data]).images, torch.arange(24))
        assert torch.equal(seen, rgb) == unchanged
        assert torch.equal(torch.get_rng_state(), state)


def test_without_a_network_the_published_form_runs_on_frozen_features():
    recipe = make("bleep:faithful", fine_tune=True)
    fit(recipe)
    assert "network" not in recipe.modules
