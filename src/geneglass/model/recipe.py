"""A recipe is one complete model: what it learns, how, and how it answers.

A recipe works on tables, never on files: features of places, expression of spots. Training and
prediction share one code path, and a query never sees spots of its own section.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from geneglass.data.types import FloatArray, UInt8Array
from geneglass.model.encoder import Encoder

UNIT = "ln(1 + 10,000 x / total of the spot over all genes)"
"""The unit in which expression is learned, predicted and compared, unless a recipe says otherwise."""


class PatchSource(Protocol):
    """Patches of one section's places, read when asked for: what fine-tuning trains on."""

    def read(self, rows: NDArray[np.int64]) -> tuple[UInt8Array, ...]:
        """Return per field of view of the encoder the (len(rows), size_px, size_px, 3) patches of these places."""


@dataclass(frozen=True)
class QueryData:
    """Places of one slide to predict: everything the image side may know.

    Attributes
    ----------
    section
        Name of the section; its own spots, if in a bank, are never retrieved.
    patient
        Its patient; with `exclude_patient` set in `Recipe.predict` their spots are not retrieved either.
    features
        (n, dim) finished encoder features.
    centres_um_yx
        (n, 2) centres in micrometres from the slide's top left corner.
    array_yx
        (n, 2) array row and column of measured spots, where known; only position-using faithful forms read it.
    patches
        For recipes whose encoder is fine-tuned; None with frozen features.
    slide_features
        (m, dim) features of places spread evenly over the whole slide, the same whichever places are asked about;
        only for recipes that say so with `reads_slide`.
    own_sections
        Every training section that holds the query's tissue, where there may be several: none is retrieved from.
    """

    section: str
    patient: str | None
    features: FloatArray
    centres_um_yx: FloatArray
    array_yx: FloatArray | None = None
    patches: PatchSource | None = None
    slide_features: FloatArray | None = None
    own_sections: tuple[str, ...] = ()

    @property
    def own(self) -> frozenset[str]:
        """Return the names of all sections that are the query's own."""
        return frozenset((self.section, *self.own_sections))


@dataclass(frozen=True)
class TrainData(QueryData):
    """Measured spots of one training section.

    Attributes
    ----------
    expression
        (n, genes) in `UNIT`, the panel's genes in the panel's order.
    counts
        (n, genes) raw counts of the panel, for the units of the published forms.
    """

    expression: FloatArray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    counts: FloatArray = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def query(self) -> QueryData:
        """Return the same places with everything measured taken away, to be predicted."""
        kept = {item.name: getattr(self, item.name) for item in fields(QueryData)}
        return QueryData(**kept)


@dataclass(frozen=True)
class FitStep:
    """One step of training, yielded at every batch so that a cancel is quick."""

    done: int
    total: int
    loss: float | None = None
    score: float | None = None
    """Mean r over genes on the inner held-out part, when it was just measured."""
    message: str = ""
    terms: Mapping[str, float] = field(default_factory=dict)
    """The weighted parts that the loss is the sum of, by name, where there are several."""


class Snapshots(Protocol):
    """Where a training keeps what it needs to go on after it was killed."""

    def load(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """Return the tensors and JSON values of the last snapshot, or None where there is none."""

    def save(self, tensors: Mapping[str, torch.Tensor], texts: Mapping[str, Any]) -> None:
        """Keep a snapshot in place of the last one, atomically."""


@dataclass(frozen=True)
class Neighbours:
    """What a retrieval prediction is made of: rows of the bank and their weights, (n, k) each."""

    rows: NDArray[np.int64]
    weights: FloatArray
    similarity: FloatArray


@dataclass(frozen=True)
class Answer:
    """Predicted expression of n places.

    Attributes
    ----------
    values
        (n, genes) in the recipe's unit.
    confidence
        (n,) in 0..1. Calibrated: the probability that the prediction of a place lies nearer to the measured
        profile than the mean of the training spots does. Else the share of training places that lie at least as
        far from the rest of the training data as this place does. 0 for a place that looks like nothing in training
        (`geneglass.model.novelty`), of which neither is known. None where the recipe cannot say.
    neighbours
        The evidence, for retrieval recipes.
    calibrated
        On what the confidence was calibrated, in words; empty where it was not.
    """

    values: FloatArray
    confidence: FloatArray | None = None
    neighbours: Neighbours | None = None
    calibrated: str = ""


class Recipe(ABC):
    """One complete model over a fixed panel of genes.

    Parameters
    ----------
    config
        An instance of the class's `Config` (a frozen dataclass, checked in `__post_init__`).
    genes
        The panel.
    encoder
        The image encoder; recipes with `config.fine_tune` train its network.
    seed
        Everything random follows from it.
    device
        "cpu" or "cuda".
    """

    Config: ClassVar[type[Any]]
    retrieves: ClassVar[bool] = False
    reads_slide: ClassVar[bool] = False
    control: ClassVar[bool] = False
    """Whether it is no model to use but something to compare with; listed last, and never the default."""
    unit: str = UNIT

    def __init__(
        self, config: Any, genes: Sequence[str], encoder: Encoder, *, seed: int = 0, device: str = "cpu"
    ) -> None:
        self.config = config
        self.genes = tuple(genes)
        self.encoder = encoder
        self.seed = seed
        self.device = torch.device(device)

    @classmethod
    def published(cls) -> Any:
        """Return the config of the form its authors ran, defects included; the default where none differs."""
        return cls.Config()

    def require_trainable(self) -> None:
        """Refuse, before a place is embedded, an encoder that `fit` would refuse.

        Raises
        ------
        InputError
            When the recipe trains its encoder and can not train this one.
        """
        return

    @abstractmethod
    def fit(self, sections: Sequence[TrainData], *, snapshots: Snapshots | None = None) -> Iterator[FitStep]:
        """Learn from measured sections, yielding at every batch; afterwards `predict` works.

        Parameters
        ----------
        sections
            All training sections.
        snapshots
            Where a long training keeps its state after an epoch, and finds it when it was killed; it then ends
            as if it had never been.
        """

    @abstractmethod
    def predict(self, query: QueryData, *, exclude_patient: bool = False) -> Answer:
        """Return the expression of the query's places; its own section is never in the evidence."""

    @abstractmethod
    def state(self) -> dict[str, torch.Tensor]:
        """Return everything learned, as tensors (names and text go through `texts`)."""

    def texts(self) -> dict[str, Any]:
        """Return what was learned but is no tensor, as JSON values (section names of the bank)."""
        return {}

    @abstractmethod
    def load(self, state: dict[str, torch.Tensor], texts: dict[str, Any]) -> None:
        """Take back what `state` and `texts` returned."""
