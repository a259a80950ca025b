"""The name of a network encoder, taken apart: `NETWORK[@WEIGHTS][?OPTION=VALUE&...]`."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geneglass.errors import UsageError

RANDOM = "random"
"""Stands for seeded random weights where a file is named."""


@dataclass(frozen=True)
class EncoderName:
    """What stands after the family's colon, taken apart.

    Attributes
    ----------
    family
        The family's name ("timm").
    network
        The network's name within the family.
    weights
        A weights file, `random`, or empty for the published ones.
    options
        What follows the question mark, numbers and sequences read.
    """

    family: str
    network: str
    weights: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, family: str, text: str) -> "EncoderName":
        """Take `NETWORK[@WEIGHTS][?OPTION=VALUE&...]` apart."""
        head, _, query = text.partition("?")
        network, _, weights = head.partition("@")
        options: dict[str, Any] = {}
        for item in filter(None, query.split("&")):
            key, equals, value = item.partition("=")
            if not key or not equals:
                raise UsageError(f"An encoder option reads NAME=VALUE, got {item!r} in {family}:{text}.")
            options[key] = _literal(value)
        return cls(family, network, weights, options)

    def __str__(self) -> str:
        """Return the name in its canonical form; asking for a download is no part of it."""
        kept = "&".join(f"{k}={_text(v)}" for k, v in self.options.items() if k != "download")
        weights = f"@{self.weights}" if self.weights else ""
        return f"{self.family}:{self.network}{weights}" + (f"?{kept}" if kept else "")


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
