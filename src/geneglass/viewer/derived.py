"""Maps beyond the two tables of a section: signatures, and genes that only a model's reference spots know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.viewer.values import Gene

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class Derived:
    """One map that was worked out, listed and shown like a gene.

    Attributes
    ----------
    gene
        Its name, on which sides it is, and its kind.
    measured
        (spots,) in the order of the section's table; None for what the table itself says.
    predicted
        (places,) in the order of the prediction; None where there is none.
    told
        What has to be known of it, one sentence; empty for nothing.
    """

    gene: Gene
    measured: FloatArray | None = None
    predicted: FloatArray | None = None
    told: str = ""


def with_derived(genes: dict[str, Gene], derived: Mapping[str, Derived]) -> dict[str, Gene]:
    """Return the genes by name, with those of derived maps."""
    return genes | {name: one.gene for name, one in derived.items()} if derived else genes


def measured_column(cache: dict[str, Any], table: "AnnData", gene: str, totals: FloatArray) -> FloatArray:
    """Return (n,) ln(1 + 10,000 x / total) of a gene of a table of counts.

    Parameters
    ----------
    cache
        Keeps the counts by gene, so that the next one is fast, and the last column.
    table
        Raw counts.
    gene
        One of its genes.
    totals
        (n,) counts over all genes.
    """
    from geneglass.data.genes import normalise

    if "columns" not in cache:
        cache["columns"] = table.X.tocsc() if hasattr(table.X, "tocsc") else np.asarray(table.X)
    if "column" not in cache or cache["column"][0] != gene:
        column = cache["columns"][:, [table.var_names.get_loc(gene)]]
        full = np.asarray(column.todense() if hasattr(column, "todense") else column, np.float32)
        cache["column"] = gene, normalise(full, totals)[:, 0]
    values: FloatArray = cache["column"][1]
    return values
