"""Ridge regression from frozen features: the baseline that every network has to beat.

Features are standardised and rotated to their principal components. Expression is rotated to its own, and each of
these gets the ridge strength with the least squared error on training patients (or sections) left out in turn:
programmes of many genes that the tissue shows are kept, noise of single genes is shrunk to nothing. Everything
is in closed form, from sums of products per section.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import eigh

from geneglass.data.types import FloatArray
from geneglass.errors import InputError, UsageError
from geneglass.model.confidence import Familiarity
from geneglass.model.recipe import Answer, FitStep, QueryData, Recipe, Snapshots, TrainData
from geneglass.model.recipes import RECIPES

MIN_SPOTS = 4
"""Fewer training spots than this can not be split to choose a strength."""

_BLOCKS = 5

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class RidgeConfig:
    """Settings of `ridge`; strengths are in units of the variance of all feature components together."""

    components: Annotated[int, {"min": 1, "max": 2000, "tooltip": "Principal components of the features"}] = 150
    programmes: Annotated[
        int, {"min": 1, "max": 2000, "tooltip": "Principal components of the expression, with strength per programme"}
    ] = 100
    strength: Annotated[
        Literal["programme", "gene", "shared"],
        {"tooltip": "What gets a ridge strength of its own: each expression programme, each gene, or all share one"},
    ] = "programme"
    weakest: Annotated[float, {"min": 1e-9, "max": 1e9, "tooltip": "The weakest ridge strength tried"}] = 1e-5
    strongest: Annotated[float, {"min": 1e-9, "max": 1e9, "tooltip": "The strongest ridge strength tried"}] = 10.0
    steps: Annotated[int, {"min": 1, "max": 200, "tooltip": "How many strengths are tried in between"}] = 25
    centre_sections: Annotated[
        bool, {"tooltip": "Take each training section's own mean expression off before fitting"}
    ] = True

    def __post_init__(self) -> None:
        for name in ("components", "programmes", "steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, got {getattr(self, name)}.")
        if self.strength not in ("programme", "gene", "shared"):
            raise UsageError(f"strength must be programme, gene or shared, got {self.strength!r}.")
        if not 0 < self.weakest <= self.strongest < float("inf"):
            raise UsageError(
                f"weakest must be above 0 and not above strongest, got {self.weakest:g} and {self.strongest:g}."
            )

    def grid(self) -> Matrix:
        """Return the strengths to try; the last is infinite, which predicts the mean."""
        return np.append(np.geomspace(self.weakest, self.strongest, self.steps), np.inf)


@dataclass(frozen=True)
class _Moments:
    """Sums of products of one group of spots: all that a ridge fit and its squared error need."""

    features: Matrix
    both: Matrix
    targets: Matrix
    count: int

    @classmethod
    def of(cls, scores: Matrix, targets: Matrix) -> "_Moments":
        return cls(scores.T @ scores, scores.T @ targets, (targets**2).sum(axis=0), len(scores))

    def plus(self, other: "_Moments", sign: int = 1) -> "_Moments":
        return _Moments(
            self.features + sign * other.features,
            self.both + sign * other.both,
            self.targets + sign * other.targets,
            self.count + sign * other.count,
        )

    def weights(self, strengths: Matrix) -> Iterator[Matrix]:
        """Yield the (components, targets) weights of every strength."""
        values, axes = eigh(self.features / self.count)
        turned = axes.T @ self.both / self.count
        for strength in strengths:
            yield axes @ (turned / (np.maximum(values, 0.0) + strength)[:, None])

    def error(self, weights: Matrix) -> Matrix:
        """Return the squared error of (components, targets) weights on these spots, per target."""
        error: Matrix = self.targets + ((self.features @ weights - 2 * self.both) * weights).sum(axis=0)
        return error


@RECIPES.register("ridge")
class Ridge(Recipe):
    """Frozen features, PCA, ridge; see the module."""

    Config = RidgeConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._learned: dict[str, FloatArray] = {}
        self._familiarity: Familiarity | None = None

    def fit(self, sections: Sequence[TrainData], *, snapshots: Snapshots | None = None) -> Iterator[FitStep]:
        """Learn from measured sections in one pass, yielding at every group left out."""
        groups, kind = _groups(sections)
        total = len(np.unique(np.concatenate(groups))) + 1
        yield FitStep(0, total)
        scores = self._fit_features(sections)
        centred, mean = self._centred(sections)
        turn = self._fit_programmes(np.concatenate(centred))
        targets = [part if turn is None else part @ turn for part in centred]
        parts = _moments(scores, targets, groups)
        whole = _sum(parts)
        error = np.zeros((len(self.config.grid()), whole.both.shape[1]))
        for done, part in enumerate(parts, start=1):
            rest = whole.plus(part, -1)
            error += np.stack([part.error(weights) for weights in rest.weights(self.config.grid())])
            yield FitStep(done, total)
        chosen = self._choose(error)
        weights = _pick(whole.weights(self.config.grid()), chosen, whole.both.shape)
        self._learned |= {
            "weights": (weights if turn is None else weights @ turn.T).astype(np.float32),
            "mean": mean.astype(np.float32),
        }
        self._familiarity = Familiarity.fit(
            [part.astype(np.float32) for part in scores],
            sections=[section.section for section in sections],
            patients=[section.patient for section in sections],
            seed=self.seed,
        )
        yield FitStep(total, total, message=self._told(error, chosen, whole, kind))

    def _fit_features(self, sections: Sequence[TrainData]) -> list[Matrix]:
        """Learn standardising and rotation; return the scores of each section, with variance 1 in sum."""
        features = np.concatenate([section.features for section in sections]).astype(np.float64)
        mean, deviation = features.mean(axis=0), features.std(axis=0)
        steady = deviation <= 1e-6 * np.maximum(1.0, np.abs(mean))
        scale = np.where(steady, 0.0, 1.0 / np.where(steady, 1.0, deviation))
        axes, variance = _principal((features - mean) * scale, self.config.components)
        self._learned = {
            "feature_mean": mean.astype(np.float32),
            "rotation": (scale[:, None] * axes / np.sqrt(max(variance, 1e-12))).astype(np.float32),
        }
        return [self._scores(section.features).astype(np.float64) for section in sections]

    def _scores(self, features: FloatArray) -> FloatArray:
        return np.asarray((features - self._learned["feature_mean"]) @ self._learned["rotation"], dtype=np.float32)

    def _centred(self, sections: Sequence[TrainData]) -> tuple[list[Matrix], Matrix]:
        """Return the expression less its mean, and the mean that a prediction starts from."""
        expression: list[Matrix] = [section.expression.astype(np.float64) for section in sections]
        if not self.config.centre_sections:
            mean: Matrix = np.concatenate(expression).mean(axis=0)
            return [part - mean for part in expression], mean
        means = np.stack([part.mean(axis=0) for part in expression])
        return [part - own for part, own in zip(expression, means, strict=True)], means.mean(axis=0)

    def _fit_programmes(self, expression: Matrix) -> Matrix | None:
        if self.config.strength != "programme":
            return None
        return _principal(expression, self.config.programmes)[0]

    def _choose(self, error: Matrix) -> NDArray[np.int64]:
        """Return, per target, the row of the grid with the least squared error; ties go to the stronger."""
        judged = error.sum(axis=1, keepdims=True) + 0 * error if self.config.strength == "shared" else error
        chosen: NDArray[np.int64] = len(judged) - 1 - np.argmin(judged[::-1], axis=0)
        return chosen

    def _told(self, error: Matrix, chosen: NDArray[np.int64], whole: _Moments, kind: str) -> str:
        what = "expression programmes" if self.config.strength == "programme" else "genes"
        kept = int((chosen < len(error) - 1).sum())
        least = np.take_along_axis(error, chosen[None], axis=0).sum()
        explained = 1.0 - least / max(float(whole.targets.sum()), 1e-12)
        return (
            f"Strengths chosen with {kind} left out in turn: {kept} of {len(chosen)} {what} can be read from the "
            f"tissue, {explained:.1%} of their variance."
        )

    def predict(self, query: QueryData, *, exclude_patient: bool = False) -> Answer:
        """Return the expression of the query's places."""
        if not self._learned or self._familiarity is None:
            raise InputError("This ridge model has not been trained; train it or load a model file first.")
        expected = len(self._learned["feature_mean"])
        if query.features.shape[1] != expected:
            raise InputError(
                f"The features of {query.section} have {query.features.shape[1]} columns, the model was trained on "
                f"{expected}; use the encoder it was trained with."
            )
        scores = self._scores(query.features)
        values = np.maximum(scores @ self._learned["weights"] + self._learned["mean"], 0.0)
        patient = query.patient if exclude_patient else None
        confidence = self._familiarity.confidence(scores, section=query.section, patient=patient)
        return Answer(values.astype(np.float32), confidence)

    def state(self) -> dict[str, torch.Tensor]:
        """Return weights, rotation and the training places for the confidence."""
        learned = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in self._learned.items()}
        return learned | (self._familiarity.state() if self._familiarity else {})

    def texts(self) -> dict[str, Any]:
        """Return the names of the training sections."""
        return dict(self._familiarity.texts()) if self._familiarity else {}

    def load(self, state: dict[str, torch.Tensor], texts: dict[str, Any]) -> None:
        """Take back what `state` and `texts` returned."""
        names = ("feature_mean", "rotation", "weights", "mean")
        self._learned = {name: state[name].cpu().numpy() for name in names}
        if self._learned["mean"].shape[-1] != len(self.genes):
            raise ValueError(f"weights for {self._learned['mean'].shape[-1]} genes, a panel of {len(self.genes)}")
        self._familiarity = Familiarity.load(state, texts)


def _principal(centred: Matrix, count: int) -> tuple[Matrix, float]:
    """Return the (columns, count) principal axes of a centred matrix, and the variance along them in sum."""
    wide = centred.shape[1] > centred.shape[0]
    gram = centred @ centred.T if wide else centred.T @ centred
    first = max(len(gram) - count, 0)
    values, axes = eigh(gram, subset_by_index=(first, len(gram) - 1))
    kept = values > 1e-10 * max(float(values[-1]), 1e-12)
    if not kept.any():
        return np.zeros((centred.shape[1], 1)), 0.0
    values, axes = values[kept], axes[:, kept]
    if wide:
        axes = centred.T @ axes / np.sqrt(values)
    return axes[:, ::-1], float(values.sum()) / len(centred)


def _groups(sections: Sequence[TrainData]) -> tuple[list[NDArray[np.int64]], str]:
    """Return, per section, the group of each spot, and in words what is left out together."""
    sizes = [len(section.features) for section in sections]
    if sum(sizes) < MIN_SPOTS:
        raise InputError(f"ridge needs at least {MIN_SPOTS} training spots, got {sum(sizes)}; add sections.")
    patients = [section.patient for section in sections]
    names = sorted({patient for patient in patients if patient is not None})
    if None not in patients and len(names) > 1:
        return [
            np.full(size, names.index(str(patient))) for size, patient in zip(sizes, patients, strict=True)
        ], "patients"
    if len(sections) > 1:
        return [np.full(size, index) for index, size in enumerate(sizes)], "sections"
    return [_strips(sections[0].centres_um_yx)], "strips of the one section"


def _strips(centres_um_yx: FloatArray) -> NDArray[np.int64]:
    """Return equal groups of places across the longer side of the tissue."""
    along = centres_um_yx[:, int(np.argmax(np.ptp(centres_um_yx, axis=0)))]
    rank = np.argsort(np.argsort(along, kind="stable"), kind="stable")
    return (rank * min(_BLOCKS, len(along)) // len(along)).astype(np.int64)


def _moments(scores: list[Matrix], targets: list[Matrix], groups: list[NDArray[np.int64]]) -> list[_Moments]:
    features, wanted, group = np.concatenate(scores), np.concatenate(targets), np.concatenate(groups)
    return [_Moments.of(features[group == index], wanted[group == index]) for index in np.unique(group)]


def _sum(parts: Sequence[_Moments]) -> _Moments:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.plus(part)
    return whole


def _pick(paths: Iterator[Matrix], chosen: NDArray[np.int64], shape: tuple[int, ...]) -> Matrix:
    """Return the weights with each target's column taken from its chosen strength."""
    weights = np.zeros(shape)
    for row, path in enumerate(paths):
        weights[:, chosen == row] = path[:, chosen == row]
    return weights
