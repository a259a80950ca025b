"""References put into another order by a network that nobody trained, as MViTGene did."""

import numpy as np
import torch
from torch import Tensor, nn

from geneglass.model.recipe import Neighbours

UNITS = 32


def randomly_reranked(found: Neighbours, query: Tensor, embeddings: Tensor, *, k: int, seed: int) -> Neighbours:
    """Return the k references of the highest similarity times a random factor of each pair, weights to sum one.

    Parameters
    ----------
    found
        The (n, m) references that are considered.
    query, embeddings
        (n, dim) of the places and (b, dim) of the bank, which the factors are read from.
    k
        How many are kept of each; fewer where there are fewer.
    seed
        The network follows from it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        of_query, of_reference = nn.Linear(query.shape[1], UNITS), nn.Linear(query.shape[1], UNITS, bias=False)
        to_factor = nn.Sequential(nn.ReLU(), nn.Linear(UNITS, 1), nn.Sigmoid())
    rows = torch.from_numpy(found.rows)
    with torch.no_grad():
        hidden = of_query(query.cpu())[:, None] + of_reference(embeddings.cpu())[rows]
        score = torch.from_numpy(found.similarity) * to_factor(hidden)[..., 0]
    kept = score.topk(min(k, score.shape[1]), dim=1).indices.numpy()
    weights = np.take_along_axis(found.weights, kept, axis=1)
    return Neighbours(
        rows=np.take_along_axis(found.rows, kept, axis=1),
        weights=weights / weights.sum(axis=1, keepdims=True),
        similarity=np.take_along_axis(found.similarity, kept, axis=1),
    )
