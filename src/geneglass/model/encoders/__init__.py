"""Encoders: one family per file, found at the first look-up."""

from collections.abc import Callable
from dataclasses import dataclass

from geneglass.model.encoder import Encoder
from geneglass.registry import Registry


@dataclass(frozen=True)
class EncoderFamily:
    """How encoders of one kind are made.

    `--encoder NAME[:ARGUMENT]` names a family and, after the colon, what it needs to know (a timm model name).
    """

    summary: str
    make: Callable[[str, str], Encoder]
    """(argument, device) -> encoder."""
    needs_weights: bool = True


ENCODERS: Registry[EncoderFamily] = Registry("encoder", __name__)
