"""Who may vote: the reference spots of a retrieval model's file, read without its encoder and its network."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, load_reference, read_part
from geneglass.model.contrastive import BANK
from geneglass.model.reference import ReferenceCounts
from geneglass.model.snapshot import part
from geneglass.model.sparse_tensors import from_tensors


@dataclass(frozen=True)
class ReferenceSpots:
    """The spots that a model retrieves from, in the order of its bank.

    Attributes
    ----------
    path, info
        The model's file, and what it says of itself.
    section_of
        (n,) index into `sections`.
    sections, patients
        Names of the sections and of the patient each is from.
    expression
        (n, genes) of the panel in the model's unit, by column.
    counts
        Counts of every gene that all sections measured; None until a gene outside the panel was asked for.
    """

    path: Path
    info: ModelInfo
    section_of: NDArray[np.int64]
    sections: tuple[str, ...]
    patients: tuple[str | None, ...]
    expression: sparse.csc_matrix
    counts: ReferenceCounts | None = None

    def __len__(self) -> int:
        return len(self.section_of)

    @cached_property
    def first_of(self) -> NDArray[np.int64]:
        """(sections,) the first row of each section."""
        return np.searchsorted(self.section_of, np.arange(len(self.sections)))

    def knows(self, gene: str) -> bool:
        """Return whether `values` has the gene at hand."""
        return gene in self.info.genes or self.counts is not None

    def with_counts(self) -> "ReferenceSpots":
        """Return the same spots with the genes outside the panel; the file is read for them.

        Raises
        ------
        InputError
            When the file has none.
        """
        return self if self.counts is not None else replace(self, counts=load_reference(self.path))

    def values(self, gene: str) -> FloatArray | None:
        """Return (n,) measured values of a gene in the model's unit; None where the file has none."""
        if gene in self.info.genes:
            column = self.expression[:, [self.info.genes.index(gene)]]
            return np.asarray(column.toarray(), np.float32).ravel()
        if self.counts is None or gene not in self.counts.genes:
            return None
        return self.counts.values(gene)


def load_spots(path: Path) -> ReferenceSpots:
    """Return the reference spots of a model file.

    Raises
    ------
    InputError
        When the file can not be used, or its recipe does not retrieve.
    """
    info, texts, tensors = read_part(path, f"recipe.{BANK}.")
    if not tensors:
        raise InputError(no_votes(info.recipe))
    try:
        dense = tensors.get("expression")
        rows = from_tensors(part("expression", tensors), len(info.genes)) if dense is None else dense.numpy()
        return ReferenceSpots(
            path=path,
            info=info,
            section_of=tensors["section_of"].numpy().astype(np.int64),
            sections=tuple(texts["sections"]),
            patients=tuple(texts["patients"]),
            expression=sparse.csc_matrix(rows),
        )
    except (KeyError, ValueError) as err:
        raise InputError(
            f"The reference spots in {path.name} are not complete ({str(err).splitlines()[0][:100]}): copy the file "
            "again or train again."
        ) from err


def no_votes(recipe: str) -> str:
    """Return why a recipe has no evidence to show."""
    return (
        f"{recipe} computes a value from the picture by a formula and looks up no reference patches, so there are "
        "none to show: a recipe that retrieves (geneglass, bleep) has them."
    )
