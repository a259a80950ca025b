"""How much each of the reference spots found for a place counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from geneglass.model.nearest import Metric

Weighting = Literal["softmax", "inverse_square", "pearson", "uniform"]

BUDGET = 8_000_000
"""Numbers of the neighbours' embeddings held at once: 32 MB in float32, whatever the sizes of bank and query."""


@dataclass(frozen=True)
class Rule:
    """How neighbours are found and weighed.

    Attributes
    ----------
    k
        How many; fewer where the bank has fewer.
    metric
        What "near" means when they are chosen.
    weighting
        `softmax` of cosine over `temperature`, `inverse_square` of `distance`, `pearson` (1 + r over the numbers of
        the two embeddings), or `uniform`.
    distance
        What `inverse_square` measures, on the embeddings as they are (not normalised).
    """

    k: int
    metric: Metric = "cosine"
    weighting: Weighting = "softmax"
    temperature: float = 0.1
    distance: Literal["l1", "l2"] = "l2"


def weights_of(query: Tensor, embeddings: Tensor, rows: Tensor, similarity: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights that sum to one.

    Parameters
    ----------
    query
        (n, dim) embeddings of places.
    embeddings
        (spots, dim) embeddings of the reference spots.
    rows, similarity
        (n, k) which of them were found for each place, and their cosines.
    rule
        How they are weighed.
    """
    if rule.weighting in ("softmax", "uniform"):
        return weigh_by_cosine(similarity, rule)
    weigh = weigh_by_distance
    if rule.weighting == "pearson":
        # Each reference spot is made ready once, though many places have found it.
        weigh, query, embeddings = weigh_by_pearson, _centred(query), _centred(embeddings)
    weights = torch.empty_like(similarity)
    for part, chosen in _chosen(query, embeddings, rows):
        weights[part] = weigh(query[part], chosen, rule)
    return weights


def cosines(query: Tensor, embeddings: Tensor, rows: Tensor) -> Tensor:
    """Return (n, k) cosines of n places with the reference spots at these rows."""
    found = torch.empty(rows.shape, device=query.device)
    for part, chosen in _chosen(query, embeddings, rows):
        found[part] = functional.cosine_similarity(chosen, query[part, None], dim=2, eps=1e-12)
    return found


def _chosen(query: Tensor, embeddings: Tensor, rows: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield the (some, k, dim) embeddings at the rows of a few places at a time, so that memory stays bounded."""
    step = max(1, BUDGET // max(rows.shape[1] * query.shape[1], 1))
    for start in range(0, len(query), step):
        part = slice(start, start + step)
        yield part, embeddings.index_select(0, rows[part].flatten()).view(*rows[part].shape, -1)


def weigh_by_cosine(cosine: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights that sum to one, all equal or a softmax of the (n, k) cosines."""
    if rule.weighting == "uniform":
        return torch.full_like(cosine, 1 / cosine.shape[1])
    return torch.softmax(cosine / rule.temperature, dim=1)


def _centred(embeddings: Tensor) -> Tensor:
    """Return embeddings minus their own mean, of length one; zeros where one is constant."""
    return functional.normalize(embeddings - embeddings.mean(-1, keepdim=True), dim=-1)


def weigh_by_pearson(query: Tensor, chosen: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights (1 + r) / 2 that sum to one, r over the numbers of two embeddings; 0 where one is constant.

    Parameters
    ----------
    query, chosen
        (n, dim) and (n, k, dim) embeddings, each minus its own mean and of length one.
    rule
        Not read; every way to weigh embeddings takes it.
    """
    r = torch.einsum("nd,nkd->nk", query, chosen)
    # All opposite to the query, they count alike.
    weights = ((1 + r) / 2).clamp_min(1e-12)
    return weights / weights.sum(1, keepdim=True)


def weigh_by_distance(query: Tensor, chosen: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights 1 / d^2 that are finite and sum to one, also where a neighbour equals the query.

    Parameters
    ----------
    query, chosen
        (n, dim) and (n, k, dim) embeddings.
    rule
        Which distance.
    """
    # Subtracting before squaring keeps the distance of a near match right, which |a|^2 - 2ab + |b|^2 does not.
    exact = "donot_use_mm_for_euclid_dist"
    distance = torch.cdist(query[:, None], chosen, p=1.0 if rule.distance == "l1" else 2.0, compute_mode=exact)[:, 0]
    nearest = distance.min(dim=1, keepdim=True).values
    # (nearest / d)^2 is 1 / d^2 up to the row's factor, and can not overflow; an exact match takes all.
    weights = torch.where(nearest > 0, (nearest / distance.clamp_min(1e-30)).square(), (distance == 0).float())
    return weights / weights.sum(1, keepdim=True)
