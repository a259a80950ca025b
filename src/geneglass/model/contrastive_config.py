"""Settings that every contrastive recipe shares."""

from dataclasses import dataclass
from typing import Annotated, Literal

from geneglass.model.augment import Augmentation
from geneglass.model.limits import require, require_at_least, require_not_negative, require_positive, require_share
from geneglass.model.parts import MAX_TEMPERATURE, MIN_TEMPERATURE
from geneglass.model.weighting import Weighting


@dataclass(frozen=True)
class ContrastiveConfig:
    """What every contrastive recipe lets one choose."""

    fine_tune: Annotated[bool, {"tooltip": "Train the image encoder too, instead of a head on its features"}] = False
    embed_dim: Annotated[int, {"min": 2, "tooltip": "Length of the shared embedding"}] = 128
    dropout: Annotated[float, {"min": 0.0, "max": 0.95, "tooltip": "Share of units dropped in training"}] = 0.3
    temperature: Annotated[float, {"min": 0.001, "tooltip": "What similarities are divided by, at the start"}] = 0.1
    learn_temperature: Annotated[bool, {"tooltip": "Whether training changes the temperature"}] = True
    batch: Annotated[int, {"min": 2, "tooltip": "Spots per training step"}] = 1024
    batches: Annotated[Literal["mixed", "section"], {"tooltip": "Spots of all sections mixed, or one at a time"}] = (
        "mixed"
    )
    optimiser: Annotated[Literal["adamw", "adam"], {"tooltip": "adam counts the decay into the gradient"}] = "adamw"
    learning_rate: Annotated[float, {"min": 0.0, "tooltip": "Step size of the optimiser"}] = 1e-3
    weight_decay: Annotated[float, {"min": 0.0, "tooltip": "Pull of the weights towards zero"}] = 1e-2
    epochs: Annotated[int, {"min": 1, "max": 100000, "tooltip": "Passes over the spots, at most"}] = 200
    validate: Annotated[
        bool, {"tooltip": "Choose epochs (k, weighting) on training tissue left out, then train on all"}
    ] = True
    patience: Annotated[int, {"min": 1, "tooltip": "Stop after so many epochs without a better inner score"}] = 20
    inner_folds: Annotated[int, {"min": 2, "max": 20, "tooltip": "Groups left out in turn to validate, at most"}] = 4
    k: Annotated[int, {"min": 0, "tooltip": "Reference spots per prediction; 0 chooses on training tissue"}] = 0
    weighting: Annotated[
        Literal["fitted", Weighting],
        {"tooltip": "How the retrieved spots are weighed; fitted chooses on training tissue"},
    ] = "fitted"
    distance: Annotated[Literal["l1", "l2"], {"tooltip": "What inverse_square measures"}] = "l2"
    normalise_input: Annotated[bool, {"tooltip": "Fine-tuning: apply the encoder's own mean and std"}] = True
    augment: Annotated[Augmentation, {"tooltip": "Fine-tuning: light changes, or those of a published form"}] = "flips"

    def __post_init__(self) -> None:
        require_at_least(2, self, "embed_dim", "batch", "inner_folds")
        require_at_least(1, self, "epochs", "patience")
        require_positive(self, "learning_rate", "temperature")
        require_not_negative(self, "weight_decay", "k")
        require(
            not self.learn_temperature or MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE,
            f"A learned temperature stays within {MIN_TEMPERATURE} to {MAX_TEMPERATURE}, got {self.temperature}.",
        )
        require_share(self, "dropout")


@dataclass(frozen=True)
class Shapes:
    """What a network's sizes follow from; stored with the model."""

    features: int
    genes: int
    spots: int
