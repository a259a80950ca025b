"""One finite colour scale for both sides of a comparison, and the sentence that states it."""

from dataclasses import dataclass, replace

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.overlay import COLOURMAPS, DIVERGING, Shade

UNIT, LINEAR_UNIT = "ln(1 + counts per 10k)", "counts per 10k"
MOST_COUNTS = 10_000.0
"""Per 10k."""
DIFFERENCE_PERCENTILE = 99.0
"""Of the sizes of differences: the last colour of both ends."""


@dataclass(frozen=True)
class Look:
    """What the person at the window chose about colours; holds for every gene.

    Attributes
    ----------
    threshold
        Values at or below it are transparent; None shows all. In the unit that is shown, as all values here.
    percentiles
        Lowest and highest percentile of both sides together that get the first and the last colour.
    limits
        Fixed values for the first and the last colour, instead of the percentiles.
    colourmap
        One of `overlay.COLOURMAPS`.
    opacity
        0 to 1, of the points.
    log
        True colours ln(1 + counts per 10k), False counts per 10k.
    own_scale
        True gives the prediction the percentiles of its own values: no longer one scale for both.
    difference_limit
        Size of the difference that gets the last colour at both ends; None takes a percentile of the sizes.
    difference_colourmap
        One of `overlay.DIVERGING`.
    doubt_below
        Predicted places of less confidence are marked; None marks where a calibrated prediction abstains, 0 nothing.
    show_confidence
        True shows the confidence of the prediction in place of the predicted gene.
    """

    threshold: float | None = 0.1
    percentiles: tuple[float, float] = (1.0, 99.0)
    limits: tuple[float, float] | None = None
    colourmap: str = COLOURMAPS[0]
    opacity: float = 0.9
    log: bool = True
    own_scale: bool = False
    difference_limit: float | None = None
    difference_colourmap: str = DIVERGING[0]
    doubt_below: float | None = None
    show_confidence: bool = False

    def __post_init__(self) -> None:
        for pair, words in ((self.percentiles, "percentiles"), (self.limits, "limits")):
            if pair is not None and not (np.isfinite(pair).all() and pair[0] < pair[1]):
                raise InputError(f"Colour {words} {pair[0]} to {pair[1]} are not in order: put the lower one first.")
        if self.colourmap not in COLOURMAPS or self.difference_colourmap not in DIVERGING:
            allowed = ", ".join((*COLOURMAPS, *DIVERGING))
            raise InputError(f"Colours {self.colourmap!r} are not known: choose one of {allowed}.")
        if self.difference_limit is not None and not self.difference_limit > 0:
            raise InputError(f"A limit of {self.difference_limit} for the difference is not above 0: give more.")
        if self.doubt_below is not None and not 0 <= self.doubt_below <= 1:
            raise InputError(f"A confidence of {self.doubt_below} is not from 0 to 1: give one that is.")

    def with_log(self, log: bool) -> "Look":
        """Return the look for logarithms or counts, with threshold and limits where they were on the tissue."""
        if log == self.log:
            return self
        turn, most = (np.log1p, MOST_COUNTS) if log else (np.expm1, np.log1p(MOST_COUNTS))
        threshold = None if self.threshold is None else float(turn(np.clip(self.threshold, 0, most)))
        limits = None if self.limits is None else tuple(map(float, turn(np.clip(self.limits, 0, most))))
        ordered = limits if limits is not None and limits[0] < limits[1] else None
        return replace(self, log=log, threshold=threshold, limits=ordered, difference_limit=None)

    def for_scores(self) -> "Look":
        """Return the look of a signature: no counts, and transparent where it is no more than genes of its level."""
        return replace(self, log=True, threshold=None if self.threshold is None else 0.0)

    def without_limits(self) -> "Look":
        """Return the look by percentiles."""
        return replace(self, limits=None)


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
            return f"{unit}: no value above {number(self.threshold or 0.0)}"
        clear = "" if self.threshold is None else f"\ntransparent at or below {number(self.threshold)}"
        return f"{unit}: {limits_words(self)}{clear}"


def has_signal(values: FloatArray, threshold: float | None) -> bool:
    """Return whether any value lies above the threshold; without a threshold, whether any is not zero."""
    # Without a copy: this is asked of a million places at every change of the gene. NaN is neither.
    above = values > (0 if threshold is None else threshold)
    if threshold is None:
        above |= values < 0
    first = int(above.argmax()) if len(above) else 0
    if not above.any():
        return False
    return bool(np.isfinite(values[first]) or np.isfinite(values[above]).any())


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
    arrays = [_finite(side) for side in sides if side is not None]
    values = arrays[0] if len(arrays) == 1 else np.concatenate([*arrays, np.empty(0, np.float32)])
    # Of double precision, so that a value of single precision is compared as it is, and not with a rounded threshold.
    threshold = None if look.threshold is None else np.float64(look.threshold)
    if not has_signal(values, threshold):
        start = look.threshold or 0.0
        return ColourScale(start, start + 1.0, look.threshold, empty=True, colourmap=look.colourmap)
    low, high = look.limits or (percentile(values, percent) for percent in look.percentiles)
    if threshold is not None:
        low, threshold = _with_threshold(values, max(low, threshold), threshold, fixed=look.limits is not None)
    if high <= low:
        # Expressed in so few places that the percentile misses them, or the same everywhere.
        high = float(values.max())
    if high <= low:
        low, high = (0.0, high) if high > 0 else (high, 0.0)
    return ColourScale(float(low), float(high), None if threshold is None else look.threshold, colourmap=look.colourmap)


def percentile(values: FloatArray, percent: float) -> float:
    """Return what `numpy.percentile` does of (n,) finite values, but of a million in a tenth of its time.

    It sorts by two places at once, for which numpy has no fast way, and copies values of single precision first.
    """
    at = (len(values) - 1) * (percent / 100)
    below = int(at)
    parted = np.partition(values, below)
    low = float(parted[below])
    high = float(parted[below + 1 :].min()) if below + 1 < len(parted) else low
    share = at - below
    return high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share


def _finite(values: FloatArray) -> FloatArray:
    there = np.isfinite(values)
    return values if there.all() else values[there]


def _with_threshold(values: FloatArray, low: float, threshold: float, *, fixed: bool) -> tuple[float, float | None]:
    """Return limit and threshold so that what is at or below the threshold, and only that, is transparent."""
    if not (values <= threshold).any():
        return low, threshold
    if not fixed:
        return threshold, threshold
    # A map that begins above the threshold gives its first colour to all below: none of it is said to be clear.
    return low, threshold if low <= threshold else None


def difference_scale(values: FloatArray, look: Look) -> ColourScale:
    """Return a scale with zero in its middle, so that both directions have the same strength of colour."""
    sizes = np.abs(_finite(values))
    limit = look.difference_limit or (percentile(sizes, DIFFERENCE_PERCENTILE) if len(sizes) else 0.0)
    if limit <= 0:
        # The same on both sides, or different in so few places that the percentile misses them.
        limit = float(sizes.max()) if len(sizes) and sizes.max() > 0 else 1.0
    return ColourScale(-limit, limit, None, colourmap=look.difference_colourmap)


def limits_words(scale: ColourScale) -> str:
    """Return the limits of a scale ("0.10 to 2.31"), never broken between the two, however narrow the pane."""
    return f"{number(scale.low)} to {number(scale.high)}".replace(" ", "\N{NO-BREAK SPACE}")


def number(value: float) -> str:
    """Return a value with as many decimals as say something, and a true minus sign."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}".replace("-", "−")
