"""Retrieval: which reference spots lie nearest a query in the embedding, and what they say together."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.nn import functional

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.nearest import Reference
from geneglass.model.recipe import Neighbours
from geneglass.model.snapshot import named, part
from geneglass.model.sparse_tensors import from_tensors, to_tensors
from geneglass.model.weighting import Rule, cosines, weights_of

_EXPRESSION = "expression"


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
            place = query[chunk]
            cosine = rule.metric == "cosine"
            similarity[chunk] = scores if cosine else cosines(place, reference.embeddings, near)
            weights[chunk] = weights_of(place, reference.embeddings, near, similarity[chunk], rule)
        return Neighbours(rows=_numpy(found), weights=_numpy(weights), similarity=_numpy(similarity))

    def weighed(self, query: Tensor, found: Neighbours, rule: Rule) -> Neighbours:
        """Return neighbours found for the (n, dim) query embeddings, weighed as another rule says."""
        rows, similarity = (torch.from_numpy(values).to(query.device) for values in (found.rows, found.similarity))
        weights = weights_of(query, self.embeddings, rows, similarity, rule)
        return replace(found, weights=_numpy(weights))

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
