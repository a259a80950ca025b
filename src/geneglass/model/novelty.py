"""Places that look like nothing in training: of them nothing was learned, and no confidence holds.

A confidence is calibrated on training tissue that was left out, so it says nothing of what none of that tissue looked
like. Distances on the principal axes do not see it either: white noise is near everything there, since next to nothing
of it lies along axes that tissue varies on. It lies outside of them. So two things are asked of a place:

- how much of its features lies outside the principal axes of the training tissue, for each part that lies along them,
  each column in units of what was left over of tissue that was left out;
- how far its features are from the training mean.

A place is unlike the training tissue where either is beyond what nearly all of the tissue left out showed, and a margin
more, since the next slide differs more from those trained on than they do from each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.recipe import TrainData
from geneglass.model.ridge_solver import Matrix, principal, spot_groups

UNLIKE = 0.0
"""The confidence of a place that looks like nothing in training; a calibrated one never comes to it by itself."""

COMPONENTS = 150
"""Principal axes that tissue is told by, and at most a quarter of the features: some must be left to lie outside."""
MAX_PLACES = 1000
"""Training places that are looked at; of more, this many are drawn."""
FOLDS = 5
"""Groups are left out together where there are more."""
QUANTILE, MARGIN = 0.99, 1.2
"""Beyond this share of the places left out, by this factor. On her2st C2 to C5, three mouse olfactory bulbs and the
sample, each left out in turn, at most 1 % of the spots are beyond, and all with noise or inverted pixels."""
LEAST = 0.01
"""Columns of which less is left over, of what is usual, count as if it were this much: else rounding would decide."""

_ARRAYS = ("mean", "scale", "axes", "left_over", "limits")
_NAME = "novelty"


@dataclass(frozen=True)
class Novelty:
    """What training tissue looks like, and how far from it tissue left out was.

    Attributes
    ----------
    mean, scale
        (dim,) of the features; a column that never changes has the scale 0.
    axes
        (dim, k) principal axes of the scaled features.
    left_over
        (dim,) root mean square of what lay outside the axes of other groups, against what lay along them.
    limits
        (2,) of `measures`.
    """

    mean: FloatArray
    scale: FloatArray
    axes: FloatArray
    left_over: FloatArray
    limits: FloatArray

    @classmethod
    def of(cls, sections: Sequence[TrainData], *, seed: int) -> "Novelty | None":
        """Return what is known of training sections; None of a single one, which can not tell how others differ."""
        if len(sections) == 1:
            return None
        return cls.fit([section.features for section in sections], spot_groups(sections)[0], seed=seed)

    @classmethod
    def fit(cls, features: Sequence[FloatArray], groups: Sequence[NDArray[np.int64]], *, seed: int) -> "Novelty":
        """Return what is known of training tissue.

        Parameters
        ----------
        features
            Per section (n, dim).
        groups
            Per section (n,) the group of each place: patients, else sections. What of each lies outside the axes of
            the others is what a new place is held against.
        seed
            Of the draw, where there are more than `MAX_PLACES` places.
        """
        drawn, fold = _drawn(np.concatenate(list(features)), np.concatenate(list(groups)), seed)
        outside, distances = np.empty_like(drawn), np.empty(len(drawn))
        for number in np.unique(fold):
            own = fold == number
            outside[own], distances[own] = _apart(drawn[own], *_axes(drawn[~own]))
        left_over = np.sqrt((outside**2).mean(axis=0))
        measures = np.stack([_in_units(outside, left_over), distances], axis=1)
        limits = MARGIN * np.quantile(measures, QUANTILE, axis=0)
        return cls(*(np.asarray(array, np.float32) for array in (*_axes(drawn), left_over, limits)))

    def measures(self, features: FloatArray) -> Matrix:
        """Return (n, 2): what lies outside the axes, in units of what was left over, and how far each place lies."""
        mean, scale, axes, left_over = (
            array.astype(np.float64) for array in (self.mean, self.scale, self.axes, self.left_over)
        )
        outside, distances = _apart(features.astype(np.float64), mean, scale, axes)
        return np.stack([_in_units(outside, left_over), distances], axis=1)

    def unlike(self, features: FloatArray) -> NDArray[np.bool_]:
        """Return (n,) True for places, given by (n, dim) features, that look like nothing in training."""
        beyond: NDArray[np.bool_] = self.measures(features) > self.limits
        return np.asarray(beyond.any(axis=1))

    def state(self) -> dict[str, torch.Tensor]:
        """Return the arrays as tensors."""
        return {f"{_NAME}.{name}": torch.from_numpy(getattr(self, name).copy()) for name in _ARRAYS}

    @classmethod
    def load(cls, state: Mapping[str, torch.Tensor]) -> "Novelty | None":
        """Return what `state` was taken from; None where it holds nothing of it, as files of earlier versions do.

        Raises
        ------
        KeyError, ValueError
            When it holds only a part, or parts that do not fit.
        """
        if not any(name.startswith(f"{_NAME}.") for name in state):
            return None
        found = cls(*(state[f"{_NAME}.{name}"].cpu().numpy() for name in _ARRAYS))
        dim = len(found.mean)
        shapes = [getattr(found, name).shape for name in _ARRAYS]
        if shapes != [(dim,), (dim,), (dim, found.axes.shape[-1]), (dim,), (2,)]:
            raise ValueError("what tells tissue unlike that of training does not fit together")
        return found


def known_confidence(novelty: Novelty | None, confidence: FloatArray | None, features: FloatArray) -> FloatArray | None:
    """Return (n,) confidences, `UNLIKE` where a place looks like nothing in training.

    Parameters
    ----------
    novelty
        None in model files of earlier versions, which can not tell.
    confidence
        (n,) as it would be of training tissue; None where the model states none.
    features
        (n, dim) of the places.
    """
    if novelty is None or confidence is None:
        return confidence
    return np.where(novelty.unlike(features), np.float32(UNLIKE), confidence)


def novelty_state(novelty: Novelty | None) -> dict[str, torch.Tensor]:
    """Return the arrays as tensors; nothing where there is nothing to tell by."""
    return {} if novelty is None else novelty.state()


def _drawn(features: FloatArray, group: NDArray[np.int64], seed: int) -> tuple[Matrix, NDArray[np.int64]]:
    """Return the places that are looked at, (n, dim), and the number of the fold of each."""
    fold = np.unique(group, return_inverse=True)[1].reshape(-1) % FOLDS
    if len(features) > MAX_PLACES:
        kept = np.sort(np.random.default_rng(seed).choice(len(features), MAX_PLACES, replace=False))
        features, fold = features[kept], fold[kept]
    return features.astype(np.float64), fold


def _axes(features: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return mean and scale, (dim,) each, and (dim, k) principal axes."""
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    steady = deviation <= 1e-6 * np.maximum(1.0, np.abs(mean))
    scale = np.where(steady, 0.0, 1.0 / np.where(steady, 1.0, deviation))
    count = max(min(COMPONENTS, features.shape[1] // 4), 1)
    axes, _ = principal((features - mean) * scale, count)
    return mean, scale, axes


def _apart(features: Matrix, mean: Matrix, scale: Matrix, axes: Matrix) -> tuple[Matrix, Matrix]:
    """Return (n, dim) what lies outside the axes, against what lies along them, and (n,) distances to the mean."""
    scaled = (features - mean) * scale
    along = scaled @ axes
    outside = scaled - along @ axes.T
    # Not against all of it: of many columns nearly everything may lie outside, and a share could not grow.
    inside = np.sqrt((along**2).sum(axis=1) / scaled.shape[1])
    return outside / np.maximum(inside, 1e-12)[:, None], np.sqrt((scaled**2).mean(axis=1))


def _in_units(outside: Matrix, left_over: Matrix) -> Matrix:
    """Return (n,) the root mean square over columns, each in units of what was left over of it."""
    least = max(LEAST * float(np.median(left_over)), 1e-9)
    found: Matrix = np.sqrt(((outside / np.maximum(left_over, least)) ** 2).mean(axis=1))
    return found
