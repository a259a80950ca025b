"""Encoders and recipes by name, settings from text."""

import pytest

from geneglass.errors import UsageError
from geneglass.model.make import convert, make_config, make_encoder, make_recipe
from geneglass.model.recipes.mclstexp import PUBLISHED, MclstexpConfig


def test_text_becomes_the_fields_type():
    config = make_config("mclstexp", {"epochs": "7", "learning_rate": "1e-3", "validate": "no", "context": "batch"})
    assert (config.epochs, config.learning_rate, config.validate, config.context) == (7, 1e-3, False, "batch")


@pytest.mark.parametrize(("name", "settings"), [("mclstexp:faithful", {}), ("mclstexp", {"faithful": "true"})])
def test_faithful_is_a_name_or_a_setting(name, settings):
    assert make_config(name, settings) == PUBLISHED
    assert make_config(name, {**settings, "epochs": 3}).epochs == 3
    assert make_config("mclstexp", {"faithful": False}) == MclstexpConfig()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epoch": 3}, "no setting epoch; it has"),
        ({"epochs": "many"}, "epochs takes a whole number, got 'many'"),
        ({"epochs": 2.5}, "epochs takes a whole number, got 2.5"),
        ({"epochs": True}, "epochs takes a whole number"),
        ({"validate": "perhaps"}, "validate must be true or false"),
        ({"context": "slide"}, "context must be one of neighbours, batch"),
    ],
)
def test_bad_settings_are_usage_errors(settings, words):
    with pytest.raises(UsageError, match=words):
        make_config("mclstexp", settings)


def test_optional_fields_take_none():
    assert convert("k", "none", int | None) is None
    assert convert("k", "3", int | None) == 3


def test_unknown_names_list_what_there_is():
    with pytest.raises(UsageError, match="mclstexp"):
        make_config("nope", {})
    with pytest.raises(UsageError, match="NAME:faithful"):
        make_config("mclstexp:original", {})
    with pytest.raises(UsageError, match="texture"):
        make_encoder("nope")


def test_a_recipe_gets_its_panel_seed_and_encoder():
    encoder = make_encoder("timm:resnet18@random?px=32")
    recipe = make_recipe("mclstexp", {}, ["A", "B"], encoder, seed=5)
    assert (recipe.genes, recipe.seed, recipe.encoder) == (("A", "B"), 5, encoder)
