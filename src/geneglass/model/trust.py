"""What a model file says of each gene: how well it was predicted on tissue left out, and what saw no image."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Trust = Mapping[str, NDArray[Any]]
"""(genes,) arrays by name."""

NOT_ASSESSABLE, NOT_BETTER, BETTER = "not assessable", "not better", "better"
VERDICTS = (NOT_ASSESSABLE, NOT_BETTER, BETTER)
"""Each verdict by its code: model files hold numbers."""

NULL = "null."
"""Before the name of each predictor without an image, whose r a model file holds."""

TRUST_COLUMNS = {
    "trust_r": "r",
    "trust_r_low": "r_low",
    "trust_r_high": "r_high",
    "null_r": "null_r",
    "ceiling": "ceiling",
}
"""Held-out r of each gene within the training set, its interval, the best null and the noise ceiling; NaN where not
measured."""


def null_names(trust: Trust) -> tuple[str, ...]:
    """Return the predictors without an image whose r is known."""
    return tuple(sorted(name.removeprefix(NULL) for name in trust if name.startswith(NULL)))


def best_null(trust: Trust, n_genes: int) -> NDArray[np.object_]:
    """Return (genes,) the name of the predictor without an image with the highest r, "" where none has one.

    Parameters
    ----------
    trust
        (genes,) arrays by name.
    n_genes
        How many genes, also where nothing is known of them.
    """
    names = null_names(trust)
    if not names:
        return np.full(n_genes, "", object)
    r = np.stack([np.nan_to_num(np.asarray(trust[NULL + name], np.float32), nan=-np.inf) for name in names])
    best = np.array(names, object)[r.argmax(axis=0)]
    return np.where(np.isfinite(r.max(axis=0)), best, "")


def verdict_texts(trust: Trust, n_genes: int) -> NDArray[np.object_]:
    """Return (genes,) the verdict in words; not assessable where a model file holds none."""
    codes = np.asarray(trust.get("verdict", np.zeros(n_genes)), np.int64)
    known: Sequence[str] = VERDICTS
    return np.array(known, object)[codes]
