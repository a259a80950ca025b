"""What the maps of one gene of a real section ought to show, from its counts and its prediction, and what they do."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import anndata
import numpy as np
from numpy.typing import NDArray

from real_tissue import MIN_COUNTS, Real
from shown_colours import Shown, apart, coloured

ALIKE = 16
"""Of 255: a colour that is painted may differ by this from the one of its value."""
MIDDLE = 30
"""Places in the middle of the tissue."""


@dataclass(frozen=True)
class Truth:
    """One gene of C4 as its counts and the prediction's file have it, in the order of the window's places."""

    measured: NDArray[np.float64]
    predicted: NDArray[np.float64]
    kept: NDArray[np.bool_]

    @property
    def both(self) -> NDArray[np.float64]:
        return np.concatenate([self.measured, self.predicted])

    @property
    def difference(self) -> NDArray[np.float64]:
        return self.predicted - self.measured


@cache
def prediction_of(path: Path) -> Any:
    return anndata.read_h5ad(path)


def truth_of(real: Real, gene: str) -> Truth:
    names = [str(name) for name in real.session.measured_places.names]
    assert names == list(prediction_of(real.study.predictions["C4"]).obs_names)
    values, totals = real.file_of("C4")
    predicted = np.asarray(prediction_of(real.study.predictions["C4"])[names, gene].X, float)[:, 0]
    return Truth(values.loc[names, gene].to_numpy(), predicted, (totals[names] >= MIN_COUNTS).to_numpy())


def abstained(real: Real) -> NDArray[np.bool_]:
    """Return at which places the prediction abstains: they are drawn as crosses."""
    stated: NDArray[np.bool_] = prediction_of(real.study.predictions["C4"]).obs["abstained"].to_numpy(bool)
    return stated


def middle(real: Real, drawn: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return the rows of places around the middle of the tissue, by default those that are discs on every map."""
    places = real.session.measured_places
    asked = ~abstained(real) if drawn is None else drawn
    away = np.abs(places.centres_yx - np.median(places.centres_yx, axis=0)).sum(axis=1)
    rows = np.flatnonzero(places.kept & asked)
    return rows[np.argsort(away[rows])][:MIDDLE]


def are_painted(
    real: Real, limits: tuple[float, float], *panes: Any, colourmap: str = "viridis", first: int = 0
) -> None:
    """Assert that places have the colours of their values, pane by pane; those at the lower limit may be clear."""
    shown, centres = Shown(real.viewer), real.session.measured_places.centres_yx
    for pane, values in enumerate(panes, start=first):
        rows = middle(real)
        rows = rows[values[rows] > limits[0]] if colourmap == "viridis" else rows
        assert len(rows) > 5
        assert apart(shown.at(centres[rows], pane), coloured(values[rows], *limits, colourmap)).max() < ALIKE


def limits_of(values: Any, low: float = 1, high: float = 99, *, clear: float = 0.1) -> tuple[float, float]:
    """Return the values of the first and the last colour: percentiles, and from the threshold up where some are clear.

    Parameters
    ----------
    values
        Of all maps that the scale is for.
    low, high
        Percentiles.
    clear
        Values at or below it are transparent.
    """
    first, last = np.percentile(values, (low, high))
    return float(clear if (values <= clear).any() else first), float(last)


def words(limits: tuple[float, float]) -> str:
    return f"{limits[0]:.2f} to {limits[1]:.2f}".replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")
