"""A training's config as JSON values and back: what a stopped run keeps, to be gone on with later."""

import typing
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from geneglass.errors import UsageError
from geneglass.workflow.config import TrainConfig


def config_values(config: TrainConfig) -> dict[str, Any]:
    """Return the fields of a config as JSON values; paths are absolute, so that they hold from every folder."""
    return {field.name: _plain(getattr(config, field.name)) for field in fields(config)}


def config_of(values: Any) -> TrainConfig:
    """Return the config that `config_values` was given.

    Raises
    ------
    UsageError
        When they are of another version, whose settings differ.
    """
    if not isinstance(values, Mapping):
        raise UsageError("This is no training's config: begin the training anew.")
    hints = typing.get_type_hints(TrainConfig)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise UsageError(f"This training was begun by another version, which has {', '.join(unknown)}: begin it anew.")
    try:
        return TrainConfig(**{name: _back(value, hints[name]) for name, value in values.items()})
    except TypeError as error:
        raise UsageError(f"This training was begun by another version ({error}): begin it anew.") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _back(value: Any, hint: Any) -> Any:
    kinds = typing.get_args(hint) or (hint,)
    if isinstance(value, str) and Path in kinds:
        return Path(value)
    return tuple(value) if isinstance(value, list) else value
