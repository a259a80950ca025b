"""The image side that mclSTExp and geneglass share: features on their principal axes, then one projection."""

from dataclasses import dataclass
from typing import Annotated

from torch import nn

from geneglass.model.contrastive_config import Shapes, require
from geneglass.model.parts import Principal, ProjectionHead, Temperature
from geneglass.model.pool import Pool
from geneglass.model.spot_side import SpotSide, SpotSideConfig, SpotSideRecipe


@dataclass(frozen=True)
class PrincipalHeadConfig(SpotSideConfig):
    """Settings of both sides."""

    feature_components: Annotated[int, {"min": 0, "tooltip": "Principal axes of the features kept; 0 keeps all"}] = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.feature_components >= 0, f"feature_components must not be negative, got {self.feature_components}."
        )


class PrincipalHeadRecipe(SpotSideRecipe):
    """A contrastive recipe with a head on the principal axes of the features, or on a network that is trained."""

    def build(self, shapes: Shapes) -> nn.ModuleDict:
        """Return both sides and the temperature."""
        config = self.config
        kept = 0 if self.fine_tunes else min(config.feature_components, shapes.features, shapes.spots)
        head = ProjectionHead(kept or shapes.features, config.embed_dim, config.dropout)
        return nn.ModuleDict(
            {
                "image": nn.Sequential(Principal(shapes.features, kept), head) if kept else head,
                "spots": SpotSide(shapes.genes, config),
                "temperature": Temperature(config.temperature, learned=config.learn_temperature),
            }
        )

    def adjust(self, modules: nn.ModuleDict, pool: Pool) -> None:
        """Take the principal axes of features and expression from the training spots."""
        super().adjust(modules, pool)
        for part in modules["image"].modules():
            if isinstance(part, Principal):
                part.fit(pool.images.features)
