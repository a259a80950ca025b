"""Why a place was predicted so: the reference patches that voted for it, and where a reference patch voted."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.reference_spots import ReferenceSpots, load_spots, no_votes
from geneglass.workflow.events import Event, Job
from geneglass.workflow.provenance import file_hash

if TYPE_CHECKING:
    from anndata import AnnData

ROWS, WEIGHTS, SIMILARITY = "neighbour_rows", "neighbour_weights", "neighbour_similarity"


@dataclass(frozen=True)
class Vote:
    """One reference patch and what it counts at a place.

    Attributes
    ----------
    row
        Of the model's bank.
    section, patient
        Where the patch is from.
    number
        Of the spot among the section's kept ones, from 0.
    weight
        Share of the place's votes, 0 to 1.
    similarity
        Cosine of the two embeddings; NaN where the prediction does not say.
    value
        Measured value of the gene, in the model's unit; NaN where it is not known.
    """

    row: int
    section: str
    patient: str | None
    number: int
    weight: float
    similarity: float
    value: float


@dataclass(frozen=True)
class Evidence:
    """A prediction and the reference spots it was retrieved from.

    Attributes
    ----------
    spots
        The reference spots.
    rows, weights, similarity
        (places, k) of the prediction, in its own order of places.
    """

    spots: ReferenceSpots
    rows: NDArray[np.int32]
    weights: FloatArray
    similarity: NDArray[np.floating]

    def votes(self, place: int, gene: str | None) -> tuple[Vote, ...]:
        """Return the votes for a place, the heaviest first.

        Parameters
        ----------
        place
            Row of the prediction.
        gene
            Whose measured values are told; None for none.
        """
        values = None if gene is None else self.spots.values(gene)
        order = np.argsort(-self.weights[place], kind="stable")
        return tuple(self._vote(place, int(column), values) for column in order if self.weights[place, column] > 0)

    def _vote(self, place: int, column: int, values: FloatArray | None) -> Vote:
        row = int(self.rows[place, column])
        section = int(self.spots.section_of[row])
        return Vote(
            row=row,
            section=self.spots.sections[section],
            patient=self.spots.patients[section],
            number=row - int(self.spots.first_of[section]),
            weight=float(self.weights[place, column]),
            similarity=float(self.similarity[place, column]),
            value=float("nan") if values is None else float(values[row]),
        )

    def voted(self, row: int) -> tuple[NDArray[np.int64], FloatArray]:
        """Return the (m,) places where a reference spot counts, and its (m,) weights there."""
        places, columns = np.nonzero((self.rows == row) & (self.weights > 0))
        return places, self.weights[places, columns]


def mean_of(votes: tuple[Vote, ...]) -> float:
    """Return what the votes say together: their weighted mean value, NaN where a value is not known."""
    weights = np.array([vote.weight for vote in votes])
    values = np.array([vote.value for vote in votes])
    return float((weights * values).sum() / weights.sum()) if weights.sum() > 0 else float("nan")


def why_none(prediction: "AnnData") -> str:
    """Return why a prediction has no evidence, in a sentence; empty where it has."""
    if ROWS in prediction.obsm:
        return ""
    return no_votes(str(prediction.uns.get("geneglass", {}).get("recipe", "This recipe")))


def open_evidence(prediction: "AnnData", model: Path) -> Job[Evidence]:
    """Return the evidence of a prediction.

    Raises
    ------
    InputError
        When the recipe does not retrieve, or the model is not the one that the prediction was made with.
    """
    reason = why_none(prediction)
    if reason:
        raise InputError(reason)
    yield Event(f"Reading the reference spots of {model.name}", 0, 2)
    stated = prediction.uns.get("geneglass", {})
    if stated.get("model_hash") != file_hash(model):
        raise InputError(
            f"The prediction was made with {stated.get('model', 'another model')}, not with this {model.name}: choose "
            "the model file that it was made with, or predict again."
        )
    yield Event(f"Reading the reference spots of {model.name}", 1, 2)
    spots = load_spots(model)
    rows = np.asarray(prediction.obsm[ROWS])
    if rows.size and int(rows.max()) >= len(spots):
        raise InputError(
            f"The prediction names reference spot {int(rows.max())}, but {model.name} has {len(spots)}: predict again."
        )
    weights = np.asarray(prediction.obsm[WEIGHTS], np.float32)
    unknown = np.full(rows.shape, np.nan, np.float16)
    return Evidence(spots, rows, weights, np.asarray(prediction.obsm.get(SIMILARITY, unknown)))
