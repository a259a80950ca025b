"""Contrast with soft and hard targets: how geneglass learns to retrieve.

Embeddings have length one. What a place should find is its own spot (hard), and the spots of places whose pairs lie
near its own pair in either embedding (soft; MViTGene's Gaussian likeness, without a gradient through it).
"""

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional

from geneglass.model.limits import require, require_not_negative, require_positive
from geneglass.model.parts import contrastive_loss
from geneglass.model.pool import Images, Pool
from geneglass.model.reduced_heads import ReducedHeadsConfig, ReducedHeadsRecipe
from geneglass.model.soft_targets import both_ways, divergence, kernel_targets


@dataclass(frozen=True)
class SoftContrastConfig(ReducedHeadsConfig):
    """Settings of both sides and of their loss."""

    batch: Annotated[int, {"min": 2, "tooltip": "Spots per training step"}] = 256
    learning_rate: Annotated[float, {"min": 0.0, "tooltip": "Step size of the optimiser"}] = 3e-3
    patience: Annotated[int, {"min": 1, "tooltip": "Stop after so many epochs without a better inner score"}] = 10
    temperature: Annotated[float, {"min": 0.001, "tooltip": "What similarities are divided by, at the start"}] = 0.2
    hard_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of: each place finds its own spot"}] = 0.1
    soft_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of: each place finds spots like its own"}] = 1.0
    soft_sigma: Annotated[float, {"min": 1e-3, "tooltip": "Distance at which embeddings of unit length are alike"}] = (
        1.0
    )
    soft_temperature: Annotated[
        float, {"min": 1e-6, "tooltip": "What likeness is divided by for soft targets; small is sharp"}
    ] = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "hard_weight", "soft_weight")
        require_positive(self, "soft_sigma", "soft_temperature")
        require(self.hard_weight + self.soft_weight > 0, "hard_weight and soft_weight are both 0: nothing is learned.")


class SoftContrastRecipe(ReducedHeadsRecipe):
    """A contrastive recipe with a reduced head on each side, and soft and hard targets."""

    def encode_images(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> Tensor:
        """Return embeddings of places, of length one."""
        return functional.normalize(super().encode_images(modules, images, rows), dim=1)

    def encode_spots(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return embeddings of measured spots, of length one."""
        return functional.normalize(super().encode_spots(modules, pool, rows), dim=1)

    def loss(self, modules: nn.ModuleDict, images: Tensor, spots: Tensor) -> Tensor:
        """Return the weighted sum of both losses."""
        config = self.config
        logits = spots @ images.T / modules["temperature"]()
        fixed = images.detach(), spots.detach()
        targets = kernel_targets(*fixed, sigma=config.soft_sigma, temperature=config.soft_temperature)
        soft = both_ways(logits, targets, divergence)
        found: Tensor = config.hard_weight * contrastive_loss(logits) + config.soft_weight * soft
        return found
