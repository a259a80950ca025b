"""References put into another order by a network that nobody trained, as MViTGene did."""

import numpy as np
import torch
from torch import nn

from geneglass.model.recipe import Neighbours

UNITS = 32


def randomly_reranked(found: Neighbours, k: int, seed: int) -> Neighbours:
    """Return the k references of the highest similarity times a random network's factor for it, weights to sum one.

    Parameters
    ----------
    found
        References of n places, as many as are to be considered.
    k
        How many are kept of each; fewer where there are fewer.
    seed
        The factors follow from it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(1, UNITS), nn.ReLU(), nn.Linear(UNITS, 1), nn.Sigmoid())
    similarity = torch.from_numpy(found.similarity)
    with torch.no_grad():
        score = similarity * network(similarity[..., None])[..., 0]
    kept = score.topk(min(k, score.shape[1]), dim=1).indices.numpy()
    rows, weights, similarities = (
        np.take_along_axis(values, kept, axis=1) for values in (found.rows, found.weights, found.similarity)
    )
    return Neighbours(rows, weights / weights.sum(axis=1, keepdims=True), similarities)
