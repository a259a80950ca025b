"""Two or three genes at once: each a colour, added where they meet, the more opaque the more there is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

PAIR = (("magenta", (1.0, 0.0, 1.0)), ("green", (0.0, 1.0, 0.0)))
TRIPLE = (("cyan", (0.0, 1.0, 1.0)), ("magenta", (1.0, 0.0, 1.0)), ("yellow", (1.0, 1.0, 0.0)))
"""Colours by name, told apart by readers without red or green cones too."""
LEAST, MOST = 2, 3
LEVELS = {2: 16, 3: 8}
"""Steps of each gene's strength in a raster, by the number of genes: its colours are those of a small palette."""


def hues(n: int) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    """Return the colours of so many genes, each a name and RGB from 0 to 1."""
    if not LEAST <= n <= MOST:
        raise ValueError(f"{LEAST} or {MOST} genes have colours of their own, got {n}")
    return PAIR if n == LEAST else TRIPLE


def channel_colours(values: FloatArray, limits: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Return (n, 4) RGBA from 0 to 1: the hue says which gene, the opacity how much of the strongest.

    Parameters
    ----------
    values
        (n, genes) of two or three genes; NaN is missing and adds nothing.
    limits
        Of each gene, the value at or below which it is not seen, and the one from which it is seen whole.
    """
    strength = _strength(values, limits)
    mixed = strength @ np.array([rgb for _, rgb in hues(values.shape[1])], np.float32)
    brightest = mixed.max(axis=1, keepdims=True)
    rgb = np.divide(mixed, brightest, out=np.zeros_like(mixed), where=brightest > 0)
    return np.concatenate([rgb, strength.max(axis=1, keepdims=True)], axis=1).astype(np.float32)


def channel_numbers(values: FloatArray, limits: Sequence[tuple[float, float]]) -> FloatArray:
    """Return (n,) numbers of colours in `channel_palette`, for a raster, which has one value per cell.

    Parameters
    ----------
    values, limits
        As in `channel_colours`.
    """
    genes = values.shape[1]
    levels = LEVELS[genes]
    steps = np.rint(_strength(values, limits) * (levels - 1))
    return np.asarray(steps @ levels ** np.arange(genes), np.float32)


def channel_palette(genes: int) -> NDArray[np.float32]:
    """Return (colours, 4) RGBA from 0 to 1 of every mixture of two or three genes."""
    levels = LEVELS[len(hues(genes))]
    steps = np.arange(levels**genes)[:, None] // levels ** np.arange(genes) % levels
    return channel_colours(np.asarray(steps, np.float32), [(0.0, levels - 1.0)] * genes)


def _strength(values: FloatArray, limits: Sequence[tuple[float, float]]) -> FloatArray:
    low, high = np.asarray(limits, np.float32).T
    return np.asarray(np.clip(np.nan_to_num((values - low) / (high - low)), 0, 1), np.float32)
