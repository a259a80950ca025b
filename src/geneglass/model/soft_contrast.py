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

    batch: Annotated[
        int, {"min": 2, "tooltip": "How many spots are looked at together in each step; fewer need less memory"}
    ] = 256
    learning_rate: Annotated[
        float,
        {
            "min": 0.0,
            "tooltip": "How far each step changes the model: too far and it never settles, too little and it crawls",
        },
    ] = 3e-3
    patience: Annotated[
        int, {"min": 1, "tooltip": "Stop when so many rounds have brought nothing better on the tissue held back"}
    ] = 10
    temperature: Annotated[
        float,
        {"min": 0.001, "tooltip": "How strictly only the best match counts when training begins: smaller is stricter"},
    ] = 0.2
    hard_weight: Annotated[
        float,
        {"min": 0.0, "tooltip": "How much training asks that each piece of tissue finds its own spot among all others"},
    ] = 0.1
    soft_weight: Annotated[
        float,
        {
            "min": 0.0,
            "tooltip": "How much training asks that each piece of tissue finds the spots that resemble its own",
        },
    ] = 1.0
    soft_sigma: Annotated[
        float, {"min": 1e-3, "tooltip": "How unlike two spots may be and still count as alike: smaller is stricter"}
    ] = 1.0
    soft_temperature: Annotated[
        float,
        {
            "min": 1e-6,
            "tooltip": "How much the most alike spots outweigh those that are less alike: smaller is sharper",
        },
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
