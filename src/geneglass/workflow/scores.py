"""Scores per gene of every predictor on one test section, and what they come to over sections."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.metric import METRICS
from geneglass.workflow.ceiling import noise_ceiling
from geneglass.workflow.measured import DEPTH, Measured, image_free
from geneglass.workflow.protocol import N_TOP, RANKINGS, Protocol, Ranking
from geneglass.workflow.trust import bootstrap_interval, mean_of_defined

NEEDS_UNIT = frozenset({"mse", "mae", "spread_ratio"})
"""Metrics that mean nothing where prediction and truth have different units."""


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
    """

    fold: str
    leaks: bool
    section: str
    patient: str | None
    genes: tuple[str, ...]
    top: Mapping[Ranking, NDArray[np.bool_]]
    ceiling: FloatArray
    scores: Mapping[str, Mapping[str, FloatArray]]

    def with_predictor(self, name: str, scores: Mapping[str, FloatArray]) -> "Scored":
        """Return the same section with one more predictor."""
        return replace(self, scores={**self.scores, name: scores})


def section_seed(seed: int, section: str) -> int:
    """Return a seed of the section's own, so that chance does not repeat itself from section to section."""
    return zlib.crc32(f"{seed} {section}".encode())


def score(
    truth: FloatArray, predicted: FloatArray, *, same_unit: bool, metrics: Sequence[str] | None = None
) -> dict[str, FloatArray]:
    """Return metrics per gene, every registered one unless some are named; NaN where units differ and it matters."""
    values = {}
    for name in metrics or METRICS:
        known = same_unit or name not in NEEDS_UNIT
        values[name] = METRICS[name](truth, predicted) if known else np.full(truth.shape[1], np.nan, np.float32)
    return values


def score_image_free(
    test: Measured,
    references: Sequence[Measured],
    protocol: Protocol,
    *,
    seed: int,
    ceiling: bool = True,
    metrics: Sequence[str] | None = None,
) -> Scored:
    """Return the scores of the predictors that see no image; fold and leak are the caller's to set."""
    truth = test.truth
    sums = [r.truth.sum(axis=0, dtype=np.float64) for r in references]
    predictions = image_free(test, references, seed=section_seed(seed, test.name))
    limit = np.full(len(test.genes), np.nan, np.float32)
    if ceiling:
        limit = noise_ceiling(test.counts, test.totals, protocol.truth, seed=section_seed(seed, test.name))
    return Scored(
        fold="",
        leaks=False,
        section=test.name,
        patient=test.patient,
        genes=test.genes,
        top={
            "train_mean": _highest(np.sum(sums, axis=0)),
            "test_mean": _highest(truth.mean(axis=0)),
            "test_variance": _highest(truth.var(axis=0)),
        },
        ceiling=limit,
        scores={
            name: score(truth, values, same_unit=name != DEPTH, metrics=metrics) for name, values in predictions.items()
        },
    )


def summary(scored: Sequence[Scored], predictor: str, ranking: Ranking, *, seed: int) -> dict[str, Any]:
    """Return a predictor's figures: the mean over sections of the mean over genes with a defined score.

    `r_top` is over the 50 genes of the ranking; intervals are 95 % by bootstrap; `undefined` counts the
    genes without a defined r, summed over sections.
    """
    r = [s.scores[predictor]["pearson"] for s in scored]
    patients = [s.patient for s in scored]
    figures: dict[str, Any] = {}
    by_section = {"r": _means(r), "r_top": _means([v[s.top[ranking]] for v, s in zip(r, scored, strict=True)])}
    for key, values in by_section.items():
        low, high = bootstrap_interval(values[:, None], patients, seed=seed)
        figures[key] = _mean(values)
        figures[f"{key}_interval"] = [float(low[0]), float(high[0])]
    for metric in scored[0].scores[predictor]:
        if metric != "pearson":
            figures[metric] = _mean(_means([s.scores[predictor][metric] for s in scored]))
    figures["undefined"] = int(sum(np.isnan(values).sum() for values in r))
    return figures


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
    `r_top`, which stand beside mean r, take its ceiling as 0; `r_defined` leaves it out.
    """
    filled = [np.nan_to_num(s.ceiling) for s in scored]
    return {
        "r": _mean(_means(filled)),
        "r_top": _mean(_means([v[s.top[ranking]] for v, s in zip(filled, scored, strict=True)])),
        "r_defined": _mean(_means([s.ceiling for s in scored])),
        "undefined": int(sum(np.isnan(s.ceiling).sum() for s in scored)),
    }


def _highest(values: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    chosen = np.zeros(len(values), np.bool_)
    chosen[order[:N_TOP]] = True
    return chosen


def _means(columns: Sequence[FloatArray]) -> FloatArray:
    return np.array([_mean(values) for values in columns], np.float32)


def _mean(values: NDArray[np.floating[Any]]) -> float:
    return float(mean_of_defined(np.asarray(values, np.float32).reshape(-1, 1))[0])
