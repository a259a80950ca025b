"""Answers as the table that is written, shown and scored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.model.checkpoint import ModelInfo
from geneglass.model.recipe import Answer, Neighbours

if TYPE_CHECKING:
    from anndata import AnnData

TRUST_COLUMNS = {"trust_r": "r", "trust_r_low": "r_low", "trust_r_high": "r_high", "null_r": "null_r"}
"""Held-out r of each gene within the training set, its interval, and the best null; NaN where not measured."""


def join_answers(parts: Sequence[Answer]) -> Answer:
    """Return one answer from those to consecutive parts of a query.

    Raises
    ------
    ValueError
        When there is no part.
    """
    if not parts:
        raise ValueError("join_answers needs at least one part, got none")
    if len(parts) == 1:
        return parts[0]
    confidences = [part.confidence for part in parts if part.confidence is not None]
    neighbours = [part.neighbours for part in parts if part.neighbours is not None]
    return Answer(
        values=np.concatenate([part.values for part in parts]),
        confidence=np.concatenate(confidences) if len(confidences) == len(parts) else None,
        neighbours=_join_neighbours(neighbours) if len(neighbours) == len(parts) else None,
    )


def _join_neighbours(parts: Sequence[Neighbours]) -> Neighbours:
    return Neighbours(
        rows=np.concatenate([part.rows for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        similarity=np.concatenate([part.similarity for part in parts]),
    )


def to_anndata(answer: Answer, info: ModelInfo, *, names: Sequence[str], centres_yx: FloatArray) -> "AnnData":
    """Return a prediction as a table of places and genes.

    Parameters
    ----------
    answer
        What the recipe said about n places.
    info
        The model's header: panel, trust and what `uns["geneglass"]` says of it.
    names
        (n,) names of the places.
    centres_yx
        (n, 2) centres in level-0 pixels; stored as (x, y).

    Returns
    -------
    table
        `X` in the model's unit; `obs["trained_on"]` is False until the caller knows better.
    """
    import pandas as pd
    from anndata import AnnData

    n = len(answer.values)
    confidence = np.full(n, np.nan, np.float32) if answer.confidence is None else answer.confidence
    obs = pd.DataFrame(
        {"confidence": confidence.astype(np.float32), "trained_on": np.zeros(n, dtype=bool)},
        index=pd.Index([str(name) for name in names]),
    )
    absent = np.full(len(info.genes), np.nan, np.float32)
    var = pd.DataFrame(
        {column: np.asarray(info.trust.get(name, absent), np.float32) for column, name in TRUST_COLUMNS.items()},
        index=pd.Index(list(info.genes)),
    )
    table = AnnData(np.asarray(answer.values, np.float32), obs=obs, var=var)
    table.obsm["spatial"] = np.ascontiguousarray(np.asarray(centres_yx, np.float32)[:, ::-1])
    if answer.neighbours is not None:
        table.obsm["neighbour_rows"] = answer.neighbours.rows.astype(np.int32)
        table.obsm["neighbour_weights"] = answer.neighbours.weights.astype(np.float32)
    table.uns["geneglass"] = {
        "recipe": info.recipe,
        "encoder": info.encoder,
        "unit": info.unit,
        "version": info.version,
    }
    return table


def similarity_confidence(neighbours: Neighbours, training: FloatArray) -> FloatArray:
    """Return for each place the share of training places no nearer to their references than it is.

    Parameters
    ----------
    neighbours
        Of the places asked about.
    training
        Sorted mean similarity of every training place to its own neighbours, its own section left out.
    """
    mean = neighbours.similarity.mean(axis=1)
    share: FloatArray = (np.searchsorted(training, mean, side="right") / max(len(training), 1)).astype(np.float32)
    return share
