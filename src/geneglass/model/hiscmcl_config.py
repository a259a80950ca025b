"""Settings of HisCMCL, beside its recipe because they are many."""

from dataclasses import dataclass
from typing import Annotated, Literal

from geneglass.model import spot_side
from geneglass.model.limits import require, require_at_least, require_not_negative, require_share
from geneglass.model.spot_side import SpotSideConfig


@dataclass(frozen=True)
class HiscmclConfig(SpotSideConfig):
    """Settings of HisCMCL."""

    scales: Annotated[
        Literal["spot+neighbourhood+slide", "spot+neighbourhood", "spot+slide", "spot"],
        {"tooltip": "What is seen of the tissue: the spot, the tissue around it, and places all over the slide"},
    ] = "spot+neighbourhood+slide"
    spot_um: Annotated[
        float,
        {
            "min": 0.0,
            "tooltip": "Pictures up to this edge length count as the spot itself, wider ones as what is around it",
        },
    ] = 160.0
    wide_view: Annotated[
        Literal["physical", "upsampled"],
        {"tooltip": "What is around a spot is really more tissue, or only the spot drawn larger, as published"},
    ] = "physical"
    fusion: Annotated[
        Literal["attention", "concat"],
        {"tooltip": "How the scales are brought together: weighed for each spot, or simply side by side"},
    ] = "attention"
    scale_weights: Annotated[bool, {"tooltip": "Let training find how much each field of view counts"}] = False
    view_components: Annotated[
        int,
        {
            "min": 0,
            "tooltip": "How many independent features of each field of view are kept, the strongest first; 0 keeps all",
        },
    ] = 30
    token_dim: Annotated[int, {"min": 1, "tooltip": "Into how many numbers each scale is summed up"}] = 64
    fusion_heads: Annotated[
        int, {"min": 1, "tooltip": "In how many ways at once the scales are weighed against each other"}
    ] = 4
    fusion_dropout: Annotated[
        float,
        {
            "min": 0.0,
            "max": 0.95,
            "tooltip": "Share of what the scales say together that is blanked out by chance in training",
        },
    ] = 0.3
    slide_role: Annotated[
        Literal["modulate", "attend"],
        {"tooltip": "The rest of the slide strengthens or weakens the spot's features, or is one more scale"},
    ] = "modulate"
    slide_dropout: Annotated[
        float,
        {
            "min": 0.0,
            "max": 0.95,
            "tooltip": "Share of spots that are shown without the rest of the slide, lest slides are learned by heart",
        },
    ] = 0.0
    accumulate: Annotated[
        int,
        {
            "min": 1,
            "tooltip": "How many groups of spots are gathered for each step; more is steadier and slower",
        },
    ] = 1
    bank_transformer: Annotated[
        bool,
        {"tooltip": "Reference spots are read in the light of the others in prediction too, as they are in training"},
    ] = True
    bank_log: Annotated[
        bool, {"tooltip": "An oddity of the published form: the logarithm is taken a second time of what is given back"}
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(0, self, "view_components")
        require_at_least(1, self, "token_dim", "fusion_heads", "accumulate")
        require_share(self, "fusion_dropout", "slide_dropout")
        require_not_negative(self, "spot_um")
        require(
            self.token_dim % self.fusion_heads == 0,
            f"fusion_heads must divide token_dim ({self.token_dim}), got {self.fusion_heads}.",
        )


PUBLISHED = HiscmclConfig(
    **spot_side.PUBLISHED,
    epochs=100,
    heads=16,
    head_dim=128,
    scales="spot+neighbourhood",
    wide_view="upsampled",
    fusion="concat",
    view_components=0,
    token_dim=1024,
    fusion_dropout=0.2,
    accumulate=4,
)
