"""Maps of any measured gene of a prediction that is already there, each computed when it is asked for."""

from functools import cached_property
from pathlib import Path

import numpy as np
from anndata import AnnData, read_h5ad

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, load_reference, read_info
from geneglass.model.recipe import Neighbours
from geneglass.model.reference import ReferenceCounts
from geneglass.workflow.provenance import file_hash


class AnyGene:
    """A prediction and the model it was made with.

    Parameters
    ----------
    table
        The prediction, as `predict` returns it.
    model
        The model's file; its reference spots are read when the first gene outside the table is asked for.

    Raises
    ------
    InputError
        When the prediction was made with another model.
    """

    def __init__(self, table: AnnData, model: Path) -> None:
        self.table = table
        self.model = model
        self._info: ModelInfo = read_info(model)
        self._predicted = set(map(str, table.var_names))
        known = table.uns.get("geneglass", {}).get("model_hash")
        if known != file_hash(model):
            raise InputError(
                f"The prediction was not made with {model.name}: give the model file that it was, or predict again."
            )

    @property
    def genes(self) -> tuple[str, ...]:
        """Return every gene that has a map: those of the table, then those that only the reference spots know."""
        predicted = tuple(map(str, self.table.var_names))
        if "neighbour_rows" not in self.table.obsm:
            return predicted
        left = self._predicted | set(self._info.genes)
        return predicted + tuple(gene for gene in self._info.measured_genes if gene not in left)

    def tested(self, gene: str) -> bool:
        """Return whether the gene is of the model's panel; any other is untested."""
        return gene in self._info.genes

    def gene_map(self, gene: str) -> FloatArray:
        """Return (n,) values of a gene in the model's unit.

        Raises
        ------
        InputError
            When the prediction has no map of this gene.
        """
        if gene in self._predicted:
            column = self.table[:, [gene]].X
            return np.asarray(column, dtype=np.float32).ravel()
        if gene in self._info.genes:
            raise InputError(f"{gene} is of the model's panel but was not asked for: predict again with it.")
        if "neighbour_rows" not in self.table.obsm:
            raise InputError(f"{gene} is outside the {len(self._info.genes)} genes of the panel of {self.model.name}.")
        return self._reference.average(self._neighbours, [gene])[:, 0]

    @cached_property
    def _reference(self) -> ReferenceCounts:
        return load_reference(self.model)

    @cached_property
    def _neighbours(self) -> Neighbours:
        rows = np.asarray(self.table.obsm["neighbour_rows"], dtype=np.int64)
        weights = np.asarray(self.table.obsm["neighbour_weights"], dtype=np.float32)
        return Neighbours(rows, weights, np.full_like(weights, np.nan))


def open_any_gene(prediction: Path, model: Path) -> AnyGene:
    """Return the maps of a prediction file.

    Raises
    ------
    InputError
        When a file can not be read, or they do not belong together.
    """
    try:
        table = read_h5ad(prediction)
    except (OSError, KeyError, ValueError) as err:
        raise InputError(
            f"{prediction.name} can not be read as a prediction: give the .h5ad that predict wrote."
        ) from err
    return AnyGene(table, model)
