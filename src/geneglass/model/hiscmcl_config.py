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
        {"tooltip": "What is seen of the tissue: the spot, wider fields of view around it, places of the whole slide"},
    ] = "spot+neighbourhood+slide"
    spot_um: Annotated[
        float, {"min": 0.0, "tooltip": "Fields of view up to this edge, and the narrowest in any case, are the spot"}
    ] = 160.0
    wide_view: Annotated[
        Literal["physical", "upsampled"],
        {"tooltip": "The neighbourhood is more tissue, or the narrowest field of view again, drawn larger"},
    ] = "physical"
    fusion: Annotated[
        Literal["attention", "concat"],
        {"tooltip": "The spot attends to the other scales, or all are laid side by side"},
    ] = "attention"
    scale_weights: Annotated[bool, {"tooltip": "Multiply each field of view by a learned weight; they sum to one"}] = (
        False
    )
    view_components: Annotated[
        int, {"min": 0, "tooltip": "Principal axes kept of the features of each field of view; 0 keeps all"}
    ] = 30
    token_dim: Annotated[int, {"min": 1, "tooltip": "Length of a token, and of what the scales are fused to"}] = 64
    fusion_heads: Annotated[int, {"min": 1, "tooltip": "Heads of the attention to other scales"}] = 4
    fusion_dropout: Annotated[
        float, {"min": 0.0, "max": 0.95, "tooltip": "Share of the fused numbers dropped in training"}
    ] = 0.3
    slide_role: Annotated[
        Literal["modulate", "attend"],
        {"tooltip": "Places of the slide make the spot's numbers larger or smaller, or are one more scale"},
    ] = "modulate"
    slide_dropout: Annotated[
        float, {"min": 0.0, "max": 0.95, "tooltip": "Share of places that do not see their slide in a training step"}
    ] = 0.0
    accumulate: Annotated[
        int, {"min": 1, "tooltip": "Batches whose gradients make one step; negatives are of one batch all the same"}
    ] = 1
    bank_transformer: Annotated[
        bool, {"tooltip": "Reference spots go through the trained Transformer, as in training, or past it"}
    ] = True
    bank_log: Annotated[bool, {"tooltip": "Take ln(1 + x) once more of the expression that is given back"}] = False

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
