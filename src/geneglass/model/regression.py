"""What regressions from features share: features on their principal axes, expression as programmes of genes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.calibration import Calibration, hits
from geneglass.model.recipe import TrainData
from geneglass.model.ridge_solver import Matrix, principal

FEW, SPOTS_PER_AXIS = 150, 8
"""Axes that any training gets, and for how many spots there is one where these would be more."""


@dataclass(frozen=True)
class Axes:
    """Features -> scores: standardised, and turned to their principal axes with variance 1 in sum.

    Attributes
    ----------
    mean
        (dim,) of the training places.
    rotation
        (dim, components).
    """

    mean: FloatArray
    rotation: FloatArray

    @classmethod
    def fit(cls, sections: Sequence[TrainData], components: int, *, columns: int) -> "Axes":
        """Return the axes of the first columns of all training places; one that never changes has no part in them.

        Parameters
        ----------
        sections
            What is trained on.
        components
            So many axes at most; fewer where there are few spots.
        columns
            How many of the features are read.
        """
        features = np.concatenate([section.features for section in sections]).astype(np.float64)
        components = min(components, max(FEW, len(features) // SPOTS_PER_AXIS))
        mean, deviation = features.mean(axis=0), features.std(axis=0)
        steady = deviation <= 1e-6 * np.maximum(1.0, np.abs(mean))
        scale = np.where(steady, 0.0, 1.0 / np.where(steady, 1.0, deviation))
        axes, variance = principal(((features - mean) * scale)[:, :columns], components)
        rotation = np.zeros((len(mean), axes.shape[1]))
        rotation[:columns] = scale[:columns, None] * axes / np.sqrt(max(variance, 1e-12))
        return cls(mean.astype(np.float32), rotation.astype(np.float32))

    def scores(self, features: FloatArray) -> FloatArray:
        """Return the (n, components) scores of (n, dim) features."""
        return np.asarray((features - self.mean) @ self.rotation, dtype=np.float32)


@dataclass(frozen=True)
class Targets:
    """Expression -> what is regressed on: less its mean, and turned to programmes where that is wanted.

    Attributes
    ----------
    parts
        Per section (n, targets).
    means
        (sections, genes) what was taken off each section.
    mean
        (genes,) that a prediction starts from.
    turn
        (genes, programmes); None where each gene is a target.
    """

    parts: tuple[Matrix, ...]
    means: Matrix
    mean: Matrix
    turn: Matrix | None

    @classmethod
    def of(cls, sections: Sequence[TrainData], *, programmes: int, centre_sections: bool = True) -> "Targets":
        """Return the targets of training sections.

        Parameters
        ----------
        sections
            At least one.
        programmes
            Principal axes of the expression; 0 takes the genes themselves.
        centre_sections
            Take each section's own mean off, instead of the mean of all spots.
        """
        expression: list[Matrix] = [section.expression.astype(np.float64) for section in sections]
        means = np.stack([part.mean(axis=0) for part in expression])
        mean: Matrix = means.mean(axis=0)
        if not centre_sections:
            mean = np.concatenate(expression).mean(axis=0)
            means = np.repeat(mean[None], len(expression), axis=0)
        centred = [part - own for part, own in zip(expression, means, strict=True)]
        if not programmes:
            return cls(tuple(centred), means, mean, None)
        turn = principal(np.concatenate(centred), programmes)[0]
        return cls(tuple(part @ turn for part in centred), means, mean, turn)

    def genes(self, values: Matrix) -> Matrix:
        """Return (n, genes) values from (n, targets) ones."""
        return values if self.turn is None else values @ self.turn.T


@dataclass(frozen=True)
class Linear:
    """Features -> expression: programmes of genes read from the features, or the genes themselves.

    Attributes
    ----------
    features_mean
        (dim,) of the training places.
    coefficients
        (dim, targets).
    turn
        (targets, genes); None where each gene is a target.
    mean
        (genes,) that a prediction starts from.
    """

    features_mean: FloatArray
    coefficients: FloatArray
    turn: FloatArray | None
    mean: FloatArray

    @classmethod
    def of(cls, axes: Axes, coefficients: Matrix, targets: Targets) -> "Linear":
        """Return the prediction of targets by (dim, targets) coefficients; `axes` know the mean of the features."""
        turn = None if targets.turn is None else targets.turn.T.astype(np.float32)
        return cls(axes.mean, coefficients.astype(np.float32), turn, targets.mean.astype(np.float32))

    def predict(self, features: FloatArray) -> FloatArray:
        """Return the (n, genes) expression of (n, dim) features."""
        found = (features - self.features_mean) @ self.coefficients
        return np.asarray(np.maximum((found if self.turn is None else found @ self.turn) + self.mean, 0.0), np.float32)

    def arrays(self) -> dict[str, FloatArray]:
        """Return everything learned, by name."""
        named = {"features_mean": self.features_mean, "coefficients": self.coefficients, "mean": self.mean}
        return named if self.turn is None else named | {"turn": self.turn}

    @classmethod
    def load(cls, arrays: Mapping[str, FloatArray]) -> "Linear":
        """Return what `arrays` were taken from."""
        return cls(arrays["features_mean"], arrays["coefficients"], arrays.get("turn"), arrays["mean"])


def left_out(
    inputs: Sequence[Matrix],
    without: Callable[[int], Matrix],
    targets: Targets,
    groups: Sequence[NDArray[np.int64]],
) -> list[FloatArray]:
    """Return per section the (n, genes) prediction of each place by weights and mean of the other groups.

    The axes of features and programmes are those of all sections together.

    Parameters
    ----------
    inputs
        Per section (n, inputs).
    without
        The number of a group -> (inputs, targets) weights of all others.
    targets, groups
        What is predicted, and per section the group of each spot.
    """
    predicted = [np.empty((len(part), len(targets.mean)), np.float32) for part in inputs]
    for number, name in enumerate(np.unique(np.concatenate(list(groups)))):
        weights = without(number)
        others = [bool((group != name).any()) for group in groups]
        mean = targets.means[others].mean(axis=0)
        for out, part, group in zip(predicted, inputs, groups, strict=True):
            own = group == name
            out[own] = np.maximum(targets.genes(part[own] @ weights) + mean, 0.0)
    return predicted


def usual(sections: Sequence[TrainData], groups: Sequence[NDArray[np.int64]]) -> list[FloatArray]:
    """Return per section the (genes,) mean over all spots of other groups: what one would say without a picture."""
    everything, group = np.concatenate([s.expression for s in sections]), np.concatenate(list(groups))
    return [everything[group != own[0]].mean(axis=0) for own in groups]


def calibrate(
    sections: Sequence[TrainData],
    predicted: Sequence[FloatArray],
    signals: Sequence[FloatArray],
    groups: Sequence[NDArray[np.int64]],
    *,
    kind: str,
) -> Calibration | None:
    """Return the calibration of left-out predictions; None where signals are not known, as within one section.

    Parameters
    ----------
    sections
        What was measured.
    predicted
        Per section (n, genes), its group left out.
    signals
        Per section (n, s).
    groups, kind
        Per section the group of each spot, and what the groups are.
    """
    if len(sections) == 1 or not all(np.isfinite(part).all() for part in signals):
        return None
    mean = usual(sections, groups)
    found = [hits(s.expression, values, own) for s, values, own in zip(sections, predicted, mean, strict=True)]
    return Calibration.fit(signals, found, groups=len(np.unique(np.concatenate(list(groups)))), kind=kind)


def deviation_size(values: FloatArray, mean: FloatArray) -> FloatArray:
    """Return (n,) how far each prediction lies from the mean: a root mean square over genes."""
    size: FloatArray = np.sqrt(((values - mean) ** 2).mean(axis=1))
    return size


def told(strengths: Matrix, explained: float, kind: str, *, what: str) -> str:
    """Return in a sentence what was chosen."""
    kept = int(np.isfinite(strengths).sum())
    return (
        f"Strengths chosen with {kind} left out in turn: {kept} of {len(strengths)} {what} can be read from the "
        f"tissue, {explained:.1%} of their variance."
    )
