"""Scores per gene of every predictor on one test section, and what they come to over sections."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.neighbours import neighbour_pairs
from geneglass.data.types import FloatArray
from geneglass.metric import METRICS, SPATIAL_METRICS
from geneglass.metric.moran_gap import morans_i
from geneglass.metric.pearson import pearson
from geneglass.workflow.bootstrap import bootstrap_interval, mean_of_defined
from geneglass.workflow.calibration import Judged
from geneglass.workflow.ceiling import noise_ceiling
from geneglass.workflow.gene_maps import SectionMaps
from geneglass.workflow.groups import groups_of
from geneglass.workflow.measured import DEPTH, POSITION, Measured, image_free
from geneglass.workflow.protocol import HVG, N_TOP, RANKINGS, Protocol, Ranking
from geneglass.workflow.reuse import Reuse

NEEDS_UNIT = frozenset({"mse", "mae", "spread_ratio"})
"""Metrics that mean nothing where prediction and truth have different units."""
BRIEF = ("pearson", "mse", "mae", "spread_ratio")
"""Where no image is seen the others take most of the time and say little more."""
MEASURED = "measured"
"""What stands for the truth itself among the groups: clusters of measured expression find regions so well."""


@dataclass(frozen=True)
class Scored:
    """All predictors on one test section.

    Attributes
    ----------
    top
        Per ranking (genes,) True for its 50 genes.
    ceiling
        (genes,) noise ceiling, NaN where undefined or not asked for.
    scores
        Predictor -> metric -> (genes,).
    moran
        (genes,) Moran's I as measured.
    groups
        Predictor, or `MEASURED` -> group metric -> agreement with the pathologist's labels; empty without labels.
    judged
        Recipe -> its confidence at every place, and whether that held; only in a unit that can be computed.
    maps
        Recipe -> its best and worst maps of the section.
    reuse
        Recipe that retrieves -> how it uses its reference spots.
    """

    fold: str
    leaks: bool
    section: str
    patient: str | None
    genes: tuple[str, ...]
    top: Mapping[Ranking, NDArray[np.bool_]]
    ceiling: FloatArray
    scores: Mapping[str, Mapping[str, FloatArray]]
    moran: FloatArray = field(default_factory=lambda: np.empty(0, np.float32))
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    judged: Mapping[str, Judged] = field(default_factory=dict)
    maps: Mapping[str, SectionMaps] = field(default_factory=dict)
    reuse: Mapping[str, Reuse] = field(default_factory=dict)

    def with_predictor(self, name: str, scores: Mapping[str, FloatArray]) -> "Scored":
        """Return the same section with one more predictor."""
        return replace(self, scores={**self.scores, name: scores})


def section_seed(seed: int, section: str) -> int:
    """Return a seed of the section's own, so that chance does not repeat itself from section to section."""
    return zlib.crc32(f"{seed} {section}".encode())


def score(
    truth: FloatArray,
    predicted: FloatArray,
    *,
    same_unit: bool,
    pairs: NDArray[np.int64] | None = None,
    metrics: Sequence[str] | None = None,
) -> dict[str, FloatArray]:
    """Return metrics per gene, every registered one unless some are named; NaN where units differ and it matters.

    Those of spatial structure are among them where the pairs of neighbouring spots are given.
    """
    values = {}
    for name in metrics or METRICS:
        known = same_unit or name not in NEEDS_UNIT
        values[name] = METRICS[name](truth, predicted) if known else np.full(truth.shape[1], np.nan, np.float32)
    if pairs is not None:
        values |= {name: metric(truth, predicted, pairs) for name, metric in SPATIAL_METRICS.items()}
    return values


def score_image_free(
    test: Measured, references: Sequence[Measured], protocol: Protocol, *, seed: int, brief: bool = False
) -> Scored:
    """Return the scores of the predictors that see no image; fold and leak are the caller's to set.

    Parameters
    ----------
    brief
        Leave out the noise ceiling, spatial structure and groups.
    """
    truth, own_seed = test.truth, section_seed(seed, test.name)
    predictions = image_free(test, references, seed=own_seed)
    nothing = np.full(len(test.genes), np.nan, np.float32)
    pairs = None if brief else neighbour_pairs(test.centres_yx)
    grouped = {MEASURED: truth} | {name: predictions[name] for name in POSITION}
    return Scored(
        fold="",
        leaks=False,
        section=test.name,
        patient=test.patient,
        genes=test.genes,
        top=_rankings(truth, references),
        ceiling=nothing if brief else noise_ceiling(test.counts, test.totals, protocol.truth, seed=own_seed),
        scores={
            name: score(truth, values, same_unit=name != DEPTH, pairs=pairs, metrics=BRIEF if brief else None)
            for name, values in predictions.items()
        },
        moran=nothing if pairs is None else morans_i(truth, pairs),
        groups={} if brief else groups_of(test.labels, grouped, seed=own_seed),
    )


def _rankings(truth: FloatArray, references: Sequence[Measured]) -> dict[Ranking, NDArray[np.bool_]]:
    trained = [r.truth for r in references if len(r.truth)]
    sums = [values.sum(axis=0, dtype=np.float64) for values in trained]
    within = [values.var(axis=0, dtype=np.float64) for values in trained]
    return {
        "train_mean": _highest(np.sum(sums, axis=0)),
        "train_variance": _highest(np.mean(within, axis=0)),
        "test_mean": _highest(truth.mean(axis=0)),
        "test_variance": _highest(truth.var(axis=0)),
    }


def summary(scored: Sequence[Scored], predictor: str, ranking: Ranking, *, seed: int) -> dict[str, Any]:
    """Return a predictor's figures: the mean over sections of the mean over genes with a defined score.

    `r_top` is over the 50 genes of the ranking, `r_hvg` over the 50 most variable of training; intervals are 95 % by
    bootstrap; `of_ceiling` is the median over genes of r / noise ceiling; `moran` is Moran's I as predicted and
    `moran_r` its correlation over genes with that as measured; `undefined` counts the genes without a defined r,
    summed over sections.
    """
    r = [s.scores[predictor]["pearson"] for s in scored]
    patients = [s.patient for s in scored]
    figures: dict[str, Any] = {}
    for key, genes in (("r", None), ("r_top", ranking), ("r_hvg", HVG)):
        values = _means([v if genes is None else v[s.top[genes]] for v, s in zip(r, scored, strict=True)])
        low, high = bootstrap_interval(values[:, None], patients, seed=seed)
        figures[key] = _mean(values)
        figures[f"{key}_interval"] = [float(low[0]), float(high[0])]
    for metric in scored[0].scores[predictor]:
        if metric != "pearson":
            figures[metric] = _mean(_means([s.scores[predictor][metric] for s in scored]))
    figures["of_ceiling"] = _mean(np.array([_median(share_of_ceiling(s, predictor)) for s in scored]))
    if "moran_gap" in scored[0].scores[predictor]:
        predicted = [s.moran + s.scores[predictor]["moran_gap"] for s in scored]
        figures["moran"] = _mean(_means(predicted))
        figures["moran_r"] = _mean(np.array([_over_genes(v, s.moran) for v, s in zip(predicted, scored, strict=True)]))
    figures["undefined"] = int(sum(np.isnan(values).sum() for values in r))
    return figures


def share_of_ceiling(scored: Scored, predictor: str) -> FloatArray:
    """Return (genes,) r over the noise ceiling; NaN where either is undefined."""
    return np.asarray(scored.scores[predictor]["pearson"] / scored.ceiling, np.float32)


def section_figures(scored: Scored, predictor: str) -> dict[str, float]:
    """Return mean r of one section over all genes and over each ranking's 50."""
    r = scored.scores[predictor]["pearson"]
    return {"r": _mean(r)} | {f"r_top_{name}": _mean(r[scored.top[name]]) for name in RANKINGS}


def ranked(scored: Sequence[Scored], predictor: str) -> dict[str, float]:
    """Return mean r over sections by every ranking of the 50 genes."""
    figures = [section_figures(s, predictor) for s in scored]
    return {key: _mean(np.array([f[key] for f in figures])) for key in figures[0]}


def ceiling_figures(scored: Sequence[Scored], ranking: Ranking) -> dict[str, Any]:
    """Return the mean noise ceiling over all genes and over the 50, and how many genes have none.

    A gene without a ceiling shows no signal above counting noise, and models score about 0 on it: `r` and
    the figures of the 50, which stand beside mean r, take its ceiling as 0; `r_defined` leaves it out.
    """
    filled = [np.nan_to_num(s.ceiling) for s in scored]
    return {
        "r": _mean(_means(filled)),
        "r_top": _mean(_means([v[s.top[ranking]] for v, s in zip(filled, scored, strict=True)])),
        "r_hvg": _mean(_means([v[s.top[HVG]] for v, s in zip(filled, scored, strict=True)])),
        "r_defined": _mean(_means([s.ceiling for s in scored])),
        "undefined": int(sum(np.isnan(s.ceiling).sum() for s in scored)),
    }


def moran_measured(scored: Sequence[Scored]) -> float:
    """Return Moran's I as measured: the mean over genes, then over sections."""
    return _mean(_means([s.moran for s in scored]))


def _highest(values: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    chosen = np.zeros(len(values), np.bool_)
    chosen[order[:N_TOP]] = True
    return chosen


def _means(columns: Sequence[FloatArray]) -> FloatArray:
    return np.array([_mean(values) for values in columns], np.float32)


def _mean(values: NDArray[np.floating[Any]]) -> float:
    return float(mean_of_defined(np.asarray(values, np.float32).reshape(-1, 1))[0])


def _median(values: FloatArray) -> float:
    defined = values[np.isfinite(values)]
    return float(np.median(defined)) if len(defined) else float("nan")


def _over_genes(one: FloatArray, other: FloatArray) -> float:
    """Return Pearson's r over the genes that have both."""
    both = np.isfinite(one) & np.isfinite(other)
    return float(pearson(one[both, None], other[both, None])[0])
