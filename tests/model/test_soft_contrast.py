"""The contrast that geneglass learns to retrieve by."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from geneglass.errors import UsageError
from geneglass.model.encoders.texture import Texture
from geneglass.model.make import make_recipe
from geneglass.model.parts import contrastive_loss
from geneglass.model.sub_patches import feature_parts, part_width
from recipe_samples import GENES, section

ENCODER = Texture()
RNG = np.random.default_rng(4)


def embeddings() -> tuple[torch.Tensor, torch.Tensor]:
    images, spots = (torch.from_numpy(RNG.standard_normal((7, 5)).astype(np.float32)) for _ in range(2))
    return functional.normalize(images, dim=1), functional.normalize(spots, dim=1)


def recipe_and_modules(**settings: object):
    recipe = make_recipe("geneglass", settings, GENES, ENCODER)
    return recipe, recipe.trial(recipe.pool([section("a", "p", 0, ENCODER.dim)]), 0)


def test_without_soft_targets_it_is_the_usual_contrast() -> None:
    recipe, trial = recipe_and_modules(hard_weight=2.0, soft_weight=0.0)
    images, spots = embeddings()

    usual = contrastive_loss(spots @ images.T / trial.modules["temperature"]())
    assert recipe.loss(trial.modules, images, spots).item() == pytest.approx(2 * usual.item(), rel=1e-6)


def test_a_pair_may_be_taken_for_its_like_at_no_loss() -> None:
    recipe, trial = recipe_and_modules(hard_weight=0.0, soft_temperature=0.01, temperature=0.01)
    (a, b), (c, d) = torch.eye(4)[:2], torch.eye(4)[2:]
    twins = torch.stack([a, a, b])
    apart = torch.stack([a, b, c])

    # Two pairs of the same tissue are no negatives of each other; the hard contrast counts half of each as wrong.
    assert recipe.loss(trial.modules, twins, twins).item() == pytest.approx(0, abs=1e-3)
    assert recipe.loss(trial.modules, apart, apart).item() == pytest.approx(0, abs=1e-3)
    assert recipe.loss(trial.modules, apart, torch.stack([b, c, d])).item() > 1


def test_targets_are_no_way_for_the_loss_to_shrink_itself() -> None:
    recipe, trial = recipe_and_modules(hard_weight=0.0, learn_temperature=False, soft_sigma=0.5)
    images, spots = (side.requires_grad_(True) for side in embeddings())
    recipe.loss(trial.modules, images, spots).backward()

    temperature = trial.modules["temperature"]()
    with torch.no_grad():
        near = [torch.exp(-(torch.cdist(side, side) ** 2) / (2 * 0.5**2)) for side in (images, spots)]
        targets = torch.softmax((near[0] + near[1]) / 2 / recipe.config.soft_temperature, dim=1)
        logits = spots @ images.T / temperature
        # Of a cross-entropy against fixed targets: softmax minus targets, both ways.
        slope = (logits.softmax(1) - targets + (logits.T.softmax(1) - targets).T) / (2 * len(logits) * temperature)
    torch.testing.assert_close(images.grad, slope.T @ spots.detach(), rtol=1e-3, atol=1e-5)


def test_embeddings_have_length_one() -> None:
    recipe, trial = recipe_and_modules()
    rows = torch.arange(5)
    for found in (
        recipe.encode_images(trial.modules, trial.pool.images, rows),
        recipe.encode_spots(trial.modules, trial.pool, rows),
    ):
        torch.testing.assert_close(found.norm(dim=1), torch.ones(5))


def test_both_views_of_a_place_move_its_embedding() -> None:
    recipe, trial = recipe_and_modules()
    rows = torch.arange(5)
    before = recipe.encode_images(trial.modules.eval(), trial.pool.images, rows)
    for view in ("image", "parts"):
        changed = copy.deepcopy(trial.modules)
        with torch.no_grad():
            for parameter in changed[view].parameters():
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
        after = recipe.encode_images(changed, trial.pool.images, rows)
        assert (before * after).sum(1).max() < 0.999


def test_the_parts_of_a_place_go_through_one_head_in_any_order() -> None:
    recipe, trial = recipe_and_modules(sub_patches=3)
    images = trial.pool.images
    spans = [slice(start, start + part_width(ENCODER)) for start, _ in ENCODER.spans[:3]]
    parts = feature_parts(images.features, ENCODER, 3)

    assert [part.shape[1] for part in parts.unbind(1)] == [span.stop - span.start for span in spans]
    for part, span in zip(parts.unbind(1), spans, strict=True):
        torch.testing.assert_close(part, images.features[:, span])
    head = trial.modules.eval()["parts"]
    turned = torch.stack([head(part) for part in parts.flip(1).unbind(1)], dim=1).mean(1)
    whole = functional.normalize(trial.modules["image"](images.features), dim=1)
    expected = functional.normalize(whole + functional.normalize(turned, dim=1), dim=1)
    found = recipe.encode_images(trial.modules, images, torch.arange(len(parts)))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_what_helps_to_train_adds_to_the_loss_by_its_weight() -> None:
    rows, terms = torch.arange(16), {}
    for settings in ({}, {"mse_weight": 0.0, "whole_weight": 0.3}, {"pearson_weight": 1.0}):
        recipe, trial = recipe_and_modules(**settings)
        loss = recipe.batch_loss(trial.modules.eval(), trial.pool, rows)
        assert loss.item() == pytest.approx(sum(recipe.terms.values()), rel=1e-5)
        terms[str(settings)] = dict(recipe.terms)
    plain, without, more = terms.values()

    assert min(plain.values()) > 0
    assert without == pytest.approx(plain | {"mse": 0.0, "whole": 3 * plain["whole"]}, rel=1e-5)
    assert more == pytest.approx(plain | {"pearson": 2 * plain["pearson"]}, rel=1e-5)


def test_each_term_of_the_loss_reads_what_it_should() -> None:
    recipe = make_recipe("geneglass", {}, GENES, ENCODER)
    pool = recipe.pool([section(name, "p", number, ENCODER.dim) for number, name in enumerate("ab")])
    modules, config = recipe.trial(pool, 0).modules.eval(), recipe.config
    rows = torch.arange(len(pool))
    recipe.batch_loss(modules, pool, rows)

    whole = functional.normalize(modules["image"](pool.images.features), dim=1)
    images = recipe.encode_images(modules, pool.images, rows)
    spots = functional.normalize(modules["spots"](pool.expression), dim=1)
    read = modules["expression"](images).detach().numpy()
    truth, group = pool.reference.numpy(), pool.section_of.numpy()
    r = [np.corrcoef(read[group == g, i], truth[group == g, i])[0, 1] for g in (0, 1) for i in range(len(GENES))]
    alone = contrastive_loss(spots @ whole.T / modules["temperature"]())
    assert recipe.terms["contrast"] == pytest.approx(recipe.loss(modules, images, spots).item(), rel=1e-5)
    assert recipe.terms["whole"] == pytest.approx(config.whole_weight * alone.item(), rel=1e-4)
    assert recipe.terms["mse"] == pytest.approx(config.mse_weight * ((read - truth) ** 2).mean(), rel=1e-4)
    assert recipe.terms["pearson"] == pytest.approx(config.pearson_weight * (1 - np.mean(r)), rel=1e-2)


def test_statistics_are_taken_from_the_training_spots() -> None:
    recipe, trial = recipe_and_modules()
    torch.testing.assert_close(trial.modules["expression"].mean, trial.pool.reference.mean(0))
    parts = feature_parts(trial.pool.images.features, ENCODER, recipe.config.sub_patches).flatten(0, 1)
    scores = trial.modules["parts"].components(parts)
    torch.testing.assert_close(scores.mean(0), torch.zeros(scores.shape[1]), atol=1e-4, rtol=0)
    assert scores.var(0, unbiased=False).mean().item() == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hard_weight": -1.0}, "hard_weight must not be negative, got -1.0"),
        ({"pearson_weight": -0.5}, "pearson_weight must not be negative, got -0.5"),
        ({"sub_patches": 0}, "sub_patches must be at least 1, got 0"),
        ({"soft_sigma": 0.0}, "soft_sigma must be positive, got 0.0"),
        ({"hard_weight": 0.0, "soft_weight": 0.0}, "both 0: no place learns to find its spot"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_recipe("geneglass", settings, GENES, ENCODER)
