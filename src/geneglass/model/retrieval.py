"""Retrieval: which reference spots lie nearest a query in the embedding, and how much each counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.recipe import Neighbours

Metric = Literal["cosine", "l1", "l2"]
Weighting = Literal["softmax", "inverse_square", "uniform"]

BUDGET = 4_000_000
"""Numbers held at once while searching: 16 MB in float32, whatever the sizes of bank and query."""


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
        `softmax` of cosine over `temperature`, `inverse_square` of `distance`, or `uniform`.
    distance
        What `inverse_square` measures, on the embeddings as they are (not normalised).
    """

    k: int
    metric: Metric = "cosine"
    weighting: Weighting = "softmax"
    temperature: float = 0.1
    distance: Literal["l1", "l2"] = "l2"


@dataclass(frozen=True)
class Bank:
    """Reference spots.

    Attributes
    ----------
    embeddings
        (n, dim).
    expression
        (n, genes) in the recipe's unit.
    section_of
        (n,) index into `sections`.
    sections, patients
        Names of the sections and of the patient each is from.
    """

    embeddings: Tensor
    expression: Tensor
    section_of: Tensor
    sections: tuple[str, ...]
    patients: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.embeddings)

    def rows_for(self, section: str, patient: str | None, *, exclude_patient: bool) -> Tensor:
        """Return the rows that a query from this section may retrieve: never its own section's.

        Raises
        ------
        InputError
            When none is left.
        """
        allowed = [
            name != section and not (exclude_patient and patient is not None and owner == patient)
            for name, owner in zip(self.sections, self.patients, strict=True)
        ]
        rows = torch.nonzero(torch.tensor(allowed, device=self.section_of.device)[self.section_of]).flatten()
        if not len(rows):
            own = f"patient {patient}" if exclude_patient and patient is not None else f"section {section}"
            raise InputError(
                f"The model knows only spots of {own} itself, and a place never retrieves from its own: "
                "predict another section, or train on more."
            )
        return rows

    def search(self, query: Tensor, rows: Tensor, rule: Rule) -> Neighbours:
        """Return the nearest of the bank's `rows` for each of the (n, dim) query embeddings."""
        reference = self.embeddings[rows]
        k = min(rule.k, len(rows))
        found, weights, similarity = [], [], []
        for part in _chunks(query, len(rows) + k * query.shape[1]):
            near = _nearness(part, reference, rule.metric)
            top = near.topk(k, dim=1)
            cosine = (
                top.values if rule.metric == "cosine" else _nearness(part, reference, "cosine").gather(1, top.indices)
            )
            found.append(rows[top.indices])
            similarity.append(cosine)
            weights.append(weigh(cosine, part, reference[top.indices], rule))
        return Neighbours(
            rows=_numpy(torch.cat(found)),
            weights=_numpy(torch.cat(weights)),
            similarity=_numpy(torch.cat(similarity)),
        )

    def average(self, neighbours: Neighbours) -> FloatArray:
        """Return the (n, genes) weighted mean expression of the neighbours."""
        device = self.expression.device
        rows = torch.from_numpy(neighbours.rows).to(device)
        weights = torch.from_numpy(neighbours.weights).to(device)
        # One gather-and-sum without the (n, k, genes) array in between.
        return _numpy(functional.embedding_bag(rows, self.expression, per_sample_weights=weights, mode="sum"))


def nearest(neighbours: Neighbours, k: int) -> Neighbours:
    """Return the k nearest of neighbours found in order, their weights made to sum to one again."""
    weights = neighbours.weights[:, :k]
    weights = weights / weights.sum(axis=1, keepdims=True)
    return Neighbours(neighbours.rows[:, :k], weights, neighbours.similarity[:, :k])


def _numpy(tensor: Tensor) -> np.ndarray:
    found: np.ndarray = tensor.detach().cpu().numpy()
    return found


def _chunks(query: Tensor, width: int) -> Iterator[Tensor]:
    step = max(1, BUDGET // max(width, 1))
    if not len(query):
        yield query
    for start in range(0, len(query), step):
        yield query[start : start + step]


def _nearness(query: Tensor, reference: Tensor, metric: Metric) -> Tensor:
    if metric == "cosine":
        return functional.normalize(query, dim=1) @ functional.normalize(reference, dim=1).T
    return -torch.cdist(query, reference, p=1.0 if metric == "l1" else 2.0)


def weigh(cosine: Tensor, query: Tensor, chosen: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights that are finite and sum to one, also where a neighbour equals the query.

    Parameters
    ----------
    cosine
        (n, k) cosine of each query and neighbour.
    query, chosen
        (n, dim) and (n, k, dim) embeddings.
    rule
        Which weighting.
    """
    if rule.weighting == "uniform":
        return torch.full_like(cosine, 1 / cosine.shape[1])
    if rule.weighting == "softmax":
        return torch.softmax(cosine / rule.temperature, dim=1)
    difference = chosen - query[:, None]
    distance = difference.abs().sum(2) if rule.distance == "l1" else difference.square().sum(2).sqrt()
    nearest = distance.min(dim=1, keepdim=True).values
    # (nearest / d)^2 is 1 / d^2 up to the row's factor, and can not overflow; an exact match takes all.
    weights = torch.where(nearest > 0, (nearest / distance.clamp_min(1e-30)).square(), (distance == 0).float())
    return weights / weights.sum(1, keepdim=True)
