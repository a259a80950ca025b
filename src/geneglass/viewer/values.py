"""Small frozen values that the session hands out: genes, places, scores."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray

if TYPE_CHECKING:
    from anndata import AnnData

SIGNATURE, UNTESTED = "signature", "untested"


@dataclass(frozen=True)
class Gene:
    """One gene that can be shown, and on which sides."""

    name: str
    measured: bool
    predicted: bool
    trust_r: float | None = None
    """Held-out r per gene that the model file states, cross-fitted within its training set; None if unknown."""
    kind: str = ""
    """`SIGNATURE`, `UNTESTED`, or "" for a gene of the tables."""


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


def genes_of(spots: Spots | None, prediction: "AnnData | None") -> dict[str, Gene]:
    """Return the genes of both sides by name, in alphabetical order."""
    measured = set() if spots is None else set(spots.table.var_names)
    held_out_r = trust(prediction)
    names = sorted(measured | held_out_r.keys(), key=lambda name: (name.upper(), name))
    return {name: Gene(name, name in measured, name in held_out_r, held_out_r.get(name)) for name in names}


def rows_of(prediction: "AnnData | None", spots: Spots | None) -> NDArray[np.int64] | None:
    """Return, per measured spot, its row of the prediction (-1 for none); None where they share no name."""
    if prediction is None or spots is None:
        return None
    # Of a million tiles, looking each up among the spots is faster than making all of them something to look up in.
    spot = spots.table.obs_names.get_indexer(prediction.obs_names)
    known = np.flatnonzero(spot >= 0)
    if not len(known):
        return None
    rows = np.full(spots.table.n_obs, -1, np.int64)
    rows[spot[known]] = known
    return rows


def places_of(prediction: "AnnData", rows: NDArray[np.int64] | None, spots: Places | None) -> Places:
    """Return where the values of a prediction belong.

    Parameters
    ----------
    prediction
        With centres in `obsm["spatial"]`.
    rows
        Its row for each measured spot, -1 for none; None where it is of places of its own.
    spots
        The measured spots.
    """
    has_confidence = "confidence" in prediction.obs
    confidence = prediction.obs["confidence"].to_numpy(np.float32) if has_confidence else None
    if rows is not None and spots is not None:
        there = None if confidence is None else take(confidence, rows)
        return Places(spots.names, spots.centres_yx, spots.kept, there)
    centres_yx = np.asarray(prediction.obsm["spatial"], np.float32)[:, ::-1]
    return Places(prediction.obs_names.to_numpy(object), centres_yx, np.ones(prediction.n_obs, bool), confidence)


def column_of(table: "AnnData", gene: str) -> FloatArray:
    """Return the values of one gene, (n,), one after the other in memory: all that follows is faster for it."""
    column = table.X[:, table.var_names.get_loc(gene)]
    return np.ascontiguousarray(column.todense() if hasattr(column, "todense") else column, np.float32).reshape(-1)


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
