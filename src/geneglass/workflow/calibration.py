"""Whether a stated confidence holds: of the places said to be right with 0.8, four in five should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.calibration import hits
from geneglass.model.novelty import UNLIKE

N_BINS = 10
MEANING = (
    "A place counts as right where its predicted profile is nearer to the measured one than the mean of the training "
    "spots is (squared error over the genes of the panel, in the recipe's unit)."
)


@dataclass(frozen=True)
class Judged:
    """The places of one test section, each with what the recipe said of it and whether that held.

    Attributes
    ----------
    confidence
        (n,) 0 to 1 as stated, `UNLIKE` where it abstained; NaN where the recipe said nothing.
    hit
        (n,) True where the prediction is nearer to the measured profile than the training mean is.
    calibrated
        On what the recipe says its confidence was calibrated; empty where it does not.
    """

    confidence: FloatArray
    hit: NDArray[np.bool_]
    calibrated: str = ""


def judge_places(
    truth: FloatArray,
    predicted: FloatArray,
    training_mean: FloatArray,
    confidence: FloatArray | None,
    *,
    calibrated: str = "",
) -> Judged:
    """Return which places are predicted better than by the training mean.

    Parameters
    ----------
    truth, predicted
        (n, genes) in the recipe's unit; genes that were not measured (NaN) are left out.
    training_mean
        (genes,) mean over the training spots, in the same unit.
    confidence
        (n,) as stated, or None.
    """
    known = ~np.isnan(truth).any(axis=0)
    hit = hits(truth[:, known], predicted[:, known], training_mean[known])
    stated = np.full(len(truth), np.nan, np.float32) if confidence is None else np.asarray(confidence, np.float32)
    return Judged(stated, hit, calibrated)


def reliability(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return how stated confidence compares with the share of places that were right, over all test sections.

    `bins` are ten of equal width, empty ones left out; `ece` is the expected calibration error, the difference of
    both weighted by the places of a bin (Guo et al. 2017, ICML, equation 3); `surer_half` and `other_half` are the
    shares right among the places with more and with less than the median confidence. `stated` is how many places
    have a confidence; without any, all but `right` is missing. Places where the recipe abstained, since they look like
    nothing in training, are no statement: they are counted, with the share that was right, and judged no further.
    """
    confidence = np.concatenate([part.confidence for part in judged]).astype(np.float64)
    hit = np.concatenate([part.hit for part in judged])
    abstained = confidence == UNLIKE
    stated = np.isfinite(confidence) & ~abstained
    found: dict[str, Any] = {
        "places": len(hit),
        "stated": int(stated.sum()),
        "right": _share(hit),
        "abstained": int(abstained.sum()),
        "abstained_right": _share(hit[abstained]),
        "calibrated": list(dict.fromkeys(part.calibrated for part in judged if part.calibrated)),
    }
    confidence, hit = confidence[stated], hit[stated]
    bins = _bins(confidence, hit)
    apart = sum(item["places"] * abs(item["confidence"] - item["right"]) for item in bins)
    order = np.argsort(confidence, kind="stable")
    half = len(order) // 2
    return {
        **found,
        "ece": apart / len(hit) if len(hit) else float("nan"),
        "surer_half": _share(hit[order[len(order) - half :]]),
        "other_half": _share(hit[order[:half]]),
        "bins": bins,
    }


def _bins(confidence: NDArray[np.float64], hit: NDArray[np.bool_]) -> list[dict[str, float]]:
    number = np.clip((confidence * N_BINS).astype(int), 0, N_BINS - 1)
    return [
        {
            "low": i / N_BINS,
            "high": (i + 1) / N_BINS,
            "places": int((number == i).sum()),
            "confidence": float(confidence[number == i].mean()),
            "right": _share(hit[number == i]),
        }
        for i in range(N_BINS)
        if (number == i).any()
    ]


def _share(hit: NDArray[np.bool_]) -> float:
    return float(hit.mean()) if len(hit) else float("nan")
