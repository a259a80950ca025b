"""geneglass on pixels: its network is trained on stains that vary, and only what is retrieved comes from it."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from geneglass.model.augment import augmented
from geneglass.model.blend import mixed
from geneglass.model.make import make_recipe
from stand_ins import counted_section, with_patches

GENES = tuple(f"g{i}" for i in range(6))
QUICK = {"epochs": 2, "batch": 16, "embed_dim": 16, "k": 5, "inner_folds": 2, "components": 8, "blend": "even"}

section = partial(counted_section, dim=8, genes=len(GENES))


def make(network, *, fine_tune=True):
    return make_recipe("geneglass", QUICK | {"fine_tune": fine_tune}, GENES, network)


@pytest.fixture(scope="module")
def sections(network):
    return [with_patches(section(f"s{i}", 16, i, patient=f"p{i}"), network) for i in range(3)]


@pytest.fixture(scope="module")
def query(network):
    return with_patches(section("new", 9, 5, patient="new"), network).query()


@pytest.fixture(scope="module")
def tuned(network, sections):
    recipe = make(network)
    for _ in recipe.fit(sections):
        pass
    return recipe


def test_in_training_the_stains_of_a_patch_are_changed(network, sections):
    recipe = make(network)
    images, rows = recipe.pool(sections[:1]).images, torch.arange(16)
    patches = torch.from_numpy(sections[0].patches.views[0]).permute(0, 3, 1, 2)
    assert recipe.config.augment == "stain"
    torch.manual_seed(0)
    (seen,) = recipe.views(torch.nn.ModuleDict().train(), images, rows)
    torch.manual_seed(0)
    assert torch.equal(seen, augmented(patches, "stain"))
    # Mirrored and turned alone, each channel would keep its values.
    moved = seen.flatten(2).sort().values.float() - patches.flatten(2).sort().values.float()
    assert (moved.abs().mean(dim=(1, 2)) > 1).all()


def test_in_prediction_nothing_is_changed_at_random(tuned, query):
    seen = []
    look = tuned.modules["network"].register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    first, second = tuned.predict(query), tuned.predict(query)
    look.remove()
    torch.testing.assert_close(seen[0], shown_plainly(tuned, query))
    assert torch.equal(*seen)
    np.testing.assert_array_equal(first.values, second.values)


def shown_plainly(recipe, query):
    rgb = torch.from_numpy(query.patches.views[0]).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (recipe.encoder.mean, recipe.encoder.std))
    return (rgb - mean) / std


def test_what_is_retrieved_comes_of_the_trained_network_and_regression_of_the_frozen_one(
    network, sections, query, tuned
):
    frozen = make(network, fine_tune=False)
    for _ in frozen.fit(sections):
        pass
    parts = []
    for recipe in (tuned, frozen):
        answer, pair = recipe.predict(query), recipe._regressions()
        retrieved, regressed = recipe.bank.average(answer.neighbours), pair.predict(query.features)
        np.testing.assert_allclose(answer.values, mixed(recipe.weights, [*regressed, retrieved]), rtol=1e-5)
        parts.append((answer.values, retrieved, regressed))
    (values, retrieved, regressed), (frozen_values, frozen_retrieved, frozen_regressed) = parts
    np.testing.assert_array_equal(regressed, frozen_regressed)
    assert not np.allclose(retrieved, frozen_retrieved, rtol=1e-3)
    assert not np.allclose(values, frozen_values, rtol=1e-3)


def test_a_tuned_model_predicts_the_same_from_its_file(network, query, tuned):
    again = make(network)
    again.load(tuned.state(), json.loads(json.dumps(tuned.texts())))
    one, other = tuned.predict(query), again.predict(query)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.confidence, other.confidence)
    assert one.calibrated == other.calibrated == "calibrated on 2 held-out patients (32 places)"


def test_a_network_that_is_tuned_sees_whole_patches_alone(tuned):
    assert "parts" not in tuned.modules
    assert tuned.terms.keys() == {"contrast", "mse", "pearson"}
