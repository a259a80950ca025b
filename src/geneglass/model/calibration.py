"""Confidence that means something: how often a place like this one was predicted better than by the training mean.

Places of training tissue that was left out are known both ways: what could be seen of their prediction
without the truth (signals), and whether it came nearer to the truth than the mean of the training spots
did (hit). A logistic regression of hits on signals turns the one into the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

CALIBRATED_ON = "calibrated on "
"""What a sentence of what was left out begins with."""
LIMIT = 4.0
"""Signals are held within this many standard deviations: nothing is known further out."""
MIN_PLACES = 20
"""Fewer places left out than this calibrate nothing."""


@dataclass(frozen=True)
class Calibration:
    """Signals -> probability of a hit.

    Attributes
    ----------
    centre, scale, coefficients
        One per signal.
    intercept
        Of the logistic regression.
    places, groups
        How many it was fitted on.
    kind
        What the groups are, in words: "patients", "sections", "sections of ...".
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    places: int
    groups: int
    kind: str

    @classmethod
    def fit(
        cls, signals: Sequence[FloatArray], hits: Sequence[NDArray[np.bool_]], *, groups: int, kind: str
    ) -> "Calibration | None":
        """Return the calibration of places left out; None where there are too few.

        Parameters
        ----------
        signals
            Per section (n, s).
        hits
            Per section (n,).
        groups, kind
            How many groups were left out in turn, and what they are.
        """
        from sklearn.linear_model import LogisticRegression

        if sum(map(len, signals)) < MIN_PLACES:
            return None
        x, y = np.concatenate(list(signals)).astype(np.float64), np.concatenate(list(hits))
        centre, deviation = x.mean(axis=0), x.std(axis=0)
        # A signal that never changes but by rounding must not be blown up to one.
        scale = np.where(deviation > 1e-6 * np.maximum(1.0, np.abs(centre)), deviation, 1.0)
        coefficients, intercept = np.zeros(x.shape[1]), _log_odds(y)
        if y.any() and not y.all():
            model = LogisticRegression().fit(np.clip((x - centre) / scale, -LIMIT, LIMIT), y)
            coefficients, intercept = model.coef_[0], float(model.intercept_[0])
        return cls(
            tuple(centre.tolist()), tuple(scale.tolist()), tuple(coefficients.tolist()), intercept, len(y), groups, kind
        )

    def confidence(self, signals: FloatArray) -> FloatArray:
        """Return the (n,) probability that each place is predicted better than by the training mean."""
        x = (signals.astype(np.float64) - np.asarray(self.centre)) / np.asarray(self.scale)
        odds = np.clip(x, -LIMIT, LIMIT) @ np.asarray(self.coefficients) + self.intercept
        found: FloatArray = (1 / (1 + np.exp(-odds))).astype(np.float32)
        return found

    def sentence(self) -> str:
        """Return on what it was calibrated."""
        what, _, whose = self.kind.partition(" ")
        kind = f"{what if self.groups != 1 else what.removesuffix('s')} {whose}".strip()
        return f"{CALIBRATED_ON}{self.groups} held-out {kind} ({self.places:,} places)"

    def texts(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def load(cls, texts: Mapping[str, Any] | None) -> "Calibration | None":
        """Return what `texts` was taken from.

        Raises
        ------
        ValueError
            When it was taken from something else.
        """
        if not texts:
            return None
        if not isinstance(texts, Mapping) or texts.keys() != {item.name for item in fields(cls)}:
            raise ValueError("the calibration of its confidence is damaged or of a newer version")
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in texts.items()}
        return cls(**values)


def _log_odds(hits: NDArray[np.bool_]) -> float:
    share = (hits.sum() + 0.5) / (len(hits) + 1)
    return float(np.log(share / (1 - share)))


def hits(truth: FloatArray, predicted: FloatArray, usual: FloatArray) -> NDArray[np.bool_]:
    """Return (n,) whether each prediction lies nearer to the truth, over all genes, than the training mean does.

    Parameters
    ----------
    truth, predicted
        (n, genes).
    usual
        (genes,) mean of the spots trained on.
    """
    found: NDArray[np.bool_] = ((predicted - truth) ** 2).sum(axis=1) < ((usual - truth) ** 2).sum(axis=1)
    return found
