"""MViTGene on pixels: nine tiles in the encoder's network, the whole patch in MobileViT."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from geneglass.errors import InputError
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.sub_patches import WholePatch
from stand_ins import PATCH_PX, counted_section, with_patches

GENES = tuple(f"g{i}" for i in range(6))
FORMS = ["mvitgene", "mvitgene:faithful"]
FINE = {"fine_tune": True, "epochs": 1, "batch": 16, "embed_dim": 16, "k": 5, "validate": False, "vit": "mobilevit_xxs"}


def seen(name, n, network):
    return with_patches(counted_section(name, n, n, dim=8, genes=len(GENES)), network)


def sections(network):
    return [seen("a", 14, network), seen("b", 10, network)]


def make(network, name="mvitgene", **settings):
    return make_recipe(name, FINE | settings, GENES, network)


def fit(recipe, data):
    return list(recipe.fit(data))


@pytest.mark.parametrize("name", FORMS)
def test_both_networks_are_trained_as_copies_and_kept(network, name):
    before = {k: v.clone() for k, v in network.network().state_dict().items()}
    recipe = make(network, name)
    fresh = recipe.trial(recipe.pool(sections(network)), recipe.seed).modules.state_dict()
    fit(recipe, sections(network))
    after = recipe.modules.state_dict()
    assert all(torch.equal(network.network().state_dict()[k], v) for k, v in before.items())
    weights = [k for k in fresh if k in dict(recipe.modules.named_parameters()) and k.endswith("weight")]
    learned = {k for k in weights if (after[k] - fresh[k]).abs().max() > 2e-4}
    tiles, whole = "network.conv_stem.weight", "vit.network.stem.conv.weight"
    assert {tiles, whole} <= set(weights)
    assert ({tiles, whole} <= learned) == (name == "mvitgene")
    query = seen("new", 7, network).query()
    values = recipe.predict(query).values
    assert np.isfinite(values).all()
    other = make(network, name)
    other.load(recipe.state(), recipe.texts())
    np.testing.assert_array_equal(other.predict(query).values, values)


@pytest.mark.parametrize("name", FORMS)
def test_a_query_is_seen_in_tiles_and_by_both_networks(network, name):
    recipe = make(network, name)
    pool = recipe.pool(sections(network))
    modules = recipe.trial(pool, 0).modules.eval()
    seen = []
    modules["network"].register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape)))
    rows = torch.arange(5)
    with torch.no_grad():
        before = recipe.encode_images(modules, pool.images, rows)
        modules["vit"].network.stem.conv.weight += torch.randn(modules["vit"].network.stem.conv.weight.shape)
        after = recipe.encode_images(modules, pool.images, rows)
    corrected = name == "mvitgene"
    assert seen[0] == ((45, 3, PATCH_PX // 3, PATCH_PX // 3) if corrected else (5, 3, PATCH_PX, PATCH_PX))
    assert torch.equal(before, after) != corrected


@pytest.mark.parametrize("change", [{"tile_px": 20}, {"vit": "mobilevit_xs"}, {"vit_share": 0.2}])
def test_its_own_settings_of_fine_tuning_change_the_training(network, change):
    losses = [[s.loss for s in fit(make(network, **c), sections(network))] for c in ({}, change)]
    assert losses[0] != losses[1]


def test_weights_of_a_file_are_where_training_starts(network, tmp_path):
    path = tmp_path / "vit.safetensors"
    torch.manual_seed(9)
    weights = WholePatch("mobilevit_xxs").network.state_dict()
    save_file(weights, path)
    for file in (str(path), ""):
        recipe = make(network, vit_weights=file)
        start = recipe.trial(recipe.pool(sections(network)), 0).modules["vit"].network.state_dict()
        assert torch.equal(start["stem.conv.weight"], weights["stem.conv.weight"]) == bool(file)
    recipe = make(network, vit_weights=str(path))
    fit(recipe, sections(network))
    path.unlink()
    loaded = make(network, vit_weights=str(path))
    loaded.load(recipe.state(), recipe.texts())
    with pytest.raises(InputError, match="There is no weights file"):
        fit(loaded, sections(network))


def test_a_network_that_takes_no_tiles_says_what_to_set():
    vit = make_encoder(f"timm:vit_tiny_patch16_224@random?px={PATCH_PX}&img_size={PATCH_PX}&depth=1")
    data = sections(vit)
    with pytest.raises(InputError, match=r"takes no tiles of 10 px: set tile_px to 32"):
        fit(make(vit), data)
    fit(make(vit, tile_px=PATCH_PX), data)


def test_fine_tuning_without_patches_says_so(network):
    data = [replace(s, patches=None) for s in sections(network)]
    with pytest.raises(InputError, match="set fine_tune to false"):
        fit(make(network), data)
