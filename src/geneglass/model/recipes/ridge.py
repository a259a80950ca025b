"""Ridge regression from frozen features: the baseline that every network has to beat.

Features are standardised and rotated to their principal components: those of the place itself, of all its fields of
view, or of its neighbours too, whichever predicts tissue left out best. Expression is rotated to its own, and each of
these gets the ridge strength with the least squared error on training patients (or sections) left out in turn (and,
with five or more of them, features of its own): programmes of many genes that the tissue shows are kept, noise of
single genes is shrunk to nothing. Everything is in closed form, from sums of products per section.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import numpy as np
import torch

from geneglass.errors import InputError, UsageError
from geneglass.model.calibration import Calibration
from geneglass.model.confidence import Familiarity
from geneglass.model.limits import require_at_least
from geneglass.model.novelty import Novelty, known_confidence, novelty_state
from geneglass.model.recipe import Answer, FitStep, QueryData, Recipe, Snapshots, TrainData
from geneglass.model.recipes import RECIPES
from geneglass.model.regression import Axes, Linear, Targets, calibrate, deviation_size, left_out, told
from geneglass.model.ridge_solver import Matrix, spot_groups
from geneglass.model.sight import Sight, look, sights


@dataclass(frozen=True)
class RidgeConfig:
    """Settings of `ridge`; strengths are in units of the variance of all feature components together."""

    components: Annotated[
        int,
        {
            "min": 1,
            "max": 2000,
            "tooltip": "Most independent features of the picture that the model uses: one for 8 spots, from 150 on",
        },
    ] = 400
    programmes: Annotated[
        int,
        {
            "min": 1,
            "max": 2000,
            "tooltip": "How many patterns of genes that go together are predicted; the rest is taken for noise",
        },
    ] = 100
    strength: Annotated[
        Literal["programme", "gene", "shared"],
        {"tooltip": "What is held back by a strength of its own: each programme of genes, each gene, or all alike"},
    ] = "programme"
    weakest: Annotated[
        float,
        {
            "min": 1e-9,
            "max": 1e9,
            "tooltip": "The least that the model is held back from fitting noise; tissue left out chooses in between",
        },
    ] = 1e-5
    strongest: Annotated[
        float,
        {
            "min": 1e-9,
            "max": 1e9,
            "tooltip": "The most that the model is held back from fitting noise; tissue left out chooses in between",
        },
    ] = 10.0
    steps: Annotated[
        int,
        {"min": 1, "max": 200, "tooltip": "How many degrees of holding back are tried between weakest and strongest"},
    ] = 25
    sight: Annotated[
        Sight, {"tooltip": "How far around a spot the model looks: as tissue left out says, or as far as it can"}
    ] = "fitted"
    centre_sections: Annotated[
        bool,
        {"tooltip": "Learn what differs within each section, so that a section brighter as a whole does not mislead"},
    ] = True

    def __post_init__(self) -> None:
        if self.sight not in get_args(Sight):
            raise UsageError(f"sight must be fitted or all, got {self.sight!r}.")
        require_at_least(1, self, "components", "programmes", "steps")
        if self.strength not in ("programme", "gene", "shared"):
            raise UsageError(f"strength must be programme, gene or shared, got {self.strength!r}.")
        if not 0 < self.weakest <= self.strongest < float("inf"):
            raise UsageError(
                f"weakest must be above 0 and not above strongest, got {self.weakest:g} and {self.strongest:g}."
            )

    def grid(self) -> Matrix:
        """Return the strengths to try; the last is infinite, which predicts the mean."""
        return np.append(np.geomspace(self.weakest, self.strongest, self.steps), np.inf)


@RECIPES.register("ridge")
class Ridge(Recipe):
    """Frozen features, PCA, ridge; see the module."""

    Config = RidgeConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._axes: Axes | None = None
        self._linear: Linear | None = None
        self._familiarity: Familiarity | None = None
        self._calibration: Calibration | None = None
        self._novelty: Novelty | None = None

    def fit(self, sections: Sequence[TrainData], *, snapshots: Snapshots | None = None) -> Iterator[FitStep]:
        """Learn from measured sections in one pass, yielding at every group left out; it needs no snapshots."""
        sections = [section for section in sections if len(section.features)]
        groups, kind = spot_groups(sections)
        columns = sights(self.encoder, self.config.sight)
        total = len(columns) * len(np.unique(np.concatenate(groups))) + 1
        yield FitStep(0, total)
        by_programme = self.config.strength == "programme"
        targets = Targets.of(
            sections,
            programmes=self.config.programmes if by_programme else 0,
            centre_sections=self.config.centre_sections,
        )
        choices = [Axes.fit(sections, self.config.components, columns=count) for count in columns]
        shared = self.config.strength == "shared"
        seen = yield from look(choices, sections, targets, groups, grid=self.config.grid(), shared=shared)
        self._axes, self._linear = seen.axes, Linear.of(seen.axes, seen.coefficients(), targets)
        scores = [self._axes.scores(section.features) for section in sections]
        self._familiarity = Familiarity.fit(
            scores,
            sections=[section.section for section in sections],
            patients=[section.patient for section in sections],
            groups=groups,
            seed=self.seed,
        )
        centred = [section.features.astype(np.float64) - self._axes.mean for section in sections]
        predicted = left_out(centred, seen.without, targets, groups)
        signals = [
            self._signals(score, values, section, exclude_patient=kind == "patients")
            for section, score, values in zip(sections, scores, predicted, strict=True)
        ]
        self._calibration = calibrate(sections, predicted, signals, groups, kind=kind)
        self._novelty = Novelty.of(sections, seed=self.seed)
        what = "expression programmes" if by_programme else "genes"
        yield FitStep(total, total, message=told(seen.strengths(), seen.explained, kind, what=what))

    def _signals(self, scores: Any, values: Any, query: QueryData, *, exclude_patient: bool) -> Any:
        """Return (n, 2): how strange each place is, and how far its prediction lies from the mean."""
        strange = self._known().strangeness(scores, own=query.own, patient=_named(query, exclude_patient))
        return np.stack([strange, deviation_size(values, self._solved().mean)], axis=1)

    def _known(self) -> Familiarity:
        if self._familiarity is None:
            raise InputError("This ridge model has not been trained; train it or load a model file first.")
        return self._familiarity

    def _solved(self) -> Linear:
        if self._linear is None:
            raise InputError("This ridge model has not been trained; train it or load a model file first.")
        return self._linear

    def predict(self, query: QueryData, *, exclude_patient: bool = False) -> Answer:
        """Return the expression of the query's places."""
        if self._axes is None:
            raise InputError("This ridge model has not been trained; train it or load a model file first.")
        expected = len(self._axes.mean)
        if query.features.shape[1] != expected:
            raise InputError(
                f"The features of {query.section} have {query.features.shape[1]} columns, the model was trained on "
                f"{expected}; use the encoder it was trained with."
            )
        scores, values = self._axes.scores(query.features), self._solved().predict(query.features)
        if self._calibration is None:
            patient = _named(query, exclude_patient)
            alike = self._known().confidence(scores, own=query.own, patient=patient)
            return Answer(values, known_confidence(self._novelty, alike, query.features))
        signals = self._signals(scores, values, query, exclude_patient=exclude_patient)
        confidence = known_confidence(self._novelty, self._calibration.confidence(signals), query.features)
        return Answer(values, confidence, calibrated=self._calibration.sentence())

    def state(self) -> dict[str, torch.Tensor]:
        """Return coefficients, rotation and the training places for the confidence."""
        if self._axes is None or self._familiarity is None:
            return {}
        learned = {"rotation": self._axes.rotation} | self._solved().arrays()
        tensors = {name: torch.from_numpy(np.array(array, np.float32, order="C")) for name, array in learned.items()}
        return tensors | self._familiarity.state() | novelty_state(self._novelty)

    def texts(self) -> dict[str, Any]:
        """Return the names of the training sections, and what confidence was calibrated on."""
        names = dict(self._familiarity.texts()) if self._familiarity else {}
        return names | {"calibration": self._calibration.texts() if self._calibration else None}

    def load(self, state: dict[str, torch.Tensor], texts: dict[str, Any]) -> None:
        """Take back what `state` and `texts` returned."""
        arrays = {name: value.cpu().numpy() for name, value in state.items()}
        if arrays["mean"].shape[-1] != len(self.genes):
            raise ValueError(f"weights for {arrays['mean'].shape[-1]} genes, a panel of {len(self.genes)}")
        self._linear = Linear.load(arrays)
        self._axes = Axes(self._linear.features_mean, arrays["rotation"])
        self._familiarity = Familiarity.load(state, texts)
        self._calibration = Calibration.load(texts.get("calibration"))
        self._novelty = Novelty.load(state)


def _named(query: QueryData, exclude_patient: bool) -> str | None:
    return query.patient if exclude_patient else None
