"""Retrieval: which reference spots lie nearest a query in the embedding, and how much each counts."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.nn import functional

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.nearest import Metric, Reference
from geneglass.model.recipe import Neighbours
from geneglass.model.snapshot import named, part
from geneglass.model.sparse_tensors import from_tensors, to_tensors

Weighting = Literal["softmax", "inverse_square", "pearson", "uniform"]

_EXPRESSION = "expression"
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

    def rows_for(self, own: AbstractSet[str], patient: str | None, *, exclude_patient: bool) -> Tensor:
        """Return the rows that a query may retrieve: never its own section's.

        Parameters
        ----------
        own
            Names of the sections that hold the query's own tissue.
        patient
            Whose tissue the query is.
        exclude_patient
            Whether no section of the patient may be retrieved from.

        Raises
        ------
        InputError
            When none is left.
        """
        allowed = [
            name not in own and not (exclude_patient and patient is not None and owner == patient)
            for name, owner in zip(self.sections, self.patients, strict=True)
        ]
        rows = torch.nonzero(torch.tensor(allowed, device=self.section_of.device)[self.section_of]).flatten()
        if not len(rows):
            of_patient = exclude_patient and patient is not None
            said = f"patient {patient}" if of_patient else f"section {', '.join(sorted(own))}"
            raise InputError(
                f"The model knows only spots of {said} itself, and a place never retrieves from its own: "
                "predict another section, or train on more."
            )
        return rows

    def tensors(self) -> dict[str, Tensor]:
        """Return its arrays for a model file, the expression sparse."""
        expression = to_tensors(sparse.csr_matrix(_numpy(self.expression)))
        return named(_EXPRESSION, expression) | {"embeddings": self.embeddings, "section_of": self.section_of}

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, Tensor], names: Mapping[str, Sequence[Any]], *, genes: int, device: torch.device
    ) -> "Bank":
        """Return what `tensors` was taken from.

        Parameters
        ----------
        tensors
            Also those of format 1, where the expression was one whole table.
        names
            The `sections` and `patients`.
        genes
            Columns of the expression.
        device
            Where the tensors go.

        Raises
        ------
        KeyError, ValueError
            When a tensor is missing, or they do not fit each other.
        """
        expression = tensors.get(_EXPRESSION)
        if expression is None:
            rows = from_tensors(part(_EXPRESSION, tensors), genes).astype(np.float32)
            expression = torch.from_numpy(rows.toarray(order="C"))
        embeddings, section_of = tensors["embeddings"], tensors["section_of"]
        if expression.shape != (len(embeddings), genes) or len(section_of) != len(embeddings):
            raise ValueError(f"its tensors are for {expression.shape[1]} genes and {len(embeddings)} reference spots")
        sections, patients = tuple(names["sections"]), tuple(names["patients"])
        return cls(embeddings.to(device), expression.to(device), section_of.to(device), sections, patients)

    def search(self, query: Tensor, rows: Tensor, rule: Rule) -> Neighbours:
        """Return the nearest of the bank's `rows` for each of the (n, dim) query embeddings, nearest first.

        Exact, up to the rounding of float32; of equally near rows the first is taken first.
        """
        everything = len(rows) == len(self)
        reference = Reference(self.embeddings if everything else self.embeddings[rows], rule.metric)
        shape = (len(query), min(rule.k, len(rows)))
        found = torch.empty(shape, dtype=torch.int64, device=query.device)
        weights, similarity = (torch.empty(shape, device=query.device) for _ in range(2))
        for chunk in reference.chunks(len(query)):
            scores, near = reference.nearest(query[chunk], shape[1])
            found[chunk] = rows[near]
            _weigh_chunk(query[chunk], reference, (scores, near), rule, out=(weights[chunk], similarity[chunk]))
        return Neighbours(rows=_numpy(found), weights=_numpy(weights), similarity=_numpy(similarity))

    def average(self, neighbours: Neighbours) -> FloatArray:
        """Return the (n, genes) weighted mean expression of the neighbours."""
        return weighted_sum(self.expression, neighbours)


def weighted_sum(values: Tensor, neighbours: Neighbours) -> FloatArray:
    """Return (n, columns) of a (spots, columns) table, summed over each place's neighbours with their weights."""
    rows = torch.from_numpy(neighbours.rows).to(values.device)
    weights = torch.from_numpy(neighbours.weights).to(values.device)
    # One gather-and-sum without the (n, k, columns) array in between.
    return _numpy(functional.embedding_bag(rows, values, per_sample_weights=weights, mode="sum"))


def nearest(neighbours: Neighbours, k: int) -> Neighbours:
    """Return the k nearest of neighbours found in order, their weights made to sum to one again."""
    weights = neighbours.weights[:, :k]
    weights = weights / weights.sum(axis=1, keepdims=True)
    return Neighbours(neighbours.rows[:, :k], weights, neighbours.similarity[:, :k])


def _numpy(tensor: Tensor) -> np.ndarray:
    found: np.ndarray = tensor.detach().cpu().numpy()
    return found


def _weigh_chunk(
    query: Tensor, reference: Reference, near: tuple[Tensor, Tensor], rule: Rule, *, out: tuple[Tensor, Tensor]
) -> None:
    """Fill in weights and cosines of a chunk, a few queries at a time where their neighbours' embeddings are needed."""
    weights, similarity = out
    scores, rows = near
    by_embedding = rule.weighting in ("inverse_square", "pearson")
    if rule.metric == "cosine":
        similarity[:] = scores
    step = max(1, BUDGET // (rows.shape[1] * query.shape[1]))
    for start in range(0, len(query) if by_embedding or rule.metric != "cosine" else 0, step):
        part = slice(start, start + step)
        chosen = reference.embeddings.index_select(0, rows[part].flatten()).view(*rows[part].shape, -1)
        if rule.metric != "cosine":
            similarity[part] = functional.cosine_similarity(chosen, query[part, None], dim=2, eps=1e-12)
        if by_embedding:
            weigh = weigh_by_distance if rule.weighting == "inverse_square" else weigh_by_pearson
            weights[part] = weigh(query[part], chosen, rule)
    if not by_embedding:
        weights[:] = weigh_by_cosine(similarity, rule)


def weigh_by_cosine(cosine: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights that sum to one, all equal or a softmax of the (n, k) cosines."""
    if rule.weighting == "uniform":
        return torch.full_like(cosine, 1 / cosine.shape[1])
    return torch.softmax(cosine / rule.temperature, dim=1)


def weigh_by_pearson(query: Tensor, chosen: Tensor, rule: Rule) -> Tensor:
    """Return (n, k) weights (1 + r) / 2 that sum to one, r over the numbers of two embeddings; 0 where one is constant.

    Parameters
    ----------
    query, chosen
        (n, dim) and (n, k, dim) embeddings.
    rule
        Not read; every way to weigh embeddings takes it.
    """
    query, chosen = (values - values.mean(-1, keepdim=True) for values in (query, chosen))
    r = torch.einsum("nd,nkd->nk", functional.normalize(query, dim=-1), functional.normalize(chosen, dim=-1))
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
