"""Which gene of the invented cohort follows what, how strongly, and the counts that come of it.

The names are ordinary human gene symbols, so that a list of them reads like one; their values are invented.
A spot's rates add up to its depth whatever its tissue (genes of one sort are divided by their sum), so
that a gene that follows nothing is flat after normalisation, with no trace of the others in it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cohort_layout import DOMAINS

Array = NDArray[np.float64]

KINDS = ("morphology", "position", "depth", "noise")
_GENES_SHARE = (0.38, 0.13, 0.33, 0.16)
"""How the genes are shared among the kinds."""
_COUNTS_SHARE = (0.42, 0.11, 0.36, 0.11)
"""How a spot's counts are shared among the kinds."""

FEATURES = (*DOMAINS, "nuclei")
"""What a morphology gene may follow: the share of a domain around the spot, or how dense the nuclei are."""

ABSENT_GENE = "XIST"
"""Flat in every section but the last, where it has no count at all."""

_SYMBOLS = {
    "tumour": "ERBB2 KRT8 KRT18 KRT19 EPCAM CDH1 MUC1 GATA3 ESR1 TFF1 TFF3 AGR2 XBP1 CCND1 FOXA1 SPDEF "
    "CLDN4 CLDN7 TACSTD2 KRT7 CD24 FASN GRB7 STARD3 S100P CEACAM6 AZGP1 SCGB2A2 PIP ELF3",
    "stroma": "COL1A1 COL1A2 COL3A1 FN1 SPARC DCN LUM POSTN VIM COL6A1 COL6A2 COL6A3 FBLN1 THY1 ACTA2 TAGLN MMP2 TIMP1 "
    "BGN FAP CTHRC1 COL5A1 COL5A2 VCAN LOX",
    "lymphoid": "MS4A1 CD79A CD3E CD3D CXCL13 CCL19 CCR7 CD19 CD37 PTPRC LTB IL7R TRAC CD2 CD52 SELL BANK1 CD27 "
    "CORO1A TRBC1",
    "gland": "KRT14 KRT5 KRT17 OXTR LTF PIGR SLPI ELF5 KIT SFRP1 MYLK TP63 SAA1 ALDH1A3 KRT15",
    "adipose": "ADIPOQ PLIN1 FABP4 LPL PLIN4 CIDEC LEP CD36 AQP7 PPARG GPD1 RBP4",
    "necrosis": "CA9 VEGFA NDRG1 ADM SLC2A1 HK2 ANGPTL4 BNIP3",
    "nuclei": "MKI67 TOP2A PCNA HMGB2 H2AZ1 STMN1 TUBA1B TYMS CENPF BIRC5 UBE2C CDK1",
}
_FEATURE_SHARE = {
    "tumour": 0.26,
    "stroma": 0.22,
    "lymphoid": 0.16,
    "gland": 0.11,
    "adipose": 0.09,
    "necrosis": 0.06,
    "nuclei": 0.10,
}
_HOX = {"A": (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13), "B": (1, 2, 3, 4, 5, 6, 7, 8, 9, 13)}
_HOX |= {"C": (4, 5, 6, 8, 9, 10, 11, 12, 13), "D": (1, 3, 4, 8, 9, 10, 11, 12, 13)}
_MITOCHONDRIAL = ["MT-CO1", "MT-CO2", "MT-CO3", "MT-ATP6", "MT-CYB", "MT-ND1", "MT-ND2", "MT-ND4"]
_HOUSEKEEPING = ["ACTB", "GAPDH", "B2M", "TMSB4X", "EEF1A1", "TPT1", "FTL", "FTH1", "UBC", "PPIA"]
_RIBOSOMAL = [f"RPL{i}" for i in range(3, 40) if i not in (16, 20, 25, 33)] + [f"RPS{i}" for i in range(2, 29)]
_OLFACTORY = [f"OR{family}{letter}1" for family in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 51, 52) for letter in "ABCDEFG"]


@dataclass(frozen=True)
class GenePlan:
    """What was planted.

    Attributes
    ----------
    truth
        One row per gene: gene, kind, follows, strength (ln of the rate where the feature is 1 over the rate
        where it is 0; for position and noise genes the standard deviation of ln of the rate), share of the
        counts of an average spot, and the section where the gene is absent.
    """

    truth: pd.DataFrame

    def rows(self, kind: str) -> NDArray[np.int64]:
        """Return the rows of one kind."""
        return np.flatnonzero((self.truth["kind"] == kind).to_numpy())


def make_plan(rng: np.random.Generator, n_genes: int, absent_in: str) -> GenePlan:
    """Plan the genes.

    Parameters
    ----------
    rng
        Generator of the cohort.
    n_genes
        How many genes, at least 30.
    absent_in
        Name of the section in which one gene has no counts; empty for none.
    """
    counts = [round(n_genes * share) for share in _GENES_SHARE[:3]]
    counts.append(n_genes - sum(counts))
    parts = [_morphology(rng, counts[0]), _position(rng, counts[1]), _depth(rng, counts[2]), _noise(rng, counts[3])]
    truth = pd.concat(parts, ignore_index=True)
    for kind, share in zip(KINDS, _COUNTS_SHARE, strict=True):
        of_kind = truth["kind"] == kind
        truth.loc[of_kind, "share"] *= share / truth.loc[of_kind, "share"].sum()
    truth["absent_in"] = np.where(truth["gene"] == ABSENT_GENE, absent_in, "")
    return GenePlan(truth.round({"strength": 3, "share": 7}))


def _names(known: list[str], count: int, prefix: str) -> list[str]:
    return known[:count] + [f"{prefix}{i:04d}" for i in range(1, count - len(known) + 1)]


def _frame(genes: list[str], kind: str, follows: str, strength: Array, share: Array) -> pd.DataFrame:
    return pd.DataFrame({"gene": genes, "kind": kind, "follows": follows, "strength": strength, "share": share})


def _morphology(rng: np.random.Generator, count: int) -> pd.DataFrame:
    left, parts = count, []
    for feature, share in _FEATURE_SHARE.items():
        n = min(left, max(1, round(count * share))) if feature != "nuclei" else left
        left -= n
        genes = _names(_SYMBOLS[feature].split(), n, f"INV{feature[:3].upper()}")
        strong = rng.uniform(1.8, 2.8, n)
        strength = np.where(np.arange(n) % 3 < 2, strong, strong * rng.uniform(0.15, 0.4, n))
        parts.append(_frame(genes, "morphology", feature, strength, np.exp(0.6 * rng.standard_normal(n))))
    return pd.concat(parts, ignore_index=True)


def _position(rng: np.random.Generator, count: int) -> pd.DataFrame:
    known = [f"HOX{cluster}{number}" for cluster, numbers in _HOX.items() for number in numbers]
    share = np.exp(0.5 * rng.standard_normal(count))
    return _frame(_names(known, count, "INVPOS"), "position", "position", rng.uniform(0.5, 0.9, count), share)


def _depth(rng: np.random.Generator, count: int) -> pd.DataFrame:
    known = [*_MITOCHONDRIAL, ABSENT_GENE, *_HOUSEKEEPING, *_RIBOSOMAL]
    share = np.exp(0.6 * rng.standard_normal(count))
    share[: len(_MITOCHONDRIAL)] *= 6
    return _frame(_names(known, count, "INVDEP"), "depth", "", np.zeros(count), share)


def _noise(rng: np.random.Generator, count: int) -> pd.DataFrame:
    share = np.exp(0.5 * rng.standard_normal(count))
    return _frame(_names(_OLFACTORY, count, "INVNOI"), "noise", "", rng.uniform(0.6, 1.0, count), share)


@dataclass(frozen=True)
class Surroundings:
    """What the rates of a section's spots depend on.

    Attributes
    ----------
    features
        Values of `FEATURES` at each spot, 0 to 1, (n, features).
    gradients
        A smooth field for each position gene, mean 0 and variance 1 over the section, (n, position genes).
    """

    features: Array
    gradients: Array


def draw_counts(
    rng: np.random.Generator, plan: GenePlan, around: Surroundings, effect: Array, section: str
) -> NDArray[np.int64]:
    """Draw the counts of one section, (spots, genes).

    Parameters
    ----------
    rng
        The section's generator.
    plan
        What each gene follows.
    around
        What the genes follow, at each spot.
    effect
        Factor of each gene in this patient (genes,).
    section
        Its name; a gene that is absent there gets no counts.
    """
    n = len(around.features)
    share = spot_shares(plan, around, effect, rng)
    shape = np.full(share.shape[1], 14.0)
    share = share * rng.gamma(shape, 1 / shape, share.shape)
    share[:, (plan.truth["absent_in"] == section).to_numpy()] = 0
    counts = rng.poisson(spot_depths(rng, n)[:, None] * share / share.sum(axis=1, keepdims=True))
    return np.asarray(counts, dtype=np.int64)


def spot_shares(plan: GenePlan, around: Surroundings, effect: Array, rng: np.random.Generator) -> Array:
    """Return the expected share of each gene in each spot, rows summing to 1, (spots, genes)."""
    truth = plan.truth
    strength = truth["strength"].to_numpy()
    log_rate = np.zeros((len(around.features), len(truth)))
    rows = plan.rows("morphology")
    column = truth["follows"].iloc[rows].map(FEATURES.index).to_numpy()
    log_rate[:, rows] = around.features[:, column] * strength[rows]
    rows = plan.rows("position")
    log_rate[:, rows] = around.gradients * strength[rows]
    rows = plan.rows("noise")
    log_rate[:, rows] = rng.standard_normal((len(log_rate), len(rows))) * strength[rows]
    rate = np.exp(log_rate) * (truth["share"].to_numpy() * effect)
    for kind, share in zip(KINDS, _COUNTS_SHARE, strict=True):
        rows = plan.rows(kind)
        rate[:, rows] *= share / rate[:, rows].sum(axis=1, keepdims=True)
    return np.asarray(rate)


def spot_depths(rng: np.random.Generator, n: int) -> Array:
    """Return the expected total of each spot: log-normal about 5,000, a few far under 500."""
    depth = 5000 * np.exp(0.42 * rng.standard_normal(n))
    poor = rng.choice(n, size=max(1, round(0.02 * n)), replace=False)
    depth[poor] = rng.uniform(40, 380, len(poor))
    return np.asarray(depth)
