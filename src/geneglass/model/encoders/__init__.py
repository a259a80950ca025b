"""Encoders: one family per file, found at the first look-up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from geneglass.model.encoder import Encoder
from geneglass.model.hub import HubWeights
from geneglass.model.published import PublishedNetwork
from geneglass.registry import Registry


def _none(argument: str) -> HubWeights | None:
    return None


@dataclass(frozen=True)
class EncoderFamily:
    """How encoders of one kind are made.

    `--encoder NAME[:ARGUMENT]` names a family and, after the colon, what it needs to know (a timm model name). What
    stands in `networks` can be named without the family.
    """

    summary: str
    make: Callable[[str, str], Encoder]
    """(argument, device) -> encoder."""
    needs_weights: bool = True
    wanted: Callable[[str], HubWeights | None] = _none
    """argument -> the published weights that `make` would read, or None where it reads a file or none."""
    networks: Mapping[str, PublishedNetwork] = field(default_factory=dict)
    """Ready entries by short name, for families that have a table of them."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What the table lacks on purpose, and why."""


ENCODERS: Registry[EncoderFamily] = Registry("encoder", __name__)
