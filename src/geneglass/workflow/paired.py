"""Recipes against each other, gene by gene on the same sections: what one has beyond another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.workflow.bootstrap import BOOTSTRAPS, bootstrap_groups, mean_of_defined
from geneglass.workflow.protocol import Ranking
from geneglass.workflow.scores import Scored

TOP: Ranking = "train_mean"
"""The ranking of the second comparison: a recipe must not choose the genes on which it is compared."""


@dataclass(frozen=True)
class Difference:
    """r of one recipe minus r of another.

    Attributes
    ----------
    values
        (sections, genes); NaN where the gene was not scored.
    patients
        Of each section.
    """

    values: FloatArray
    patients: tuple[str | None, ...]


def paired(scored: Sequence[Scored], recipes: Sequence[str], *, seed: int) -> list[dict[str, Any]]:
    """Return for every pair of recipes how much higher the first one's r is, over genes.

    Each entry names `first` and `second` and holds, for `all` genes and for the `top` 50 by training mean: the mean
    over genes of the difference in r, each gene averaged over test sections first; its 95 % intervals by bootstrap,
    `interval` over patients or sections, as the scores have it, and `interval_genes` over genes; `higher` and
    `lower`, the genes in which the first is higher and lower (ties are neither); and `p`, the two-sided Wilcoxon
    signed-rank test over genes. Genes of one tissue go together, so p and the interval over genes speak of these
    sections only.
    """
    return [
        {
            "first": first,
            "second": second,
            "all": _compared(difference(scored, first, second, top=False), seed),
            "top": _compared(difference(scored, first, second, top=True), seed),
        }
        for first, second in combinations(recipes, 2)
    ]


def difference(scored: Sequence[Scored], first: str, second: str, *, top: bool) -> Difference:
    """Return r of the first minus r of the second; a prediction without a defined r counts as 0 beside one with."""
    genes = sorted({gene for s in scored for gene in s.genes})
    column = {gene: i for i, gene in enumerate(genes)}
    values = np.full((len(scored), len(genes)), np.nan, np.float32)
    for row, s in zip(values, scored, strict=True):
        one, other = (s.scores[name]["pearson"] for name in (first, second))
        known = np.isfinite(one) | np.isfinite(other)
        if top:
            known &= s.top[TOP]
        row[[column[gene] for gene in s.genes]] = np.where(known, np.nan_to_num(one) - np.nan_to_num(other), np.nan)
    scored_somewhere = np.isfinite(values).any(axis=0)
    return Difference(values[:, scored_somewhere], tuple(s.patient for s in scored))


def _compared(found: Difference, seed: int) -> dict[str, Any]:
    of_gene = mean_of_defined(found.values)
    return {
        "genes": len(of_gene),
        "difference": float(of_gene.mean()) if len(of_gene) else float("nan"),
        "interval": _over_sections(found, seed),
        "interval_genes": _over_genes(of_gene, seed),
        "higher": int((of_gene > 0).sum()),
        "lower": int((of_gene < 0).sum()),
        "p": _wilcoxon(of_gene),
    }


def _over_sections(found: Difference, seed: int) -> list[float]:
    groups = bootstrap_groups(found.patients)
    if len(groups) < 2 or not found.values.size:
        return [float("nan"), float("nan")]
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=BOOTSTRAPS)
    weights = np.zeros((BOOTSTRAPS, len(found.values)))
    for number, rows in enumerate(groups):
        weights[:, rows] = drawn[:, [number]]
    defined = np.isfinite(found.values)
    times = weights @ defined
    means = np.divide(weights @ np.nan_to_num(found.values), times, out=np.zeros_like(times), where=times > 0)
    # A draw of sections may leave a gene out; it then has no part in that draw's mean.
    return _percentiles(means.sum(axis=1) / np.maximum((times > 0).sum(axis=1), 1))


def _over_genes(of_gene: FloatArray, seed: int) -> list[float]:
    if len(of_gene) < 2:
        return [float("nan"), float("nan")]
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(of_gene), np.full(len(of_gene), 1 / len(of_gene)), size=BOOTSTRAPS)
    return _percentiles(drawn @ of_gene / len(of_gene))


def _percentiles(draws: NDArray[Any]) -> list[float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return [float(low), float(high)]


def _wilcoxon(of_gene: FloatArray) -> float:
    from scipy.stats import wilcoxon

    return float(wilcoxon(of_gene.astype(np.float64)).pvalue) if (of_gene != 0).any() else 1.0
