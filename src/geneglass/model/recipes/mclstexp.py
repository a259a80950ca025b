"""mclSTExp: a contrastive model of patches and spots, after Brief. Bioinform. bbae551.

The published form is rebuilt from its description, defects included (`MclstexpRecipe.published`); every
difference to it is a setting. Corrected, a spot attends to its true neighbours instead of to whatever
shares its batch, no position is in the spot's code that an image could not have, similarity is a cosine
with a learned temperature, and what the published form fixes beforehand (epochs, k) is found on training
tissue left out. Waves over micrometres (`position=fourier`) are there and off: on her2st C2 to C5 they lower the
score on tissue left out (0.151 for 0.154).

The published form is run with `timm:densenet121?native=1&final_act=0` as its encoder. Two things are not
carried over: there the tested section's own spots stood beside the reference spots while those were
embedded, and the bank was embedded for every fold anew.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from geneglass.model import spot_side
from geneglass.model.principal_head import PrincipalHeadConfig, PrincipalHeadRecipe
from geneglass.model.recipes import RECIPES


@dataclass(frozen=True)
class MclstexpConfig(PrincipalHeadConfig):
    """Settings of mclSTExp."""


PUBLISHED = MclstexpConfig(
    **spot_side.PUBLISHED,
    epochs=90,
    feature_components=0,
    heads=8,
    head_dim=64,
)


@RECIPES.register("mclstexp")
class MclstexpRecipe(PrincipalHeadRecipe):
    """Contrastive learning of patches and spots with a Transformer over spots, and prediction by retrieval."""

    Config: ClassVar[type[Any]] = MclstexpConfig

    @classmethod
    def published(cls) -> MclstexpConfig:
        """Return the settings of the published code, defects included."""
        return PUBLISHED
