"""Settings of MViTGene, beside its recipe because they are many."""

from dataclasses import dataclass
from typing import Annotated, Literal

from geneglass.model.contrastive_config import ContrastiveConfig
from geneglass.model.limits import require, require_at_least, require_not_negative, require_positive, require_share

PARTS = ("hard", "soft", "vit", "mse", "pearson")
"""What the loss is the weighted sum of."""


@dataclass(frozen=True)
class MvitgeneConfig(ContrastiveConfig):
    """Settings of MViTGene.

    The weights and temperatures were chosen on training tissue left out (her2st C2 to C5): with the hard part in the
    lead, a few hundred spots are learned by heart. The errors of the head are means over all genes, and move the
    embedding little.
    """

    temperature: Annotated[float, {"min": 0.001, "tooltip": "What similarities are divided by, at the start"}] = 0.2
    hard_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of: each place finds its own spot"}] = 0.1
    soft_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of: each place finds spots like its own"}] = 1.0
    vit_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of: the whole patch alone finds its spot"}] = 0.1
    mse_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of the expression head's squared error"}] = 1.0
    pearson_weight: Annotated[float, {"min": 0.0, "tooltip": "Weight of the expression head's 1 - r"}] = 0.5
    directions: Annotated[
        Literal["both", "spots"], {"tooltip": "Images and spots find each other, or only spots find images"}
    ] = "both"
    soft_sigma: Annotated[float, {"min": 1e-3, "tooltip": "Distance at which embeddings of unit length are alike"}] = (
        1.0
    )
    soft_temperature: Annotated[
        float, {"min": 1e-6, "tooltip": "What likeness is divided by for soft targets; small is sharp"}
    ] = 0.2
    detach_targets: Annotated[bool, {"tooltip": "No gradient goes through the soft targets"}] = True
    head_target: Annotated[
        Literal["log", "counts"], {"tooltip": "The expression head learns log-normalised expression, or raw counts"}
    ] = "log"
    pearson_within: Annotated[
        Literal["section", "batch"], {"tooltip": "r of the expression head is taken per section, or over a mixed batch"}
    ] = "section"
    head_weight: Annotated[
        float, {"min": 0.0, "max": 1.0, "tooltip": "Share of the expression head in a prediction; 0 only retrieves"}
    ] = 0.0
    sub_patches: Annotated[
        int, {"min": 1, "tooltip": "Frozen features: how many of the narrowest fields of view are the sub-patches"}
    ] = 10
    vit_share: Annotated[
        float, {"min": 0.0, "max": 0.99, "tooltip": "Share of the whole patch in an embedding, the rest sub-patches"}
    ] = 0.5
    query_view: Annotated[
        Literal["tiles", "whole"],
        {"tooltip": "Prediction shows the sub-patch network what it was trained on, or a whole patch"},
    ] = "tiles"
    rerank: Annotated[
        Literal["none", "random"], {"tooltip": "References are taken by similarity, or as a random network re-ranks it"}
    ] = "none"
    feature_components: Annotated[int, {"min": 0, "tooltip": "Principal axes of the features kept; 0 keeps all"}] = 100
    gene_components: Annotated[int, {"min": 0, "tooltip": "Principal axes of the expression kept; 0 keeps all"}] = 30
    expression_unit: Annotated[
        Literal["total", "median"], {"tooltip": "Depth of a spot is set to 10,000, or to the section's median total"}
    ] = "total"
    tile_px: Annotated[int, {"min": 0, "tooltip": "Fine-tuning: edge that tiles are resized to; 0 as they are cut"}] = 0
    vit: Annotated[str, {"tooltip": "Fine-tuning: timm's name of the network for the whole patch"}] = "mobilevit_s"
    vit_weights: Annotated[str, {"tooltip": "Fine-tuning: file with its weights; empty starts from random ones"}] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, *(f"{part}_weight" for part in PARTS))
        require_not_negative(self, "feature_components", "gene_components", "tile_px")
        require_positive(self, "soft_sigma", "soft_temperature")
        require_at_least(1, self, "sub_patches")
        require_share(self, "vit_share")
        require(0 <= self.head_weight <= 1, f"head_weight must be between 0 and 1, got {self.head_weight}.")
        require(
            not self.head_weight or self.head_target == "log",
            "head_weight blends expression in one unit: set head_target to log, or head_weight to 0.",
        )


PUBLISHED = MvitgeneConfig(
    fine_tune=True,
    embed_dim=256,
    dropout=0.55,
    temperature=0.3,
    learn_temperature=False,
    batch=128,
    epochs=1,
    validate=False,
    k=50,
    weighting="uniform",
    normalise_input=False,
    augment="blurred",
    hard_weight=0.0,
    soft_weight=0.0,
    vit_weight=0.0,
    mse_weight=0.0,
    pearson_weight=0.0,
    directions="spots",
    soft_sigma=0.2,
    soft_temperature=1.0,
    detach_targets=False,
    head_target="counts",
    pearson_within="batch",
    vit_share=0.0,
    query_view="whole",
    rerank="random",
    feature_components=0,
    gene_components=0,
    expression_unit="median",
)
