"""Questions about a prediction, one after another: what is read for one is kept for the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.cohort import SectionSource
from geneglass.data.patches import SlidePatches
from geneglass.data.section import Section, require_slide
from geneglass.data.types import FloatArray, PatchSpec, UInt8Array
from geneglass.errors import InputError
from geneglass.model.recipe import UNIT
from geneglass.workflow.events import Event, Job
from geneglass.workflow.evidence import Evidence, Vote, mean_of, open_evidence, why_none
from geneglass.workflow.provenance import file_hash
from geneglass.workflow.reference_pictures import SIZE_PX, Picture, ReferencePictures

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes
    ----------
    place
        Name of the place, in the prediction's `obs_names`.
    gene
        Whose measured values are told; None for none.
    field_um
        Edge of the pictures.
    count
        How many of the votes get a picture, the heaviest first.
    """

    place: str
    gene: str | None
    field_um: float
    count: int


@dataclass(frozen=True)
class Explanation:
    """The answer.

    Attributes
    ----------
    question
        What it answers.
    votes
        All of them, the heaviest first.
    pictures
        Of the first `question.count`, by row of the bank.
    own
        (size, size, 3) picture of the place itself; None where the slide can not be read there.
    mean
        What the votes say together; NaN where the gene is not known to the model.
    unit
        Of values.
    """

    question: Question
    votes: tuple[Vote, ...]
    pictures: Mapping[int, Picture]
    own: UInt8Array | None
    mean: float
    unit: str

    @property
    def shown(self) -> tuple[Vote, ...]:
        """Return the votes that have a picture, or a reason why not."""
        return self.votes[: self.question.count]


class Explainer:
    """Answers questions about one prediction of one section.

    Parameters
    ----------
    prediction
        With neighbours, or the reason why it has none is told at the first question.
    section
        The section that was predicted; its slide stays its owner's.
    models
        Files that may be the model; the one whose content the prediction names is taken.
    sources
        Sections that may be the model's reference sections.
    """

    def __init__(
        self, prediction: "AnnData", section: Section, models: Sequence[Path], sources: Sequence[SectionSource]
    ) -> None:
        self.prediction, self.section = prediction, section
        self._models, self._sources = tuple(models), tuple(sources)
        self._evidence: Evidence | None = None
        self._pictures: ReferencePictures | None = None

    def explain(self, question: Question) -> Job[Explanation]:
        """Return who voted for a place, with pictures.

        Raises
        ------
        InputError
            When the recipe does not retrieve, or no model file at hand is the one that predicted.
        """
        evidence = yield from self._opened()
        if question.gene is not None and not evidence.spots.knows(question.gene):
            evidence = yield from self._with_counts(evidence)
        votes = evidence.votes(self._row(question.place), question.gene)
        if self._pictures is None:
            self._pictures = ReferencePictures(evidence.spots.path, evidence.spots.info, self._sources)
        pictures = yield from self._pictures.read(votes[: question.count], question.field_um)
        own, info = self._own(question), evidence.spots.info
        return Explanation(question, votes, pictures, own, mean_of(votes), info.unit or UNIT)

    def voted(self, row: int) -> tuple[NDArray[np.object_], FloatArray]:
        """Return names of the places where a reference spot counts, and its weights; none before `explain`."""
        if self._evidence is None:
            return np.empty(0, object), np.empty(0, np.float32)
        rows, weights = self._evidence.voted(row)
        return self.prediction.obs_names.to_numpy(object)[rows], weights

    def close(self) -> None:
        """Close the reference sections' slides."""
        if self._pictures is not None:
            self._pictures.close()

    def _row(self, place: str) -> int:
        found = int(self.prediction.obs_names.get_indexer([place])[0])
        if found < 0:
            raise InputError(f"{place} was not predicted: click a place that was.")
        return found

    def _opened(self) -> Job[Evidence]:
        if self._evidence is None:
            self._evidence = yield from open_evidence(self.prediction, self._model())
        return self._evidence

    def _with_counts(self, evidence: Evidence) -> Job[Evidence]:
        yield Event("Reading genes outside the panel", 0, 1)
        if evidence.spots.info.measured_genes:
            self._evidence = evidence = replace(evidence, spots=evidence.spots.with_counts())
        return evidence

    def _model(self) -> Path:
        reason = why_none(self.prediction)
        if reason:
            raise InputError(reason)
        stated = self.prediction.uns.get("geneglass", {})
        for path in dict.fromkeys(self._models):
            if path.is_file() and file_hash(path) == stated.get("model_hash"):
                return path
        raise InputError(
            f"The model file that predicted this ({stated.get('model', 'not named')}) is not at hand: choose it."
        )

    def _own(self, question: Question) -> UInt8Array | None:
        x, y = np.asarray(self.prediction.obsm["spatial"], np.float32)[self._row(question.place)]
        try:
            slide, mpp = require_slide(self.section)
            spec = PatchSpec(question.field_um, SIZE_PX)
            (pixels,) = SlidePatches(slide, np.array([[y, x]], np.float32), (spec,), mpp).read(np.arange(1))
        except (InputError, OSError):
            return None
        own: UInt8Array = pixels[0]
        return own
