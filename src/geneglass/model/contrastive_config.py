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

    fine_tune: Annotated[
        bool,
        {"tooltip": "Teach the image network itself on your slides: slow, and hardly possible without a graphics card"},
    ] = False
    embed_dim: Annotated[
        int,
        {
            "min": 2,
            "tooltip": "Into how many numbers tissue and spots are summed up to be compared; more needs more spots",
        },
    ] = 128
    dropout: Annotated[
        float,
        {
            "min": 0.0,
            "max": 0.95,
            "tooltip": "Share of what is learned that is blanked out by chance, lest slides are learned by heart",
        },
    ] = 0.3
    temperature: Annotated[
        float,
        {"min": 0.001, "tooltip": "How strictly only the best match counts when training begins: smaller is stricter"},
    ] = 0.1
    learn_temperature: Annotated[bool, {"tooltip": "Let training itself find how strictly the best match counts"}] = (
        True
    )
    batch: Annotated[
        int, {"min": 2, "tooltip": "How many spots are looked at together in each step; fewer need less memory"}
    ] = 1024
    batches: Annotated[
        Literal["mixed", "section"],
        {"tooltip": "Whether each step sees spots of all sections, or of a single section at a time"},
    ] = "mixed"
    optimiser: Annotated[
        Literal["adamw", "adam"],
        {"tooltip": "The rule by which each step changes the model; adam is here for published forms that used it"},
    ] = "adamw"
    learning_rate: Annotated[
        float,
        {
            "min": 0.0,
            "tooltip": "How far each step changes the model: too far and it never settles, too little and it crawls",
        },
    ] = 1e-3
    weight_decay: Annotated[
        float, {"min": 0.0, "tooltip": "Holds the model back from relying on few features; more makes it more careful"}
    ] = 1e-2
    epochs: Annotated[int, {"min": 1, "max": 100000, "tooltip": "How often training goes over all spots, at most"}] = (
        200
    )
    validate: Annotated[
        bool,
        {"tooltip": "Hold back tissue to see when to stop and how many similar spots to use, then train on all"},
    ] = True
    patience: Annotated[
        int, {"min": 1, "tooltip": "Stop when so many rounds have brought nothing better on the tissue held back"}
    ] = 20
    inner_folds: Annotated[
        int,
        {
            "min": 2,
            "max": 20,
            "tooltip": "In how many parts tissue is held back in turn, at most: more is surer and takes longer",
        },
    ] = 4
    k: Annotated[
        int,
        {
            "min": 0,
            "tooltip": "From how many of the most similar spots a value is made; 0 finds out on training tissue",
            "label": "Similar spots (k)",
        },
    ] = 0
    weighting: Annotated[
        Literal["fitted", Weighting],
        {"tooltip": "How much more the most similar spots count than the others; fitted finds out on training tissue"},
    ] = "fitted"
    distance: Annotated[
        Literal["l1", "l2"],
        {"tooltip": "How unlikeness is measured where the weighting is inverse_square; without effect elsewhere"},
    ] = "l2"
    normalise_input: Annotated[
        bool, {"tooltip": "Fine-tuning only: bring colours to the range that the image network was made for"}
    ] = True
    augment: Annotated[
        Augmentation,
        {"tooltip": "Fine-tuning only: how patches are turned, mirrored or tinted by chance, to see past it"},
    ] = "flips"

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
