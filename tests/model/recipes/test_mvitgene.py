"""MViTGene: one test per mended defect, each of which shows the defect on the published form."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from geneglass.errors import InputError
from geneglass.model.make import make_config, make_recipe
from geneglass.model.median_unit import MEDIAN_UNIT
from geneglass.model.mvitgene_config import PARTS
from geneglass.model.recipe import UNIT
from stand_ins import ReadyFeatures, counted_section

GENES = tuple(f"g{i}" for i in range(9))
WIDTH = 5
DIM = 4 * WIDTH
SMALL = {"epochs": 3, "embed_dim": 16, "k": 5, "validate": False, "sub_patches": 2}
CORRECTED, FAITHFUL = FORMS = ["mvitgene", "mvitgene:faithful"]
VIEWS = ReadyFeatures(DIM, views_um=(50, 100, 150), spans=tuple((i * WIDTH, (i + 1) * WIDTH) for i in range(4)))
"""Three fields of view, and a fourth span of columns for the surroundings."""

section = partial(counted_section, dim=DIM, genes=len(GENES))


SECTIONS = [section("a", 24, 0), section("b", 20, 1)]
NEW = section("new", 11, 5)
ROWS = torch.arange(44)


def make(name=CORRECTED, *, seed=0, **settings):
    return make_recipe(name, {"fine_tune": False, **SMALL, **settings}, GENES, VIEWS, seed=seed)


def fit(recipe, sections=SECTIONS):
    return list(recipe.fit(sections))


def fitted(name, **settings):
    recipe = make(name, **settings)
    fit(recipe)
    return recipe


@pytest.fixture(scope="module")
def both():
    return {name: fitted(name) for name in FORMS}


def embed(recipe, data=NEW, **changes):
    pool = recipe.pool([replace(data, **changes)])
    return recipe.embed_images(recipe.modules, pool.images)


def started(name, **settings):
    """Return a recipe, its fresh networks and the pool to train them on."""
    recipe = make(name, **settings)
    pool = recipe.pool(SECTIONS)
    return recipe, recipe.trial(pool, 0).modules, pool


@pytest.mark.parametrize("name", FORMS)
def test_both_branches_make_the_embedding(both, name):
    whole_only = NEW.features.copy()
    whole_only[:, 3 * WIDTH :] += 1
    moved = embed(both[name], features=whole_only)
    assert torch.allclose(moved, embed(both[name]), atol=1e-5) == (name == FAITHFUL)
    narrow = NEW.features.copy()
    narrow[:, : 3 * WIDTH] *= -1
    assert not torch.allclose(embed(both[name], features=narrow), embed(both[name]), atol=1e-2)


@pytest.mark.parametrize("name", FORMS)
def test_prediction_shows_the_networks_what_training_did(name):
    recipe, modules, pool = started(name, dropout=0.0)
    with torch.no_grad():
        learned = recipe.encode_images(modules.train(), pool.images, ROWS)
        asked = recipe.encode_images(modules.eval(), pool.images, ROWS)
    assert torch.allclose(learned, asked, atol=1e-6) == (name == CORRECTED)


def test_every_weight_counts_and_every_parameter_is_trained():
    recipe = make()
    assert all(getattr(recipe.config, f"{part}_weight") > 0 for part in PARTS)
    steps = fit(recipe)
    told = [step for step in steps if step.loss is not None]
    for step in told:
        assert set(step.terms) == set(PARTS)
        assert all(value > 0 for value in step.terms.values())
        assert sum(step.terms.values()) == pytest.approx(step.loss, rel=1e-4)
    assert not [name for name, p in recipe.modules.named_parameters() if not p.grad.abs().sum() > 0]
    assert all(f"{part} {told[-1].terms[part]:.3f}" in steps[-1].message for part in PARTS)
    assert steps[-1].done == steps[-1].total


def test_the_published_form_trains_nothing_and_says_so():
    recipe = make(FAITHFUL)
    steps = fit(recipe)
    assert {step.loss for step in steps if step.loss is not None} == {0.0}
    assert not any(p.grad.abs().sum() > 0 for p in recipe.modules.parameters() if p.grad is not None)
    assert "nothing was trained" in steps[-1].message
    assert np.isfinite(recipe.predict(NEW.query()).values).all()


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_loss_has_a_gradient_of_its_own(part):
    alone = {f"{other}_weight": float(other == part) for other in PARTS}
    recipe, modules, pool = started(CORRECTED, **alone)
    recipe.batch_loss(modules, pool, ROWS).backward()
    trained = {name.partition(".")[0] for name, p in modules.named_parameters() if p.grad is not None and p.grad.any()}
    assert ("expression" in trained) == (part in ("mse", "pearson"))
    assert ("tiles" in trained) == (part != "vit")
    assert ("spots" in trained) == (part not in ("mse", "pearson"))
    assert "whole" in trained


def test_soft_targets_are_sharp_and_fixed():
    own = torch.eye(16)[torch.arange(64) // 16].requires_grad_()
    entropies = {}
    for name in FORMS:
        targets = make(name).soft_targets(own, own)
        assert targets.requires_grad == (name == FAITHFUL)
        entropies[name] = -torch.xlogy(targets, targets).sum(1).mean().item()
    uniform, ideal = np.log(64), np.log(16)
    assert entropies[CORRECTED] < (uniform + ideal) / 2
    assert entropies[FAITHFUL] > 0.95 * uniform


def test_the_published_soft_targets_of_a_batch_of_128_are_those_described():
    targets = make(FAITHFUL).soft_targets(torch.eye(128), torch.eye(128))
    assert targets.diagonal().mean().item() == pytest.approx(0.021, abs=5e-4)
    assert -torch.xlogy(targets, targets).sum(1).mean().item() / np.log(128) == pytest.approx(0.998, abs=2e-3)


@pytest.mark.parametrize("name", FORMS)
def test_images_look_for_spots_too(name):
    recipe, modules, _ = started(name, hard_weight=1.0, soft_weight=0.5)
    random = torch.Generator().manual_seed(0)
    images, spots = (torch.nn.functional.normalize(torch.randn(12, 16, generator=random), dim=1) for _ in range(2))
    alike = torch.allclose(recipe.loss(modules, images, spots), recipe.loss(modules, spots, images), rtol=1e-5)
    assert alike == (name == CORRECTED)


@pytest.mark.parametrize("name", FORMS)
def test_the_order_of_references_does_not_hang_on_a_seed(both, name):
    recipe = both[name]
    other = make(name, seed=77)
    other.load(recipe.state(), recipe.texts())
    found, again = (r.predict(NEW.query()).neighbours.rows for r in (recipe, other))
    assert np.array_equal(found, again) == (name == CORRECTED)
    by_similarity = np.sort(recipe.predict(NEW.query()).neighbours.similarity, axis=1)[:, ::-1]
    assert np.array_equal(recipe.predict(NEW.query()).neighbours.similarity, by_similarity) == (name == CORRECTED)


def test_the_head_learns_expression_in_the_unit_of_the_bank_and_not_counts(both):
    measured = np.concatenate([s.expression for s in SECTIONS])
    counts = np.concatenate([s.counts for s in SECTIONS])
    pools = {name: recipe.pool(SECTIONS) for name, recipe in both.items()}
    np.testing.assert_array_equal(pools[CORRECTED].targets, measured)
    np.testing.assert_array_equal(pools[CORRECTED].reference, measured)
    np.testing.assert_array_equal(pools[FAITHFUL].targets, counts)
    assert (both[CORRECTED].unit, both[FAITHFUL].unit) == (UNIT, MEDIAN_UNIT)


@pytest.mark.parametrize("name", FORMS)
def test_what_tells_sections_apart_earns_the_head_nothing(name):
    recipe, modules, pool = started(name, pearson_weight=1.0, head_target="log", dropout=0.0)
    shift = 50.0 * pool.section_of[:, None].float()
    plain, head = pool.targets, modules["expression"].eval()

    def pearson(offset):
        modules["expression"].forward = lambda x: head.mean + head.layers(x) + offset
        recipe.batch_loss(modules, replace(pool, targets=plain + offset), ROWS)
        return recipe.terms["pearson"]

    assert (pearson(shift) == pytest.approx(pearson(0 * shift), abs=0.01)) == (name == CORRECTED)


def test_the_head_is_blended_in_where_asked_for():
    alone = fitted(CORRECTED)
    blended = make(head_weight=0.25)
    blended.load(alone.state(), alone.texts())
    retrieved, found = alone.predict(NEW.query()), blended.predict(NEW.query())
    np.testing.assert_array_equal(retrieved.neighbours.rows, found.neighbours.rows)
    np.testing.assert_allclose(alone.bank.average(retrieved.neighbours), retrieved.values)
    with torch.no_grad():
        read = alone.modules["expression"](embed(alone)).clamp_min(0).numpy()
    np.testing.assert_allclose(found.values, 0.75 * retrieved.values + 0.25 * read, rtol=1e-4)


@pytest.mark.parametrize("name", FORMS)
def test_empty_spots_constant_genes_and_lone_spots_stay_finite(name):
    empty = replace(SECTIONS[0], counts=SECTIONS[0].counts.copy(), expression=SECTIONS[0].expression.copy())
    for table in (empty.counts, empty.expression):
        table[2], table[:, 4] = 0, 0
    recipe = make(name)
    steps = fit(recipe, [empty, section("one", 1, 3), SECTIONS[1]])
    assert all(np.isfinite([step.loss, *step.terms.values()]).all() for step in steps if step.loss is not None)
    assert all(torch.isfinite(p).all() for p in recipe.modules.parameters())
    assert np.isfinite(recipe.predict(NEW.query()).values).all()


def test_published_settings_are_the_described_ones():
    settings = make_config(FAITHFUL, {})
    assert [getattr(settings, f"{part}_weight") for part in PARTS] == [0] * 5
    assert (settings.temperature, settings.learn_temperature, settings.dropout) == (0.3, False, 0.55)
    assert (settings.optimiser, settings.learning_rate, settings.weight_decay) == ("adamw", 1e-3, 1e-2)
    assert (settings.batch, settings.epochs, settings.k, settings.weighting) == (128, 1, 50, "uniform")
    assert (settings.soft_sigma, settings.soft_temperature, settings.vit) == (0.2, 1.0, "mobilevit_s")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hard_weight": -1}, "hard_weight must not be negative, got -1"),
        ({"vit_share": 1}, "vit_share must be at least 0 and under 1"),
        ({"head_weight": 0.5, "head_target": "counts"}, "set head_target to log"),
        ({"sub_patches": 0}, "sub_patches must be at least 1, got 0"),
    ],
)
def test_bad_settings_say_what_is_allowed(settings, words):
    with pytest.raises(InputError, match=words):
        make(**settings)
