"""Settings that MViTGene and geneglass share: hard and soft targets, and errors of a head on the embedding."""

from dataclasses import dataclass
from typing import Annotated

from geneglass.model.limits import require_not_negative, require_positive
from geneglass.model.reduced_heads import ReducedHeadsConfig


@dataclass(frozen=True)
class SoftTargetsConfig(ReducedHeadsConfig):
    """Settings of both sides, and of the loss that they learn by."""

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
    mse_weight: Annotated[float, {"min": 0.0, "tooltip": "How much training asks that each gene's value is met"}] = 1.0
    pearson_weight: Annotated[
        float, {"min": 0.0, "tooltip": "How much training asks that each gene's map has the right pattern"}
    ] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "hard_weight", "soft_weight", "mse_weight", "pearson_weight")
        require_positive(self, "soft_sigma", "soft_temperature")
