"""The counts of every gene of a retrieval model's reference spots, kept sparse, so that any measured gene has a map.

A place's value of a gene is the weighted mean of its neighbours' values: one gather, whichever gene is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import sparse

from geneglass.data.genes import TARGET
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.recipe import UNIT, Neighbours, Recipe
from geneglass.model.retrieval import Bank, weighted_sum
from geneglass.model.sparse_tensors import from_tensors, to_tensors

VALUES_AT_ONCE = 4_000_000
"""Values of reference spots made dense at a time: 16 MB in float32."""
MIN_GENES_AT_ONCE = 32
_TOTALS = "totals"


@dataclass(frozen=True)
class SectionCounts:
    """Raw counts of one training section's kept spots, over all genes of its file.

    Attributes
    ----------
    counts
        (n, genes) sparse.
    totals
        (n,) counts over all genes.
    """

    name: str
    counts: sparse.csr_matrix
    genes: tuple[str, ...]
    totals: FloatArray


@dataclass(frozen=True)
class ReferenceCounts:
    """Raw counts of the bank's spots over the genes that all training sections measured.

    Attributes
    ----------
    counts
        (spots, genes) CSR, rows in the order of the bank's.
    totals
        (spots,) counts of each spot over all genes of its own file, also those that are not kept.
    genes
        Names of the columns.
    """

    counts: sparse.csr_matrix
    totals: FloatArray
    genes: tuple[str, ...]

    @cached_property
    def _values(self) -> sparse.csc_matrix:
        """(spots, genes) values in `UNIT`, by gene."""
        factor = np.divide(TARGET, self.totals, out=np.zeros_like(self.totals), where=self.totals > 0)
        values = self.counts.astype(np.float32)
        values.data = np.log1p(values.data * np.repeat(factor, np.diff(values.indptr)))
        return values.tocsc()

    @cached_property
    def _column_of(self) -> Mapping[str, int]:
        return {gene: column for column, gene in enumerate(self.genes)}

    def chunks(self, genes: Sequence[str]) -> Iterator[slice]:
        """Return the slices of a list of genes that are computed at a time, so that memory stays bounded."""
        step = max(MIN_GENES_AT_ONCE, VALUES_AT_ONCE // max(len(self.totals), 1))
        return (slice(start, min(start + step, len(genes))) for start in range(0, len(genes), step))

    def values(self, gene: str) -> FloatArray:
        """Return (spots,) values of a gene of `genes` in `UNIT`."""
        return np.asarray(self._values[:, [self._column_of[gene]]].toarray(), np.float32).ravel()

    def average(self, neighbours: Neighbours, genes: Sequence[str]) -> FloatArray:
        """Return (n, genes) the weighted mean of the neighbours' values in `UNIT`.

        Raises
        ------
        InputError
            When a gene was not measured in all training sections, or the neighbours are of another model.
        """
        absent = [gene for gene in genes if gene not in self._column_of]
        if absent:
            raise InputError(
                f"{absent[0]} was not measured in every section that the model was trained on, so its reference spots "
                "can not say anything about it: ask for another gene."
            )
        if neighbours.rows.size and int(neighbours.rows.max()) >= len(self.totals):
            raise InputError(
                f"The prediction's neighbours go up to spot {neighbours.rows.max()}, but the model has "
                f"{len(self.totals)} reference spots: give the model that the prediction was made with."
            )
        # By row, since whole rows are gathered.
        dense = self._values[:, [self._column_of[gene] for gene in genes]].toarray(order="C")
        return weighted_sum(torch.from_numpy(dense), neighbours)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return counts and totals, whole numbers in the smallest type that holds them."""
        return to_tensors(self.counts) | {_TOTALS: torch.from_numpy(self.totals.astype(np.float32))}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor], genes: Sequence[str]) -> "ReferenceCounts":
        """Return what `tensors` was taken from.

        Raises
        ------
        KeyError, ValueError
            When a tensor is missing, or they do not fit each other.
        """
        counts, totals = from_tensors(tensors, len(genes)), tensors[_TOTALS].numpy()
        if len(totals) != counts.shape[0]:
            raise ValueError(f"{len(totals)} totals for {counts.shape[0]} spots")
        return cls(counts, totals, tuple(genes))


def join_counts(sections: Sequence[SectionCounts], recipe: Recipe) -> ReferenceCounts | None:
    """Return the counts of a trained recipe's reference spots; None where there is nothing to retrieve them by.

    That is a recipe without a bank, or one whose unit is not `UNIT`: its maps of other genes would be in another
    unit than those of its panel.

    Parameters
    ----------
    sections
        What the recipe was trained on, in that order, one row per spot.

    Raises
    ------
    InputError
        When the bank's spots are not those of the sections.
    """
    bank = getattr(recipe, "bank", None)
    if not (recipe.retrieves and isinstance(bank, Bank) and recipe.unit == UNIT):
        return None
    used = [section for section in sections if len(section.totals)]
    _require_same_spots(used, bank)
    common = set.intersection(*(set(section.genes) for section in used))
    genes = tuple(gene for gene in used[0].genes if gene in common)
    parts = [_columns(section, genes) for section in used]
    counts = sparse.csr_matrix(sparse.vstack(parts, format="csr"))
    counts.sort_indices()
    return ReferenceCounts(counts, np.concatenate([section.totals for section in used]).astype(np.float32), genes)


def _require_same_spots(sections: Sequence[SectionCounts], bank: Bank) -> None:
    given = [(section.name, len(section.totals)) for section in sections]
    owners = bank.section_of.cpu().numpy()
    held = list(zip(bank.sections, np.bincount(owners, minlength=len(bank.sections)).tolist(), strict=True))
    if given != held or (np.diff(owners) < 0).any():
        told = [", ".join(f"{n} of {name}" for name, n in spots) for spots in (held, given)]
        raise InputError(
            f"The model's reference spots ({told[0]}) are not the spots it was trained on in their order ({told[1]}), "
            "so genes outside its panel can not be kept with it: train again."
        )


def _columns(section: SectionCounts, genes: Sequence[str]) -> sparse.csr_matrix:
    if section.genes == tuple(genes):
        return section.counts
    column_of = {gene: column for column, gene in enumerate(section.genes)}
    return section.counts[:, [column_of[gene] for gene in genes]]
