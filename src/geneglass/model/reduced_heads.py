"""The sides that BLEEP and geneglass share: each on its principal axes, then one projection."""

from dataclasses import dataclass
from typing import Annotated, cast

from torch import Tensor, nn

from geneglass.model.contrastive import ContrastiveRecipe
from geneglass.model.contrastive_config import ContrastiveConfig, Shapes
from geneglass.model.heads import ReducedHead
from geneglass.model.limits import require_not_negative
from geneglass.model.parts import Temperature
from geneglass.model.pool import Pool


@dataclass(frozen=True)
class ReducedHeadsConfig(ContrastiveConfig):
    """Settings of both sides."""

    feature_components: Annotated[
        int,
        {
            "min": 0,
            "tooltip": "How many independent features of the picture are kept, the strongest first; 0 keeps all",
        },
    ] = 100
    gene_components: Annotated[
        int,
        {"min": 0, "tooltip": "How many patterns of genes that go together are kept, the strongest first; 0 keeps all"},
    ] = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "feature_components", "gene_components")


class ReducedHeadsRecipe(ContrastiveRecipe):
    """A contrastive recipe with a reduced head on each side."""

    def build(self, shapes: Shapes) -> nn.ModuleDict:
        """Return a head for each side, and the temperature."""
        config = self.config

        def head(in_dim: int, components: int) -> ReducedHead:
            kept = min(components, shapes.spots)
            return ReducedHead(in_dim, config.embed_dim, components=kept, dropout=config.dropout)

        return nn.ModuleDict(
            {
                "image": head(shapes.features, 0 if self.fine_tunes else config.feature_components),
                "spots": head(shapes.genes, config.gene_components),
                "temperature": Temperature(config.temperature, learned=config.learn_temperature),
            }
        )

    def adjust(self, modules: nn.ModuleDict, pool: Pool) -> None:
        """Take the principal axes of features and expression from the training spots."""
        for side, values in (("image", pool.images.features), ("spots", pool.expression)):
            cast(ReducedHead, modules[side]).fit(values)

    def encode_spots(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return the embeddings of measured spots."""
        found: Tensor = modules["spots"](pool.expression[rows])
        return found
