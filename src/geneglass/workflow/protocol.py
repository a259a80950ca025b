"""Protocols: the unit of the truth, which spots count, and which genes are "the 50 highest"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from geneglass.data.genes import normalise
from geneglass.data.types import FloatArray
from geneglass.errors import UsageError
from geneglass.model.median_unit import MEDIAN_UNIT
from geneglass.model.recipe import UNIT
from geneglass.model.spot_side import GENE_UNIT

Ranking = Literal["train_mean", "train_variance", "test_mean", "test_variance"]
RANKINGS: dict[Ranking, str] = {
    "train_mean": "highest by training mean",
    "train_variance": "most variable in training (variance over the spots of a section, averaged over sections)",
    "test_mean": "highest by mean of the test section",
    "test_variance": "most variable in the test section",
}
N_TOP = 50
TOP_LABELS: dict[Ranking, str] = {
    "train_mean": f"{N_TOP} highest",
    "train_variance": f"{N_TOP} most variable",
    "test_mean": f"{N_TOP} highest on test",
    "test_variance": f"{N_TOP} most variable on test",
}
"""What stands before the second figure of a sentence."""
HVG: Ranking = "train_variance"
"""The most variable genes, always ranked on training sections."""


@dataclass(frozen=True)
class Protocol:
    """How scores are taken.

    Attributes
    ----------
    unit
        The unit of the truth, in words; squared and absolute errors mean something only in it.
    truth
        Raw counts of the panel (spots, genes) and totals (spots,) over all genes -> truth (spots, genes).
    ranking
        How the 50 genes of the second figure are chosen.
    every_spot
        True where no spot is set aside for its few counts.
    note
        What a reader should know; for a published protocol, what is wrong with it.
    """

    name: str
    unit: str
    truth: Callable[[FloatArray, FloatArray], FloatArray]
    ranking: Ranking
    every_spot: bool
    note: str


def per_gene_over_slide(counts: FloatArray, totals: FloatArray) -> FloatArray:
    """Return log10(1 + 10,000 x / sum of the gene over the section); totals of spots play no part."""
    sums = counts.sum(axis=0, dtype=np.float64)
    scale = np.divide(1e4, sums, out=np.zeros_like(sums), where=sums > 0)
    return np.asarray(np.log10(1 + counts * scale), np.float32)


def by_median_depth(counts: FloatArray, totals: FloatArray) -> FloatArray:
    """Return ln(1 + m x / total), m the median total of the spots that have counts of these genes."""
    counted = np.nansum(counts, axis=1) > 0
    median = float(np.median(totals[counted])) if counted.any() else 0.0
    scale = np.divide(median, totals, out=np.zeros(len(totals)), where=totals > 0)
    return np.asarray(np.log1p(counts * scale[:, None]), np.float32)


def log_raw(counts: FloatArray, totals: FloatArray) -> FloatArray:
    """Return ln(1 + x) of raw counts; totals of spots play no part."""
    return np.asarray(np.log1p(counts), np.float32)


PROTOCOLS: dict[str, Protocol] = {
    "geneglass": Protocol("geneglass", UNIT, normalise, "train_mean", every_spot=False, note=""),
    "mclstexp": Protocol(
        "mclstexp",
        GENE_UNIT,
        per_gene_over_slide,
        "test_mean",
        every_spot=True,
        note=(
            "As published by mclSTExp: each gene is scaled over the section, so sequencing depth stays in the truth, "
            "and the 50 genes are ranked on the test section. For comparison with published tables only."
        ),
    ),
    "hest": Protocol(
        "hest",
        "ln(1 + x) of raw counts",
        log_raw,
        "test_variance",
        every_spot=True,
        note=(
            "After HEST-Benchmark: raw counts, so sequencing depth stays in the truth, and the 50 most variable genes "
            "are taken on each test section (HEST takes them once over all samples). "
            "For comparison with published tables only."
        ),
    ),
}


def in_unit(unit: str, counts: FloatArray, totals: FloatArray) -> FloatArray | None:
    """Return counts in a unit given in words, as recipes and protocols spell it; None where nobody knows it.

    Parameters
    ----------
    counts
        (spots, genes) raw counts of one section.
    totals
        (spots,) counts over all genes of the file.
    """
    known = {protocol.unit: protocol.truth for protocol in PROTOCOLS.values()} | {MEDIAN_UNIT: by_median_depth}
    return known[unit](counts, totals) if unit in known else None


def get_protocol(name: str) -> Protocol:
    """Return a protocol by name."""
    if name not in PROTOCOLS:
        raise UsageError(f"Unknown protocol {name!r}. Choose one of: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
