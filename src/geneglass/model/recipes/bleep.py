"""BLEEP: contrastive learning of patches and spots with soft targets, after Xie et al., NeurIPS 2023.

A head on each side, a contrastive loss whose targets count spots and patches that are alike as partly right,
and prediction by the mean of the nearest reference spots. The published form is rebuilt from its description
(`BleepRecipe.published`); every difference to it is a setting. Corrected, similarity is a cosine with a
learned temperature; targets are sharp, are no way for the loss to shrink itself (no gradient goes through
them), and are a distribution in either direction; patches have the encoder's mean and std; epochs and k
are found on training tissue left out. `k=1`, and `weighting` softmax or inverse_square, are its other two
ways to predict.

The published form is run with `timm:resnet50?native=1` as its encoder, and as it was before its last commit,
which does not run. Not carried over is its batch correction: Harmony was fitted on all slides together, that to be
tested among them, and what it had corrected there was the truth.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from geneglass.model.augment import augmented, to_network
from geneglass.model.limits import require_positive
from geneglass.model.median_unit import MEDIAN_UNIT, median_scaled
from geneglass.model.parts import contrastive_loss
from geneglass.model.pool import Images, Measured
from geneglass.model.recipe import UNIT, TrainData
from geneglass.model.recipes import RECIPES
from geneglass.model.reduced_heads import ReducedHeadsConfig, ReducedHeadsRecipe
from geneglass.model.soft_targets import product_similarity, soft_cross_entropy


@dataclass(frozen=True)
class BleepConfig(ReducedHeadsConfig):
    """Settings of BLEEP."""

    similarity: Annotated[
        Literal["cosine", "dot"],
        {"tooltip": "cosine compares directions only; dot lets long embeddings count more, as one published form does"},
    ] = "cosine"
    targets: Annotated[
        Literal["soft", "hard"],
        {"tooltip": "What a patch of tissue should find: soft, spots like its own as well; hard, only its own"},
    ] = "soft"
    soft_temperature: Annotated[
        float,
        {
            "min": 1e-6,
            "tooltip": "How much the most alike spots outweigh those that are less alike: smaller is sharper",
        },
    ] = 0.2
    detach_targets: Annotated[
        bool, {"tooltip": "Which spots count as alike is taken as given in each step, instead of being bent to fit"}
    ] = True
    transpose_targets: Annotated[
        bool, {"tooltip": "An oddity of the published form: patches are asked for the spots' likenesses, turned round"}
    ] = False
    expression_unit: Annotated[
        Literal["total", "median"],
        {"tooltip": "How spots of few and many counts are made alike: to 10,000 counts, or the section's median"},
    ] = "total"
    raw_input: Annotated[
        bool, {"tooltip": "Fine-tuning only: colours as the published form read them, blue first and from 0 to 255"}
    ] = False
    augment_query: Annotated[
        bool,
        {"tooltip": "Fine-tuning only: turn and tint patches by chance in prediction too, as the published form does"},
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "soft_temperature")


PUBLISHED = BleepConfig(
    fine_tune=True,
    embed_dim=256,
    dropout=0.1,
    temperature=1.0,
    learn_temperature=False,
    batch=256,
    learning_rate=1e-3,
    weight_decay=1e-3,
    epochs=4,
    validate=False,
    k=50,
    weighting="uniform",
    normalise_input=False,
    augment="turns",
    similarity="dot",
    soft_temperature=1.0,
    detach_targets=False,
    transpose_targets=True,
    feature_components=0,
    gene_components=0,
    expression_unit="median",
    raw_input=True,
    augment_query=True,
)


@RECIPES.register("bleep")
class BleepRecipe(ReducedHeadsRecipe):
    """Contrastive learning of patches and spots with soft targets, and prediction by retrieval."""

    Config: ClassVar[type[Any]] = BleepConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = MEDIAN_UNIT if self.config.expression_unit == "median" else UNIT

    @classmethod
    def published(cls) -> BleepConfig:
        """Return the settings of the published code, defects included."""
        return PUBLISHED

    def measured(self, section: TrainData) -> Measured:
        """Return expression in the unit that the settings name."""
        values = median_scaled(section) if self.config.expression_unit == "median" else section.expression
        return Measured(section, values, values)

    def loss(self, modules: nn.ModuleDict, images: Tensor, spots: Tensor) -> Tensor:
        """Return the mean over both directions of the cross-entropy against the targets."""
        if self.config.similarity == "cosine":
            images, spots = functional.normalize(images, dim=1), functional.normalize(spots, dim=1)
        logits = spots @ images.T / modules["temperature"]()
        if self.config.targets == "hard":
            return contrastive_loss(logits)
        targets = self.soft_targets(images, spots)
        for_images = targets.T if self.config.transpose_targets else targets
        return (soft_cross_entropy(logits, targets) + soft_cross_entropy(logits.T, for_images)) / 2

    def soft_targets(self, images: Tensor, spots: Tensor) -> Tensor:
        """Return the (n, n) share of each pair of a batch in what a row should find."""
        if self.config.detach_targets:
            images, spots = images.detach(), spots.detach()
        return functional.softmax(product_similarity(images, spots) / self.config.soft_temperature, dim=1)

    def pixels(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> tuple[Tensor, ...]:
        """Return the input of the network, as OpenCV reads it where the settings say so."""
        if not self.config.raw_input:
            return super().pixels(modules, images, rows)
        return tuple(255 * to_network(view.flip(1), None) for view in self.views(modules, images, rows))

    def views(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> tuple[Tensor, ...]:
        """Return the patches, augmented in training and, where the settings say so, in prediction."""
        views = super().views(modules, images, rows)
        if modules.training or not self.config.augment_query:
            return views
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return tuple(augmented(view, self.config.augment) for view in views)
