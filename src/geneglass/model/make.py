"""Encoders and recipes from their names and settings, as the command line, the form and model files give them."""

import dataclasses
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union

from geneglass.errors import UsageError
from geneglass.model.encoder import Encoder
from geneglass.model.encoders import ENCODERS, EncoderFamily
from geneglass.model.recipe import Recipe
from geneglass.model.recipes import RECIPES

FAITHFUL = "faithful"
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def make_encoder(name: str, *, device: str = "cpu", download: bool = False) -> Encoder:
    """Return the encoder of this name.

    Parameters
    ----------
    name
        `texture`, `timm:NETWORK`, or a pathology network by its short name (`uni`, in full `pathology:uni`). `@FILE`
        after it reads weights from a file, `@random` takes random ones; options follow a `?`.
    device
        "cpu" or "cuda".
    download
        Whether published weights that are not on this machine may be fetched.
    """
    member, argument = _family(name)
    if download and member.needs_weights:
        argument += ("&" if "?" in argument else "?") + "download=1"
    return member.make(argument, device)


def encoder_notice(name: str) -> str:
    """Return what is shown before an encoder's weights are fetched, their licence first of all; "" if none would be."""
    member, argument = _family(name)
    weights = member.wanted(argument)
    return weights.notice if weights is not None and weights.cached() is None else ""


def _family(name: str) -> tuple[EncoderFamily, str]:
    """Return the family that makes this encoder, and what it needs to know."""
    head = re.split("[:@?]", name, maxsplit=1)[0]
    if head not in ENCODERS:
        for member in ENCODERS.values():
            if head.lower() in (*member.networks, *member.left_out):
                return member, name
    return ENCODERS[head], name[len(head) :].removeprefix(":")


def make_recipe(
    name: str,
    settings: Mapping[str, Any],
    genes: Sequence[str],
    encoder: Encoder,
    *,
    seed: int = 0,
    device: str = "cpu",
) -> Recipe:
    """Return an untrained recipe.

    Parameters
    ----------
    name
        A registered recipe, with `:faithful` for the form its authors ran.
    settings
        Fields of the recipe's config; text is converted to the field's type. `faithful` true equals the suffix.
    genes
        The panel.
    encoder, seed, device
        As `Recipe` takes them.
    """
    config = make_config(name, settings)
    return RECIPES[name.partition(":")[0]](config, genes, encoder, seed=seed, device=device)


def make_config(name: str, settings: Mapping[str, Any]) -> Any:
    """Return the config of a recipe with these settings, checked."""
    base, colon, form = name.partition(":")
    recipe = RECIPES[base]
    if colon and form != FAITHFUL:
        raise UsageError(f"A recipe is named NAME or NAME:{FAITHFUL}, got {name!r}.")
    given = dict(settings)
    hints = typing.get_type_hints(recipe.Config)
    faithful = bool(colon)
    if FAITHFUL not in hints and FAITHFUL in given:
        faithful = convert(FAITHFUL, given.pop(FAITHFUL), bool) or faithful
    unknown = sorted(set(given) - set(hints))
    if unknown:
        raise UsageError(f"{base} has no setting {', '.join(unknown)}; it has {', '.join(sorted(hints))}.")
    changes = {key: convert(key, value, hints[key]) for key, value in given.items()}
    return dataclasses.replace(recipe.published() if faithful else recipe.Config(), **changes)


def convert(key: str, value: Any, kind: Any) -> Any:
    """Return a setting in its field's type; text from the command line is read, anything else is checked."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        return _choice(key, value, typing.get_args(kind))
    if origin in (Union, types.UnionType):
        return _optional(key, value, typing.get_args(kind))
    if kind is bool:
        return _boolean(key, value)
    if kind in (int, float):
        return _number(key, value, kind)
    if kind is str and not isinstance(value, str):
        raise UsageError(f"{key} takes text, got {value!r}.")
    return value


def _choice(key: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    for choice in allowed:
        if value == choice or str(value) == str(choice):
            return choice
    raise UsageError(f"{key} must be one of {', '.join(map(str, allowed))}, got {value!r}.")


def _optional(key: str, value: Any, kinds: tuple[Any, ...]) -> Any:
    if type(None) in kinds and (value is None or str(value).lower() in ("none", "")):
        return None
    return convert(key, value, next(kind for kind in kinds if kind is not type(None)))


def _boolean(key: str, value: Any) -> bool:
    text = str(value).lower()
    if text not in _TRUE + _FALSE:
        raise UsageError(f"{key} must be true or false, got {value!r}.")
    return text in _TRUE


def _number(key: str, value: Any, kind: type[int] | type[float]) -> int | float:
    what = "a whole number" if kind is int else "a number"
    if isinstance(value, bool):
        raise UsageError(f"{key} takes {what}, got {value!r}.")
    try:
        number = kind(value)
    except (TypeError, ValueError) as err:
        raise UsageError(f"{key} takes {what}, got {value!r}.") from err
    if kind is int and not isinstance(value, str) and number != value:
        raise UsageError(f"{key} takes {what}, got {value!r}.")
    return number
