"""Contrast with soft and hard targets on two views of a place: how geneglass learns to retrieve.

The embedding of a place is the mean of two, brought to length one: of its whole picture, and of its parts (the
narrowest fields of view through one shared head), as MViTGene does it. What a place should find is its own spot
(hard), and the spots of places whose pairs lie near its own pair in either embedding (soft; MViTGene's Gaussian
likeness, without a gradient through it). A head that reads expression off the embedding helps to train it, and predicts
nothing.

Three parts at most: where an encoder has more, ten cost more and did worse (mean r over four seeds, one section trained
on and others predicted: 0.2446 for 0.2465 on the invented sample; looked at on mouse olfactory bulb too).
"""

from dataclasses import dataclass
from typing import Annotated, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from geneglass.model.contrastive_config import Shapes
from geneglass.model.expression_head import ExpressionHead, pearson_loss
from geneglass.model.heads import ReducedHead
from geneglass.model.limits import require, require_at_least, require_not_negative
from geneglass.model.parts import contrastive_loss
from geneglass.model.pool import Images, Pool
from geneglass.model.reduced_heads import ReducedHeadsRecipe
from geneglass.model.soft_targets import both_ways, kernel_targets, soft_cross_entropy
from geneglass.model.soft_targets_config import SoftTargetsConfig
from geneglass.model.sub_patches import feature_parts, part_width


@dataclass(frozen=True)
class SoftContrastConfig(SoftTargetsConfig):
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
    whole_weight: Annotated[
        float,
        {
            "min": 0.0,
            "tooltip": "Without fine-tuning: how much training asks that the whole patch by itself finds its spot",
        },
    ] = 0.1
    sub_patches: Annotated[
        int,
        {
            "min": 1,
            "tooltip": "Without fine-tuning: how many of the narrowest fields of view are looked at as details",
        },
    ] = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "whole_weight")
        require_at_least(1, self, "sub_patches")
        require(
            self.hard_weight + self.soft_weight > 0,
            "hard_weight and soft_weight are both 0: no place learns to find its spot.",
        )


class SoftContrastRecipe(ReducedHeadsRecipe):
    """A contrastive recipe with reduced heads of places, their parts and spots, and soft and hard targets.

    A network that is fine-tuned looks at whole patches alone.
    """

    def build(self, shapes: Shapes) -> nn.ModuleDict:
        """Return the heads of both sides, of the parts of a place, and of the expression; and the temperature."""
        config, modules = self.config, super().build(shapes)
        if not self.fine_tunes:
            kept = min(config.feature_components, shapes.spots)
            width = part_width(self.encoder)
            modules["parts"] = ReducedHead(width, config.embed_dim, components=kept, dropout=config.dropout)
        modules["expression"] = ExpressionHead(config.embed_dim, shapes.genes, config.dropout)
        return modules

    def adjust(self, modules: nn.ModuleDict, pool: Pool) -> None:
        """Take principal axes and mean expression from the training spots."""
        super().adjust(modules, pool)
        if not self.fine_tunes:
            parts = feature_parts(pool.images.features, self.encoder, self.config.sub_patches)
            cast(ReducedHead, modules["parts"]).fit(parts.flatten(0, 1))
        cast(ExpressionHead, modules["expression"]).fit(pool.reference)

    def encode_images(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> Tensor:
        """Return embeddings of places, of length one."""
        return self._joined(modules, images, rows, self._whole(modules, images, rows))

    def _whole(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> Tensor:
        return functional.normalize(super().encode_images(modules, images, rows), dim=1)

    def _joined(self, modules: nn.ModuleDict, images: Images, rows: Tensor, whole: Tensor) -> Tensor:
        if self.fine_tunes:
            return whole
        parts = feature_parts(images.features.index_select(0, rows), self.encoder, self.config.sub_patches)
        found = modules["parts"](parts.flatten(0, 1)).unflatten(0, parts.shape[:2]).mean(1)
        return functional.normalize(whole + functional.normalize(found, dim=1), dim=1)

    def encode_spots(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return embeddings of measured spots, of length one."""
        return functional.normalize(super().encode_spots(modules, pool, rows), dim=1)

    def batch_loss(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return the weighted sum of the loss's parts, and keep them as `terms`."""
        config, whole = self.config, self._whole(modules, pool.images, rows)
        images, spots = self._joined(modules, pool.images, rows, whole), self.encode_spots(modules, pool, rows)
        predicted, measured = modules["expression"](images), pool.reference[rows]
        parts = {
            "contrast": self.loss(modules, images, spots),
            "mse": config.mse_weight * functional.mse_loss(predicted, measured),
            "pearson": config.pearson_weight * pearson_loss(predicted, measured, pool.section_of[rows]),
        }
        if not self.fine_tunes:
            parts["whole"] = config.whole_weight * contrastive_loss(spots @ whole.T / modules["temperature"]())
        weighted = torch.stack(list(parts.values()))
        self.terms = dict(zip(parts, weighted.tolist(), strict=True))
        return weighted.sum()

    def loss(self, modules: nn.ModuleDict, images: Tensor, spots: Tensor) -> Tensor:
        """Return the weighted sum of both losses."""
        config = self.config
        logits = spots @ images.T / modules["temperature"]()
        fixed = images.detach(), spots.detach()
        soft = kernel_targets(*fixed, sigma=config.soft_sigma, temperature=config.soft_temperature)
        # A mixture of targets costs one cross-entropy instead of two; what soft targets can not fall below comes off.
        mixture = config.soft_weight * soft + config.hard_weight * torch.eye(len(soft), device=soft.device)
        entropy = -torch.xlogy(soft, soft).sum(1).mean()
        found: Tensor = both_ways(logits, mixture, soft_cross_entropy) - config.soft_weight * entropy
        return found
