"""Signatures: a named set of genes shown as one score, on measured and on predicted values alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from anndata import AnnData
from scipy import sparse

from geneglass.data.genes import TARGET
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.workflow.events import Event, Job

CONTROL_GENES, BINS, GENES_PER_BIN = 50, 25, 10
"""scanpy's numbers; of few genes fewer bins are made, so that each holds genes to compare with."""
_TOLD = 5


@dataclass(frozen=True)
class SignatureScore:
    """A signature's score, in the unit of the values.

    Attributes
    ----------
    measured, predicted
        (spots,) and (places,) scores, in the order of their tables; None for a side that is not there, or that has
        none of the genes.
    genes
        The genes that the score is of: on both sides the same, where both have some.
    absent
        Genes of the set that are not.
    """

    measured: FloatArray | None
    predicted: FloatArray | None
    genes: tuple[str, ...]
    absent: tuple[str, ...]


def score_signature(genes: Sequence[str], counts: AnnData | None, predicted: AnnData | None) -> Job[SignatureScore]:
    """Score a set of genes: their mean less that of control genes that are expressed about as much.

    The rule is that of scanpy's `score_genes` (Satija et al. 2015, Nature Biotechnology 33). Where both sides have
    genes of the set, both are scored over the genes that they share, with controls from the genes that they share.

    Parameters
    ----------
    genes
        Of the set.
    counts
        Raw counts of measured spots; None without any.
    predicted
        A prediction; None without one.

    Raises
    ------
    InputError
        When no side has a gene of the set, or all its genes are of the set.
    """
    sides = [table for table in (counts, predicted) if table is not None and table.var_names.isin(genes).any()]
    pool = set.intersection(*(set(map(str, table.var_names)) for table in sides)) if sides else set()
    if pool.isdisjoint(genes):
        # Each side has others of the set: what was measured counts.
        sides = sides[:1]
        pool = {str(name) for table in sides for name in table.var_names}
    used = tuple(gene for gene in genes if gene in pool)
    _require(genes, used, pool)
    ordered = sorted(pool)
    found: list[FloatArray | None] = []
    for number, table in enumerate((counts, predicted)):
        yield Event("Scoring the signature", number, 2)
        there = any(table is side for side in sides)
        found.append(_score(_values(table, ordered, raw=number == 0), used) if there else None)
    return SignatureScore(found[0], found[1], used, tuple(gene for gene in genes if gene not in used))


def _require(genes: Sequence[str], used: Sequence[str], pool: set[str]) -> None:
    if not used:
        some = ", ".join(genes[:_TOLD]) + (", ..." if len(genes) > _TOLD else "")
        raise InputError(f"None of the {len(genes)} genes of the signature is here ({some}): choose another one.")
    if len(used) == len(pool):
        raise InputError(
            f"All {len(pool)} genes here are of the signature, so there is none to compare them with: take fewer genes."
        )


def _values(table: AnnData, genes: Sequence[str], *, raw: bool) -> AnnData:
    """Return the values of some genes; of counts ln(1 + 10,000 x / total over all genes of the file)."""
    columns = table.var_names.get_indexer(list(genes))
    if not raw:
        values = table.X[:, columns]
    else:
        counts = sparse.csr_matrix(table.X, dtype=np.float32)
        totals = np.asarray(counts.sum(axis=1), np.float32).ravel()
        factors = np.divide(TARGET, totals, out=np.zeros_like(totals), where=totals > 0).astype(np.float32)
        values = counts[:, columns]
        values.data = np.log1p(values.data * np.repeat(factors, np.diff(values.indptr)))
    some = AnnData(values)
    some.var_names, some.obs_names = list(genes), list(map(str, range(table.n_obs)))
    return some


def _score(values: AnnData, genes: Sequence[str]) -> FloatArray:
    import scanpy

    bins = int(np.clip(values.n_vars // GENES_PER_BIN, 1, BINS))
    if bins > 1:
        scanpy.tl.score_genes(values, list(genes), ctrl_size=CONTROL_GENES, n_bins=bins, ctrl_as_ref=False)
        return np.asarray(values.obs["score"], np.float32)
    others = ~values.var_names.isin(genes)
    own, rest = (np.asarray(values.X[:, mask].mean(axis=1), np.float32).ravel() for mask in (~others, others))
    return np.asarray(own - rest, np.float32)
