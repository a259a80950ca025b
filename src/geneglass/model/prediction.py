"""Answers as the table that is written, shown and scored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.model.checkpoint import ModelInfo
from geneglass.model.recipe import Answer, Neighbours
from geneglass.model.trust import NOT_ASSESSABLE, TRUST_COLUMNS, best_null, verdict_texts

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


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
        calibrated=parts[0].calibrated,
        neighbours=join_neighbours(neighbours) if len(neighbours) == len(parts) else None,
    )


def join_neighbours(parts: Sequence[Neighbours]) -> Neighbours:
    """Return the neighbours of consecutive lots of places as those of all."""
    return Neighbours(
        rows=np.concatenate([part.rows for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        similarity=np.concatenate([part.similarity for part in parts]),
    )


UNTESTED = "untested"
"""What `var["note"]` says of a gene outside the panel: nobody has measured how well it is predicted."""


def to_anndata(
    answer: Answer, info: ModelInfo, *, names: Sequence[str], centres_yx: FloatArray, genes: Sequence[str] | None = None
) -> "AnnData":
    """Return a prediction as a table of places and genes.

    Parameters
    ----------
    answer
        What the recipe said about n places; its values may have been widened by `widen`.
    info
        The model's header: panel, trust and what `uns["geneglass"]` says of it.
    names
        (n,) names of the places.
    centres_yx
        (n, 2) centres in level-0 pixels; stored as (x, y).
    genes
        Names of the answer's columns; the panel where not given.

    Returns
    -------
    table
        `X` in the model's unit; `obs["trained_on"]` is False until the caller knows better; `var["in_panel"]` and
        `var["note"]` tell genes outside the panel, whose trust columns are NaN.
    """
    import pandas as pd
    from anndata import AnnData

    n = len(answer.values)
    confidence = np.full(n, np.nan, np.float32) if answer.confidence is None else answer.confidence
    obs = pd.DataFrame(
        {"confidence": confidence.astype(np.float32), "trained_on": np.zeros(n, dtype=bool)},
        index=pd.Index([str(name) for name in names]),
    )
    table = AnnData(np.asarray(answer.values, np.float32), obs=obs, var=_var(info, genes or info.genes))
    table.obsm["spatial"] = np.ascontiguousarray(np.asarray(centres_yx, np.float32)[:, ::-1])
    if answer.neighbours is not None:
        table.obsm["neighbour_rows"] = answer.neighbours.rows.astype(np.int32)
        table.obsm["neighbour_weights"] = answer.neighbours.weights.astype(np.float32)
        table.obsm["neighbour_similarity"] = answer.neighbours.similarity.astype(np.float16)
    table.uns["geneglass"] = {
        "recipe": info.recipe,
        "encoder": info.encoder,
        "unit": info.unit,
        "version": info.version,
    }
    return table


def _var(info: ModelInfo, genes: Sequence[str]) -> "pd.DataFrame":
    """Return trust and origin of these genes, one row each."""
    import pandas as pd

    place = {gene: column for column, gene in enumerate(info.genes)}
    columns = np.array([place.get(gene, -1) for gene in genes], dtype=np.int64)
    inside = columns >= 0
    var: dict[str, np.ndarray] = {}
    for column, name in TRUST_COLUMNS.items():
        var[column] = np.full(len(columns), np.nan, np.float32)
        if name in info.trust:
            var[column][inside] = info.trust[name][columns[inside]]
    n_genes = len(info.genes)
    var["best_null"] = np.where(inside, best_null(info.trust, n_genes)[columns], "")
    var["verdict"] = np.where(inside, verdict_texts(info.trust, n_genes)[columns], NOT_ASSESSABLE)
    var |= {"in_panel": inside, "note": np.where(inside, "", UNTESTED)}
    return pd.DataFrame(var, index=pd.Index(list(genes)))


def widen(values: FloatArray, columns: Sequence[int], n_more: int) -> FloatArray:
    """Return (n, len(columns) + n_more): the chosen columns of an answer's values, and room for further genes."""
    wide = np.empty((len(values), len(columns) + n_more), np.float32)
    wide[:, : len(columns)] = values[:, list(columns)]
    return wide
