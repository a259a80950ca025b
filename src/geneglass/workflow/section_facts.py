"""What a report of one section says: how each chosen gene is predicted here, in each domain, and on tissue left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneglass.data.annotation import spots_in
from geneglass.data.genes import normalise, panel_counts, spot_totals
from geneglass.data.section import Section
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.metric.pearson import pearson
from geneglass.model.trust import NOT_ASSESSABLE

if TYPE_CHECKING:
    from anndata import AnnData

LEAST_SPOTS = 3
"""For a correlation."""


@dataclass(frozen=True)
class Sides:
    """Both sides of the chosen genes, row by row where they are of the same places.

    Attributes
    ----------
    measured
        (n, genes) ln(1 + 10,000 x / total) at the measured spots, NaN for genes not measured; None without spots.
    predicted
        (m, genes), NaN for genes not predicted; m = n and in their order where `paired`.
    measured_yx, predicted_yx
        Their centres in level-0 pixels.
    kept
        (n,) False for spots set aside for too few counts.
    paired
        Whether the prediction is of the measured spots.
    """

    measured: FloatArray | None
    predicted: FloatArray
    measured_yx: FloatArray
    predicted_yx: FloatArray
    kept: NDArray[np.bool_]
    paired: bool


@dataclass(frozen=True)
class InDomain:
    """One gene in one domain; r is NaN where it is not defined."""

    domain: str
    n_spots: int
    measured: float
    predicted: float
    r: float


@dataclass(frozen=True)
class GeneFacts:
    """One gene: r here, what the model file says of it, and each domain. NaN stands for what is not known."""

    gene: str
    r: float
    n_spots: int
    mean: float
    detected: float
    trust_r: float
    trust_low: float
    trust_high: float
    null: str
    null_r: float
    ceiling: float
    verdict: str
    domains: tuple[InDomain, ...]


def sides_of(section: Section, prediction: "AnnData", genes: Sequence[str]) -> Sides:
    """Return both sides of some genes.

    Raises
    ------
    InputError
        When a gene is on neither side.
    """
    spots = section.spots
    known = set(prediction.var_names) | (set() if spots is None else set(spots.table.var_names))
    missing = [gene for gene in genes if gene not in known]
    if missing:
        raise InputError(f"Neither measured nor predicted here: {', '.join(missing)}; choose genes of the list.")
    predicted = _columns(prediction, genes)
    predicted_yx = np.asarray(prediction.obsm["spatial"], np.float32)[:, ::-1]
    if spots is None:
        nothing = np.zeros((0, 2), np.float32)
        return Sides(None, predicted, nothing, predicted_yx, np.zeros(0, bool), paired=False)
    measured_yx = np.asarray(section.centres_yx, np.float32)
    totals = spot_totals(spots)
    there = [gene for gene in genes if gene in spots.table.var_names]
    measured = np.full((spots.table.n_obs, len(genes)), np.nan, np.float32)
    if there:
        measured[:, [genes.index(gene) for gene in there]] = normalise(panel_counts(spots, there), totals)
    kept = totals >= float(prediction.uns["geneglass"].get("min_counts", 0))
    rows = prediction.obs_names.get_indexer(spots.table.obs_names)
    if not (rows >= 0).any():
        return Sides(measured, predicted, measured_yx, predicted_yx, kept, paired=False)
    matched = np.where((rows >= 0)[:, None], predicted[rows], np.float32("nan")).astype(np.float32)
    return Sides(measured, matched, measured_yx, measured_yx, kept, paired=True)


def gene_facts(section: Section, prediction: "AnnData", genes: Sequence[str], sides: Sides) -> tuple[GeneFacts, ...]:
    """Return what is known of each gene."""
    domains = domain_rows(section, sides)
    return tuple(_facts(prediction, gene, sides, column, domains) for column, gene in enumerate(genes))


def domain_rows(section: Section, sides: Sides) -> dict[str, NDArray[np.bool_]]:
    """Return which of the places lie in each domain, by its name: measured spots, else predicted places."""
    centres = sides.predicted_yx if sides.measured is None else sides.measured_yx
    names = spots_in(section.domains, centres)
    return {name: names == name for name in dict.fromkeys(domain.name for domain in section.domains)}


def _facts(
    prediction: "AnnData", gene: str, sides: Sides, column: int, domains: dict[str, NDArray[np.bool_]]
) -> GeneFacts:
    var = prediction.var.loc[gene] if gene in prediction.var_names else pd.Series(dtype=object)
    measured = None if sides.measured is None else sides.measured[:, column]
    everywhere = np.ones(len(sides.predicted if measured is None else measured), bool)
    whole = _in_domain("", everywhere, sides, column)
    values = np.empty(0) if measured is None else measured[sides.kept]
    return GeneFacts(
        gene=gene,
        r=whole.r,
        n_spots=whole.n_spots,
        mean=float(values.mean()) if len(values) else float("nan"),
        detected=float((values > 0).mean()) if np.isfinite(values).any() else float("nan"),
        trust_r=_number(var.get("trust_r")),
        trust_low=_number(var.get("trust_r_low")),
        trust_high=_number(var.get("trust_r_high")),
        null=str(var.get("best_null", "")),
        null_r=_number(var.get("null_r")),
        ceiling=_number(var.get("ceiling")),
        verdict=str(var.get("verdict", NOT_ASSESSABLE)),
        domains=tuple(_in_domain(name, rows, sides, column) for name, rows in domains.items()),
    )


def _in_domain(name: str, rows: NDArray[np.bool_], sides: Sides, column: int) -> InDomain:
    if sides.measured is None:
        return InDomain(name, int(rows.sum()), float("nan"), _mean(sides.predicted[rows, column]), float("nan"))
    measured = sides.measured[:, column]
    rows = rows & sides.kept
    if not sides.paired:
        return InDomain(name, int(rows.sum()), _mean(measured[rows]), float("nan"), float("nan"))
    predicted = sides.predicted[:, column]
    both = rows & np.isfinite(measured) & np.isfinite(predicted)
    r = float("nan")
    if both.sum() >= LEAST_SPOTS:
        r = float(pearson(measured[both, None], predicted[both, None])[0])
    return InDomain(name, int(both.sum()), _mean(measured[rows]), _mean(predicted[rows]), r)


def _columns(prediction: "AnnData", genes: Sequence[str]) -> FloatArray:
    out = np.full((prediction.n_obs, len(genes)), np.nan, np.float32)
    columns = prediction.var_names.get_indexer(list(genes))
    there = np.flatnonzero(columns >= 0)
    found = prediction.X[:, columns[there]]
    out[:, there] = np.asarray(found.toarray() if hasattr(found, "toarray") else found, np.float32)
    return out


def _mean(values: FloatArray) -> float:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else float("nan")


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
