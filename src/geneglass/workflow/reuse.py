"""Whether retrieval draws on many reference spots, or on a few that are near to everything ("hubs")."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geneglass.model.recipe import Neighbours

N_HUBS = 10


@dataclass(frozen=True)
class Reuse:
    """What the predictions of one test section were made of.

    Attributes
    ----------
    hubs
        Share of all weight that the `N_HUBS` most used reference spots have (Radovanovic et al. 2010, JMLR 11).
    used
        Share of the reference spots that were retrieved for any place.
    even
        What `hubs` would be if all reference spots were used alike.
    """

    hubs: float
    used: float
    even: float


def reuse(neighbours: Neighbours, n_references: int) -> Reuse:
    """Return how the weight of all places is spread over the reference spots.

    Parameters
    ----------
    neighbours
        Of every place of a section.
    n_references
        How many spots were trained on.
    """
    weights = np.abs(neighbours.weights).astype(np.float64)
    received = np.bincount(neighbours.rows.ravel(), weights=weights.ravel(), minlength=n_references)
    hubs = np.sort(received)[-N_HUBS:].sum() / received.sum()
    retrieved = np.unique(neighbours.rows).size
    return Reuse(float(hubs), retrieved / n_references, min(N_HUBS / n_references, 1.0))


def mean_reuse(found: Sequence[Reuse]) -> dict[str, float]:
    """Return the means over test sections, as metrics.json holds them."""
    return {name: float(np.mean([getattr(one, name) for one in found])) for name in ("hubs", "used", "even")}
