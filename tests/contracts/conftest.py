"""What the contract of recipes runs on: every registered recipe, trained on three small sections."""

import pytest

from geneglass.model.encoder import Encoder
from geneglass.model.encoders.texture import Texture
from geneglass.model.recipe import Recipe, TrainData
from geneglass.model.recipes import RECIPES
from recipe_samples import section, trained


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Texture()


@pytest.fixture(scope="module")
def sections(encoder: Encoder) -> list[TrainData]:
    return [section(f"s{i}", patient, i, encoder.dim) for i, patient in enumerate("ppq")]


@pytest.fixture(scope="module")
def many_patients(encoder: Encoder) -> list[TrainData]:
    return [section(f"s{i}", f"p{i}", i, encoder.dim) for i in range(3)]


@pytest.fixture(scope="module")
def stranger(encoder: Encoder) -> TrainData:
    return section("stranger", "r", 11, encoder.dim)


@pytest.fixture(params=sorted(RECIPES), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def recipe(name: str, sections: list[TrainData], encoder: Encoder) -> Recipe:
    return trained(name, sections, encoder)
