"""Small frozen values that the session hands out: genes, places, scores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class Gene:
    """One gene that can be shown, and on which sides."""

    name: str
    measured: bool
    predicted: bool
    trust_r: float | None = None
    """Held-out r per gene that the model file states, cross-fitted within its training set; None if unknown."""


@dataclass(frozen=True)
class Places:
    """Where values belong: n spots or tiles of the current section.

    Attributes
    ----------
    names
        (n,) names of spots or tiles.
    centres_yx
        (n, 2) centres in level-0 pixels of the slide.
    kept
        (n,) False for spots with too few counts to be judged: they are set aside in training and in scores.
    confidence
        (n,) 0..1, NaN where unknown; None on the measured side.
    """

    names: NDArray[np.object_]
    centres_yx: FloatArray
    kept: NDArray[np.bool_]
    confidence: FloatArray | None = None


@dataclass(frozen=True)
class Score:
    """Pearson's r of predicted with measured values of one gene in the current section.

    Attributes
    ----------
    r
        NaN where it is not defined: fewer than three spots, or a side without variation.
    n_spots
        How many spots it is over: measured, predicted and not set aside.
    training
        True when the model was trained on this section: the title must then say "training data".
    """

    r: float
    n_spots: int
    training: bool


def trust(prediction: "AnnData | None") -> dict[str, float | None]:
    """Return the predicted genes with the held-out r that the model file states for them, None where unknown."""
    if prediction is None:
        return {}
    if "trust_r" not in prediction.var:
        return dict.fromkeys(prediction.var_names)
    values = prediction.var["trust_r"].to_numpy(float)
    return {n: float(v) if np.isfinite(v) else None for n, v in zip(prediction.var_names, values, strict=True)}


def take(values: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
    """Return `values[rows]`, NaN where a row is -1."""
    return np.where(rows >= 0, values[rows], np.float32("nan")).astype(np.float32)


def pearson(a: FloatArray, b: FloatArray) -> float:
    """Return the correlation of two (n,) arrays, NaN where it is not defined."""
    if len(a) < 3:
        return float("nan")
    a, b = a.astype(float) - float(a.mean(dtype=float)), b.astype(float) - float(b.mean(dtype=float))
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 1e-9 else float("nan")
