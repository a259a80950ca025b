"""What every corrected contrastive recipe has in common: a cosine, over a temperature that is learned."""

import pytest
import torch

from geneglass.errors import UsageError
from geneglass.model.encoders.texture import Texture
from geneglass.model.make import make_recipe
from geneglass.model.recipes import RECIPES
from recipe_samples import GENES, quick, section

ENCODER = Texture()
SECTIONS = [section(name, patient, i, ENCODER.dim) for i, (name, patient) in enumerate(("ap", "bq"))]
LOSES_BY_EMBEDDINGS = ("mclstexp", "hiscmcl", "bleep")
"""Those whose loss takes embeddings of any length; in the others all have length one."""


def trial_of(form: str):
    recipe = make_recipe(form, {"fine_tune": False}, GENES, ENCODER)
    return recipe, recipe.trial(recipe.pool(SECTIONS), 0)


def loss_of(form: str, times: float) -> float:
    recipe, trial = trial_of(form)
    random = torch.Generator().manual_seed(3)
    images, spots = (torch.randn(12, recipe.config.embed_dim, generator=random) / 8 for _ in range(2))
    with torch.no_grad():
        return recipe.loss(trial.modules, times * images, spots).item()


@pytest.mark.parametrize("name", LOSES_BY_EMBEDDINGS)
def test_similarity_is_a_cosine_and_was_not(name: str) -> None:
    assert loss_of(name, 3.0) == pytest.approx(loss_of(name, 1.0), rel=1e-5)
    published = f"{name}:faithful"
    assert loss_of(published, 3.0) != pytest.approx(loss_of(published, 1.0), rel=1e-2)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "ridge"])
def test_temperature_is_learned(name: str) -> None:
    recipe = make_recipe(name, quick(name) | {"validate": False, "epochs": 2}, GENES, ENCODER)
    list(recipe.fit(SECTIONS))
    assert recipe.modules["temperature"]().item() != pytest.approx(recipe.config.temperature, rel=1e-5)


@pytest.mark.parametrize("temperature", [0.005, 5.0])
def test_a_temperature_that_could_not_be_learned_is_refused(temperature: float) -> None:
    with pytest.raises(UsageError, match=f"stays within 0.01 to 1.0, got {temperature}"):
        make_recipe("bleep", {"temperature": temperature}, GENES, ENCODER)
    make_recipe("bleep", {"temperature": temperature, "learn_temperature": False}, GENES, ENCODER)
