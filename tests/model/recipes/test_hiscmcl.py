"""HisCMCL: one test per mended defect, and the published form as it was described."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from geneglass.errors import InputError, UsageError
from geneglass.model.make import make_config, make_encoder, make_recipe
from geneglass.model.parts import TransformerBlock
from geneglass.model.recipe import UNIT
from geneglass.model.recipes.hiscmcl import HiscmclRecipe
from geneglass.model.scales import SlideGate, Tokens
from geneglass.model.spot_side import GENE_UNIT
from stand_ins import ReadyFeatures, counted_section, with_patches

GENES = tuple(f"g{i}" for i in range(12))
DIM = 12
SMALL = {"epochs": 2, "embed_dim": 16, "inner_folds": 2, "k": 5, "token_dim": 16, "spot_um": 120.0}
SMALL_FAITHFUL = {"epochs": 1, "embed_dim": 16, "k": 5, "fine_tune": False, "token_dim": 16}
FINE = {"fine_tune": True, "epochs": 1, "batch": 16, "embed_dim": 16, "k": 5, "token_dim": 16, "validate": False}
THREE_VIEWS = ReadyFeatures(DIM, views_um=(100, 300, 900))
section = partial(counted_section, dim=DIM, genes=len(GENES))


SECTIONS = [section("a", 24, 0, 5), section("b", 20, 1, 7), section("c", 16, 2, 3)]
NEW = section("new", 10, 5, 4)


def make(settings=SMALL, name="hiscmcl", encoder=None):
    return make_recipe(name, settings, GENES, encoder or THREE_VIEWS)


def fitted(*args, sections=SECTIONS, **kwargs):
    recipe = make(*args, **kwargs)
    recipe.steps = list(recipe.fit(sections))
    return recipe


@pytest.fixture(scope="module")
def trained():
    return fitted()


@pytest.fixture(scope="module")
def attending():
    return fitted(SMALL | {"slide_role": "attend"})


@pytest.fixture(scope="module")
def faithful():
    return fitted(SMALL_FAITHFUL, "hiscmcl:faithful")


def embed(recipe, sections, rows=None):
    images = recipe.pool(sections).images
    return recipe.embed_images(recipe.modules, images, None if rows is None else torch.tensor(rows))


def spots(recipe, rows):
    with torch.no_grad():
        return recipe.encode_spots(recipe.modules, recipe.pool(SECTIONS), torch.tensor(rows))


def with_tissue(data, columns, by=2.0):
    features = data.features.copy()
    features[:, columns] += by
    return replace(data, features=features)


def test_tissue_around_the_spot_changes_the_embedding_unless_only_the_spot_is_asked_for(trained):
    around = with_tissue(NEW, slice(4, DIM))
    assert not torch.allclose(embed(trained, [around]), embed(trained, [NEW]), atol=1e-2)
    blind = fitted(SMALL | {"scales": "spot"})
    assert torch.equal(embed(blind, [around]), embed(blind, [NEW]))
    assert not torch.allclose(embed(blind, [with_tissue(NEW, slice(0, 4))]), embed(blind, [NEW]), atol=1e-2)


def test_every_field_of_view_has_its_say(trained):
    for columns in (slice(0, 4), slice(4, 8), slice(8, 12)):
        assert not torch.allclose(embed(trained, [with_tissue(NEW, columns)]), embed(trained, [NEW]), atol=1e-3)


@pytest.fixture(scope="module")
def network():
    return make_encoder("timm:mobilenetv3_small_050@random?px=32&um=16,48")


@pytest.mark.parametrize(("name", "differs"), [("hiscmcl", True), ("hiscmcl:faithful", False)])
def test_a_wider_field_of_view_shows_more_tissue_and_the_published_one_shows_the_same_crop(network, name, differs):
    data = [with_patches(s, network, len(s.features), 0) for s in SECTIONS[:2]]
    recipe = fitted(FINE | {"spot_um": 20.0}, name, network, sections=data)
    assert not torch.equal(recipe.modules["network"].conv_stem.weight, network.network().conv_stem.weight)
    before, after = (embed(recipe, [with_patches(NEW, network, 10, wide)]) for wide in (0, 1))
    assert torch.allclose(before, after, atol=1e-5) != differs


def test_upsampled_crops_are_the_same_crop_three_times_as_large(network):
    recipe = make(FINE, "hiscmcl:faithful", network)
    pool = recipe.pool([with_patches(s, network, len(s.features), 0) for s in SECTIONS[:2]])
    modules, seen = recipe.trial(pool, 0).modules, []
    recipe.run_network = lambda net, pixels: seen.append(pixels) or torch.zeros(len(pixels), 1024)
    recipe.encode_images(modules, pool.images, torch.arange(3))
    small, large = seen
    assert small.shape[2:] == (32, 32)
    assert large.shape[2:] == (96, 96)
    torch.testing.assert_close(large[:, :, 1:-1, 1:-1][:, :, ::3, ::3], small)


def test_the_published_form_on_frozen_features_sees_the_same_numbers_twice(faithful):
    images = faithful.pool(SECTIONS).images
    one, other = faithful._look_at_features(faithful.modules, images, torch.arange(4))
    assert torch.equal(one, other)
    assert torch.equal(one, images.features[:4])
    assert [maker.components for maker in faithful.modules["image"].views] == [None, None]


def test_a_place_is_the_same_alone_and_beside_slides_with_more_places(trained, attending):
    for recipe in (trained, attending):
        together = embed(recipe, SECTIONS)
        torch.testing.assert_close(embed(recipe, SECTIONS[2:]), together[44:], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(embed(recipe, SECTIONS, [50, 3]), together[[50, 3]], atol=1e-5, rtol=1e-5)


def test_a_spots_embedding_does_not_depend_on_its_batch_mates(trained, faithful):
    assert torch.allclose(spots(trained, [3]), spots(trained, [3, 40, 11])[:1], atol=1e-5)
    # The published form has the defect that is mended.
    assert not torch.allclose(spots(faithful, [3]), spots(faithful, [3, 40, 11])[:1], atol=1e-2)


def test_a_spot_weighs_the_scales_and_the_published_ones_are_laid_side_by_side(trained, attending, faithful):
    draw = torch.Generator().manual_seed(0)
    own, none = torch.randn(2, 16, generator=draw), torch.zeros(2, 0, 16)
    around = torch.randn(1, 2, 16, generator=draw).expand(2, 2, 16)
    once = Tokens(own, around, none, torch.tensor([0, 1]), torch.zeros(2, 0, dtype=torch.bool))
    twice = replace(once, around=torch.cat([around, around], dim=1))
    for recipe, weighed in ((trained, True), (attending, True), (faithful, False)):
        fusion = recipe.modules["image"].fusion
        # Shares that add up to one make the same of tissue shown twice; a sum does not.
        assert torch.allclose(fusion(twice), fusion(once), atol=1e-5) == weighed
    fusion = trained.modules["image"].fusion
    read = fusion.attention.read(fusion.others_norm(around))
    one, other = fusion.attention(fusion.own_norm(own), read, torch.zeros(2, 2, dtype=torch.bool))
    assert not torch.allclose(one, other, atol=1e-4)


def test_what_the_slide_looks_like_elsewhere_is_seen_and_its_order_is_not(trained, attending):
    other = replace(NEW, slide_features=NEW.slide_features + np.float32([3] * 6 + [-3] * 6))
    turned = replace(NEW, slide_features=NEW.slide_features[::-1].copy())
    for recipe in (trained, attending):
        assert not torch.allclose(embed(recipe, [other]), embed(recipe, [NEW]), atol=1e-4)
        torch.testing.assert_close(embed(recipe, [turned]), embed(recipe, [NEW]), atol=1e-5, rtol=1e-5)
    without = fitted(SMALL | {"scales": "spot+neighbourhood"})
    assert torch.equal(embed(without, [other]), embed(without, [NEW]))


def test_nothing_of_the_slide_is_added_to_a_place(trained):
    gate = trained.modules["image"].gate
    slides, empty = torch.randn(2, 3, 16), torch.zeros(2, 16)
    tokens = Tokens(empty, torch.zeros(2, 0, 16), slides, torch.tensor([0, 1]), torch.zeros(2, 3, dtype=torch.bool))
    # A place that shows nothing is the same nothing on both slides: they can not be told apart by it.
    assert isinstance(gate, SlideGate)
    assert torch.equal(gate(tokens).own, empty)
    assert not torch.equal(gate(replace(tokens, own=empty + 1)).own[0], gate(replace(tokens, own=empty + 1)).own[1])


def test_hidden_slides_are_hidden_in_training_alone():
    recipe = fitted(SMALL | {"slide_dropout": 0.95, "dropout": 0.0, "fusion_dropout": 0.0})
    image, images = recipe.modules["image"], recipe.pool(SECTIONS).images
    seen = replace(images, slides=torch.full_like(images.slides, torch.nan)), images
    hidden, shown = (recipe.embed_images(recipe.modules, some) for some in seen)
    image.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        step = recipe.encode_images(recipe.modules, images, torch.arange(len(images)))
    image.eval()
    same = [torch.isclose(step, other, atol=1e-5).all(1).float().mean().item() for other in (hidden, shown)]
    assert same[0] > 0.8
    assert sum(same) == pytest.approx(1)


def test_the_bank_goes_through_the_trained_transformer():
    still = {"dropout": 0.0, "fusion_dropout": 0.0}
    for settings, used in ((SMALL | still, True), (SMALL | still | {"bank_transformer": False}, False)):
        recipe = fitted(settings)
        bank = recipe.bank.embeddings
        recipe.modules.train()
        as_trained = spots(recipe, list(range(60)))
        recipe.modules.eval()
        assert torch.allclose(bank, as_trained, atol=1e-5) == used
        with torch.no_grad():
            for value in recipe.modules["spots"].blocks.parameters():
                value.add_(0.1)
        changed = recipe.make_bank(recipe.modules, recipe.pool(SECTIONS)).embeddings
        assert torch.equal(changed, bank) != used


def test_published_form_is_the_described_network():
    settings = make_config("hiscmcl:faithful", {})
    assert (settings.batch, settings.epochs, settings.learning_rate, settings.weight_decay) == (128, 100, 1e-4, 1e-3)
    assert (settings.k, settings.weighting, settings.distance, settings.accumulate) == (200, "inverse_square", "l1", 4)
    assert not settings.validate
    recipe = make({"fine_tune": False, "embed_dim": 256}, "hiscmcl:faithful")
    trial = recipe.trial(recipe.pool(SECTIONS), 0)
    assert trial.schedule.accumulate == 4
    image, genes = trial.modules["image"], len(GENES)
    blocks = [part for part in trial.modules["spots"].modules() if isinstance(part, TransformerBlock)]
    # Norms 2 x 2g, qkv without bias 3 x 2048 g, out 2048 g + g, feed-forward 2 (g^2 + g).
    expected = 4 * genes + 3 * 2048 * genes + 2049 * genes + 2 * (genes**2 + genes)
    assert [sum(p.numel() for p in block.parameters()) for block in blocks] == [expected] * 2
    layers = [type(part).__name__ for part in image.fusion.after]
    assert layers == ["LayerNorm", "ReLU", "Dropout"]
    assert image.fusion.after[2].p == 0.2
    assert image.head.norm.normalized_shape == (256,)
    assert trial.modules["temperature"]().item() == 1
    assert "slide" not in settings.scales


def test_scales_side_by_side_are_one_layer_over_all_of_them():
    recipe = make(SMALL_FAITHFUL | {"scale_weights": True}, "hiscmcl:faithful")
    modules = recipe.trial(recipe.pool(SECTIONS), 0).modules.eval()
    image, features = modules["image"], torch.from_numpy(NEW.features)
    one, other = image.views
    whole = torch.cat([one.project.weight, other.project.weight], dim=1)
    laid = torch.cat([features / 2, features / 2], dim=1)
    fused = laid @ whole.T + (one.project.bias + other.project.bias) / 2
    expected = image.head(torch.relu(image.fusion.after[0](fused)))
    found = recipe.encode_images(modules, recipe.pool([NEW]).images, torch.arange(10))
    torch.testing.assert_close(found, expected)


def test_units_of_the_published_forms(faithful, trained):
    assert (trained.unit, faithful.unit) == (UNIT, GENE_UNIT)
    brain = make(SMALL_FAITHFUL | {"bank_log": True, "weighting": "pearson"}, "hiscmcl:faithful")
    assert brain.unit == f"ln(1 + {GENE_UNIT})"
    twice, once = (recipe.pool(SECTIONS).reference for recipe in (brain, faithful))
    torch.testing.assert_close(twice, once.log1p())


def test_one_field_of_view_is_told_and_slides_that_are_missing_are_one_sentence():
    def told(**how):
        return [step.message for step in fitted(SMALL | {"weighting": "softmax"}, **how).steps if step.message]

    (sentence,) = told(encoder=ReadyFeatures(DIM, views_um=(100,)))
    assert "over 120 um" in sentence
    assert not told()
    without = [replace(s, slide_features=None) for s in SECTIONS]
    with pytest.raises(InputError, match=r"spot\+neighbourhood"):
        fitted(sections=without)
    fitted(SMALL | {"scales": "spot+neighbourhood"}, sections=without)
    assert HiscmclRecipe.reads_slide


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fusion_heads": 3}, r"divide token_dim \(64\), got 3"),
        ({"slide_dropout": 1.0}, "slide_dropout must be at least 0 and under 1, got 1.0"),
        ({"accumulate": 0}, "accumulate must be at least 1"),
        ({"spot_um": -1.0}, "spot_um"),
        ({"scales": "slide"}, "scales must be one of"),
    ],
)
def test_bad_settings_say_what_is_allowed(settings, words):
    with pytest.raises(UsageError, match=words):
        make(settings)
