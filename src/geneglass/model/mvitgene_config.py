"""Settings of MViTGene, beside its recipe because they are many."""

from dataclasses import dataclass
from typing import Annotated, Literal

from geneglass.model.limits import require, require_at_least, require_not_negative, require_share
from geneglass.model.soft_targets_config import SoftTargetsConfig

PARTS = ("hard", "soft", "vit", "mse", "pearson")
"""What the loss is the weighted sum of."""


@dataclass(frozen=True)
class MvitgeneConfig(SoftTargetsConfig):
    """Settings of MViTGene.

    The weights and temperatures were chosen on training tissue left out (her2st C2 to C5): with the hard part in the
    lead, a few hundred spots are learned by heart. The errors of the head are means over all genes, and move the
    embedding little.
    """

    vit_weight: Annotated[
        float, {"min": 0.0, "tooltip": "How much training asks that the whole patch by itself finds its spot"}
    ] = 0.1
    directions: Annotated[
        Literal["both", "spots"],
        {"tooltip": "Whether tissue and spots find each other, or only spots find tissue, as published"},
    ] = "both"
    detach_targets: Annotated[
        bool, {"tooltip": "Which spots count as alike is taken as given in each step, instead of being bent to fit"}
    ] = True
    head_target: Annotated[
        Literal["log", "counts"],
        {"tooltip": "What is learned of each gene beside the search: its logarithm, or its raw counts as published"},
    ] = "log"
    pearson_within: Annotated[
        Literal["section", "batch"],
        {"tooltip": "Patterns are compared within each section, or over spots of all sections together"},
    ] = "section"
    head_weight: Annotated[
        float,
        {
            "min": 0.0,
            "max": 1.0,
            "tooltip": "How much directly computed values count in a prediction; at 0 all comes from similar spots",
        },
    ] = 0.0
    sub_patches: Annotated[
        int, {"min": 1, "tooltip": "How many of the narrowest fields of view are looked at as details of the patch"}
    ] = 10
    vit_share: Annotated[
        float, {"min": 0.0, "max": 0.99, "tooltip": "How much the whole patch counts, and its details the rest"}
    ] = 0.5
    query_view: Annotated[
        Literal["tiles", "whole"],
        {"tooltip": "In prediction the network of details sees details, or a whole patch as published"},
    ] = "tiles"
    rerank: Annotated[
        Literal["none", "random"],
        {"tooltip": "Similar spots in the order of their similarity, or in one that chance decides, as published"},
    ] = "none"
    expression_unit: Annotated[
        Literal["total", "median"],
        {"tooltip": "How spots of few and many counts are made alike: to 10,000 counts, or the section's median"},
    ] = "total"
    tile_px: Annotated[
        int,
        {
            "min": 0,
            "tooltip": "Fine-tuning only: to what edge length details are resized; 0 leaves them as they are cut",
        },
    ] = 0
    vit: Annotated[
        str, {"tooltip": "Fine-tuning only: the network that sees the whole patch, by its name in the timm library"}
    ] = "mobilevit_s"
    vit_weights: Annotated[
        str, {"tooltip": "Fine-tuning only: a file with what that network has learned; empty starts from nothing"}
    ] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "vit_weight", "tile_px")
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
