"""How the values of a map become colours as matplotlib draws them: by a colourmap, or mixed of several genes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

NO_SIGNAL_RGBA = (0.66, 0.66, 0.66, 0.7)


@dataclass(frozen=True)
class Colours:
    """How values become colours.

    Attributes
    ----------
    name
        Of a matplotlib colourmap.
    low, high
        Values of its first and its last colour.
    clear_low
        Whether values at or below `low` are transparent.
    signal
        False draws every value in one neutral grey: there is nothing to see.
    opacity
        0 to 1.
    """

    name: str
    low: float
    high: float
    clear_low: bool = False
    signal: bool = True
    opacity: float = 0.9


@dataclass(frozen=True)
class Hue:
    """One gene of several: the colour of its highest value, RGB from 0 to 1, and what stands below its colour bar.

    From `low`, which is clear, to `high` it gets more opaque.
    """

    label: str
    rgb: tuple[float, float, float]
    low: float
    high: float


@dataclass(frozen=True)
class Mixture:
    """Colours of two or three genes at once.

    Attributes
    ----------
    rgba
        (n, 4) from 0 to 1.
    hues
        Of the genes that have a colour bar.
    opacity
        0 to 1, of the most opaque colour.
    """

    rgba: FloatArray
    hues: tuple[Hue, ...]
    opacity: float = 0.9


def rgba(values: FloatArray, colours: Colours | Mixture) -> NDArray[np.float64]:
    """Return (n, 4) RGBA from 0 to 1 of values."""
    if isinstance(colours, Mixture):
        return np.asarray(colours.rgba * (1, 1, 1, colours.opacity), np.float64)
    if not colours.signal:
        return np.tile(NO_SIGNAL_RGBA, (len(values), 1)) * (1, 1, 1, colours.opacity)
    found = np.asarray(_ramp(colours.low, colours.high, colours.name).to_rgba(values, alpha=colours.opacity))
    if colours.clear_low:
        found[values <= colours.low, 3] = 0.0
    return found


def colour_bars(colours: Colours | Mixture, unit: str) -> list[tuple[str, Any]]:
    """Return what stands beside every colour bar, and what the bar is made of; none where there is nothing to see."""
    if isinstance(colours, Mixture):
        return [(hue.label, _ramp(hue.low, hue.high, ("white", hue.rgb))) for hue in colours.hues]
    return [(unit, _ramp(colours.low, colours.high, colours.name))] if colours.signal else []


def _ramp(low: float, high: float, colours: Any) -> Any:
    """Return the scale of a colourmap by name, or of colours from the first to the last."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    colourmap = colours if isinstance(colours, str) else LinearSegmentedColormap.from_list("ramp", colours)
    return ScalarMappable(Normalize(low, high), colourmap)
