"""What a snapshot of a training is put together from, and taken apart into."""

from collections.abc import Mapping
from typing import Any

import torch

Kept = tuple[Mapping[str, torch.Tensor], Mapping[str, Any]]
"""The tensors and JSON values of a snapshot."""
SEARCH, FINAL = "search", "final"
"""The phases of a training: how long does it do good, and for so long on everything."""


class NoSnapshots:
    """Keeps nothing: for a training that nobody wants to resume."""

    def load(self) -> None:
        """Return that there is no snapshot."""
        return

    def save(self, tensors: Mapping[str, torch.Tensor], texts: Mapping[str, Any]) -> None:
        """Keep nothing."""
        return


def named(name: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tensors under names that begin with their part's."""
    return {f"{name}.{key}": tensor for key, tensor in tensors.items()}


def part(name: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of one part, as they were called before `named`."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
