"""One finite colour scale for both sides of a comparison, and the sentence that states it."""

from dataclasses import dataclass

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.overlay import COLOURMAPS, Shade

UNIT = "ln(1 + counts per 10k)"


@dataclass(frozen=True)
class Look:
    """What the person at the window chose about colours; holds for every gene.

    Attributes
    ----------
    threshold
        Values at or below it are transparent; None shows all.
    percentiles
        Lowest and highest percentile of both sides together that get the first and the last colour.
    limits
        Fixed values for the first and the last colour, instead of the percentiles.
    colourmap
        One of `overlay.COLOURMAPS`.
    opacity
        0 to 1, of the points.
    """

    threshold: float | None = 0.1
    percentiles: tuple[float, float] = (1.0, 99.0)
    limits: tuple[float, float] | None = None
    colourmap: str = COLOURMAPS[0]
    opacity: float = 0.9


@dataclass(frozen=True)
class ColourScale:
    """The scale of one gene: finite, in order, and the same for measured and predicted.

    Attributes
    ----------
    low, high
        Values of the first and the last colour.
    threshold
        Values at or below it are transparent; None where all are shown.
    empty
        True when no value of either side lies above the threshold.
    colourmap
        Its name.
    """

    low: float
    high: float
    threshold: float | None
    empty: bool = False
    colourmap: str = COLOURMAPS[0]

    def shade(self, values: FloatArray) -> Shade:
        """Return how one side is drawn; a side without any value above the threshold is neutral grey."""
        return Shade(
            low=self.low,
            high=self.high,
            clear_low=self.threshold is not None and self.low <= self.threshold,
            colourmap=self.colourmap,
            signal=has_signal(values, self.threshold),
        )

    def words(self, unit: str = UNIT) -> str:
        """Return the scale as a person reads it ("ln(1 + counts per 10k): 0.10 to 2.31 ...")."""
        if self.empty:
            return f"{unit}: no value above {_number(self.threshold or 0.0)}"
        clear = "" if self.threshold is None else f"\ntransparent at or below {_number(self.threshold)}"
        # Never broken between the two numbers, however narrow the pane.
        limits = f"{_number(self.low)} to {_number(self.high)}".replace(" ", "\N{NO-BREAK SPACE}")
        return f"{unit}: {limits}{clear}"


def has_signal(values: FloatArray, threshold: float | None) -> bool:
    """Return whether any value lies above the threshold; without a threshold, whether any is not zero."""
    there = values[np.isfinite(values)]
    return bool((there != 0).any() if threshold is None else (there > threshold).any())


def colour_scale(*sides: FloatArray | None, look: Look) -> ColourScale:
    """Return one scale for the values of all sides; NaN is missing, None a side that is not there.

    The limits are percentiles of all finite values together, so that the two maps can be compared by
    eye. A lower limit under the threshold is raised to it: transparent values need no colour. A percentile
    above the threshold is lowered to it where some value is transparent: one map can not leave out both.

    Parameters
    ----------
    sides
        (n,) values of each side.
    look
        What the person chose.
    """
    arrays = [side[np.isfinite(side)].astype(float) for side in sides if side is not None]
    values = np.concatenate([*arrays, np.empty(0)])
    threshold = look.threshold
    if not has_signal(values, threshold):
        start = threshold or 0.0
        return ColourScale(start, start + 1.0, threshold, empty=True, colourmap=look.colourmap)
    low, high = look.limits or np.percentile(values, look.percentiles)
    if threshold is not None:
        low, threshold = _with_threshold(values, max(low, threshold), threshold, fixed=look.limits is not None)
    if high <= low:
        # Expressed in so few places that the percentile misses them, or the same everywhere.
        high = float(values.max())
    if high <= low:
        low, high = (0.0, high) if high > 0 else (high, 0.0)
    return ColourScale(float(low), float(high), threshold, colourmap=look.colourmap)


def _with_threshold(values: FloatArray, low: float, threshold: float, *, fixed: bool) -> tuple[float, float | None]:
    """Return limit and threshold so that what is at or below the threshold, and only that, is transparent."""
    if not (values <= threshold).any():
        return low, threshold
    if not fixed:
        return threshold, threshold
    # A map that begins above the threshold gives its first colour to all below: none of it is said to be clear.
    return low, threshold if low <= threshold else None


def _number(value: float) -> str:
    return f"{value:.2f}"
