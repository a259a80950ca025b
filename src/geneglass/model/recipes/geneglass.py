"""geneglass: regression and contrastive retrieval, blended as tissue left out says.

Three predictors read the features of a place and its neighbourhood: a linear ridge regression, a local one (a Gaussian
kernel on the same scores), both with a strength per programme of genes, and the mean of the reference spots that lie
nearest in a space learned by contrast with the measured spots (`soft_contrast`). Training patients (else sections)
are left out in turn; what each predictor says of them decides how much it counts. Where only one patient was there to
learn from, nothing can say what carries over to another one, who is predicted with caution: by a stronger linear ridge
and by retrieval, which err in different ways, each counting as sections left out say. No position of the query is read.

Confidence is the probability that a prediction lies nearer to the measured profile than the mean of the training spots
does, calibrated on the places left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from torch import Tensor

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.augment import Augmentation
from geneglass.model.blend import Weights, best_weights, mixed
from geneglass.model.calibration import Calibration, hits
from geneglass.model.confidence import Familiarity
from geneglass.model.early_stop import HeldOut, Stop
from geneglass.model.limits import require_at_least, require_positive
from geneglass.model.recipe import FitStep, QueryData, Snapshots, TrainData
from geneglass.model.recipes import RECIPES
from geneglass.model.regression import deviation_size, usual
from geneglass.model.regression_pair import Fitted, RegressionPair, Sizes, fit_pair
from geneglass.model.ridge_solver import spot_groups
from geneglass.model.sight import Sight, sights
from geneglass.model.soft_contrast import SoftContrastConfig, SoftContrastRecipe

EVEN: Weights = (1 / 3, 1 / 3, 1 / 3)
CAUTIOUS: Weights = (1 / 4, 3 / 4)
"""What the stronger ridge and retrieval count for in another patient where nothing was left out that could tell.

That is, after one section or without validation. With each of C2 to C5 of her2st the only one trained on (eight pairs
with a sister and with A1), and three sections of the sample (six pairs), this did better on the others than half and
half, or than retrieval alone: mean r with texture 0.085, 0.083 and 0.082; sample 0.247, 0.245 and 0.244; one seed.
"""
PREDICTORS = ("linear", "local", "retrieval")


@dataclass(frozen=True)
class GeneglassConfig(SoftContrastConfig):
    """Settings of `geneglass`."""

    augment: Annotated[
        Augmentation,
        {"tooltip": "Fine-tuning only: how patches are turned, mirrored or re-stained by chance, to see past it"},
    ] = "stain"
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
    sight: Annotated[
        Sight,
        {"tooltip": "How far around a spot the linear models look: as tissue left out says, or as far as they can"},
    ] = "fitted"
    landmarks: Annotated[
        int,
        {
            "min": 1,
            "max": 5000,
            "tooltip": "On how many training places the model of local likeness is built: more is finer and slower",
        },
    ] = 1000
    kernel_width: Annotated[
        float,
        {
            "min": 0.01,
            "tooltip": "How unlike two places may look and still inform each other; larger makes smoother maps",
        },
    ] = 1.0
    blend: Annotated[
        Literal["fitted", "even"],
        {"tooltip": "How much each of the three models counts: as tissue left out says, or all the same"},
    ] = "fitted"
    blend_steps: Annotated[
        int, {"min": 1, "max": 20, "tooltip": "In how many steps the share of each model is tried out"}
    ] = 6
    caution: Annotated[
        float,
        {
            "min": 1.0,
            "tooltip": "Trained on one patient: how much more careful the linear model is on others; 1 is no more",
        },
    ] = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(1, self, "components", "programmes", "landmarks", "blend_steps", "caution")
        require_positive(self, "kernel_width")

    def sizes(self) -> Sizes:
        """Return the settings of the regressions."""
        return Sizes(self.components, self.programmes, self.landmarks, self.kernel_width, self.caution)


@RECIPES.register("geneglass")
class GeneglassRecipe(SoftContrastRecipe):
    """Linear and local regression blended with contrastive retrieval; see the module.

    Attributes
    ----------
    weights
        What linear regression, local regression and retrieval count for.
    cautious_weights
        What the stronger linear regression and retrieval count for in a patient that nothing could show how to carry
        over to.
    """

    Config: ClassVar[type[Any]] = GeneglassConfig
    keeps_left_out: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weights: Weights = EVEN
        self.cautious_weights: Weights = CAUTIOUS
        self._fitted: Fitted | None = None
        self._pair: RegressionPair | None = None
        self._familiarity: Familiarity | None = None
        self._cautious: Calibration | None = None
        self._across_patients = self._blended = False

    def fit(self, sections: Sequence[TrainData], *, snapshots: Snapshots | None = None) -> Iterator[FitStep]:
        """Fit the regressions, then train the retrieval as every contrastive recipe does, then blend."""
        used = [section for section in sections if len(section.features)]
        groups, kind = spot_groups(used)
        measured = [replace(s, expression=self.measured(s).reference) for s in used]
        columns = sights(self.encoder, self.config.sight)
        self._fitted = yield from fit_pair(measured, groups, self.config.sizes(), columns=columns, seed=self.seed)
        self._pair, self._across_patients = self._fitted.pair, kind == "patients"
        self._familiarity = Familiarity.fit(
            self._fitted.scores,
            sections=[section.section for section in used],
            patients=[section.patient for section in used],
            groups=groups,
            seed=self.seed,
        )
        before = total = (len(columns) + 1) * len(np.unique(np.concatenate(groups)))
        self.weights, self._blended, self._cautious = EVEN, False, None
        self.cautious_weights = CAUTIOUS if self.config.blend == "fitted" else (1 / 2, 1 / 2)
        for step in super().fit(used, snapshots=snapshots):
            total = step.total + before
            yield replace(step, done=step.done + before, total=total)
        self._fitted = None
        shares = ", ".join(f"{name} {share:.0%}" for name, share in zip(PREDICTORS, self.weights, strict=True))
        how = f"Blended as {kind} left out say" if self._blended else "Blended"
        yield FitStep(total, total, message=f"{how}: {shares}.{self._who(used)}")

    def _who(self, sections: Sequence[TrainData]) -> str:
        """Return for whom the blend holds, where that is not everybody."""
        if self._across_patients:
            return ""
        nameless = any(section.patient is None for section in sections)
        linear, retrieval = self.cautious_weights
        shares = f"{linear:.0%} by a more careful linear model, {retrieval:.0%} by retrieval"
        unfitted = not self._blended and self.config.blend == "fitted"
        reason = " (nothing was left out that could tell)" if unfitted else ""
        advice = " Name the patient of every section to learn what carries over." if nameless else ""
        return f" Patients that were not trained on are predicted {shares}{reason}.{advice}"

    def calibrate(self, stop: Stop, sections: Sequence[TrainData]) -> Calibration | None:
        """Choose the blend on the places left out, and return what its confidence is read from."""
        fitted, (_, kind) = self._fitted, spot_groups(sections)
        # Halves of a section can not tell what a predictor is worth on another one.
        if fitted is None or len(sections) == 1:
            return None
        number = {section.section: i for i, section in enumerate(sections)}
        held = [(item, number[item.section]) for item in stop.held_out]
        truth = [self.measured(sections[i]).reference[item.rows] for item, i in held]
        retrieved = [item.predicted for item, _ in held]
        linear, local, cautious = (
            [part[i][item.rows] for item, i in held] for part in (fitted.linear, fitted.local, fitted.cautious)
        )
        parts = (linear, local, retrieved)
        if self.config.blend == "fitted":
            self.weights, self._blended = best_weights(truth, parts, self.config.blend_steps), True
            self.cautious_weights = best_weights(truth, (cautious, retrieved), self.config.blend_steps)
        references = [replace(section, expression=self.measured(section).reference) for section in sections]
        mean = usual(references, spot_groups(sections)[0])
        groups = len({item.patient if kind == "patients" else item.section for item, _ in held})

        def calibrated(weights: Weights, parts: Sequence[Sequence[FloatArray]], kind_told: str) -> Calibration | None:
            values = [mixed(weights, predictions) for predictions in zip(*parts, strict=True)]
            signals = [self._all_signals(*pair, sections, kind) for pair in zip(held, values, strict=True)]
            found = [hits(truth[n], values[n], mean[i]) for n, (_, i) in enumerate(held)]
            return Calibration.fit(signals, found, groups=groups, kind=kind_told)

        if kind != "patients":
            self._cautious = calibrated(self.cautious_weights, (cautious, retrieved), f"{kind} of patients trained on")
        return calibrated(self.weights, parts, kind)

    def calibration_of(self, query: QueryData) -> Calibration | None:
        """Return the calibration of the blend, or of what stands in for it."""
        return self._calibration if self._carries_over(query) else self._cautious

    def _all_signals(
        self, held: tuple[HeldOut, int], values: FloatArray, sections: Sequence[TrainData], kind: str
    ) -> FloatArray:
        item, number = held
        features = sections[number].features[item.rows]
        query = replace(sections[number].query(), features=features)
        more = self.more_signals(query, values, exclude_patient=kind == "patients")
        return np.concatenate([item.signals, more], axis=1)

    def more_signals(self, query: QueryData, values: FloatArray, *, exclude_patient: bool) -> FloatArray:
        """Return (n, 2): how strange each place is, and how far its prediction lies from the mean."""
        pair = self._regressions()
        scores, patient = pair.axes.scores(query.features), query.patient if exclude_patient else None
        strange = self._known().strangeness(scores, own=query.own, patient=patient)
        return np.stack([strange, deviation_size(values, pair.mean)], axis=1)

    def complete(self, query: QueryData, retrieved: FloatArray) -> FloatArray:
        """Return the blend; that with caution for a patient that nothing could show how to carry over to."""
        pair = self._regressions()
        if self._carries_over(query):
            return mixed(self.weights, [*pair.predict(query.features), retrieved])
        return mixed(self.cautious_weights, [pair.cautious.predict(query.features), retrieved])

    def _carries_over(self, query: QueryData) -> bool:
        """Return whether training could show how well the blend does on a query's patient."""
        bank = self.trained()[1]
        known = query.patient is not None and query.patient in bank.patients
        return self._across_patients or known or not query.own.isdisjoint(bank.sections)

    def _known(self) -> Familiarity:
        if self._familiarity is None:
            raise InputError("This model is not trained yet: train it, or load a model file.")
        return self._familiarity

    def _regressions(self) -> RegressionPair:
        if self._pair is None:
            raise InputError("This model is not trained yet: train it, or load a model file.")
        return self._pair

    def state(self) -> dict[str, Tensor]:
        """Return what retrieval needs, the regressions, and the places that familiarity is measured from."""
        familiar = self._familiarity.state() if self._familiarity else {}
        return super().state() | self._regressions().state() | familiar

    def texts(self) -> dict[str, Any]:
        """Return what retrieval needs, the blend, and the names of the training sections."""
        familiar = dict(self._familiarity.texts()) if self._familiarity else {}
        return (
            super().texts()
            | familiar
            | {"blend": list(self.weights), "cautious_blend": list(self.cautious_weights)}
            | {"across_patients": self._across_patients}
            | {"cautious_calibration": self._cautious.texts() if self._cautious else None}
        )

    def load(self, state: dict[str, Tensor], texts: dict[str, Any]) -> None:
        """Take back what `state` and `texts` returned."""
        if "cautious_blend" not in texts:
            raise ValueError("an earlier version of geneglass wrote it, whose networks differ")
        super().load(state, texts)
        self._pair = RegressionPair.load(state)
        self._familiarity = Familiarity.load(state, texts)
        self.weights, self.cautious_weights = tuple(texts["blend"]), tuple(texts["cautious_blend"])
        self._across_patients = bool(texts["across_patients"])
        self._cautious = Calibration.load(texts.get("cautious_calibration"))
