"""The figures of the report, as SVG that a page can hold."""

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RECIPE, NULL, GREY = "#5a3e8e", "#c77d2e", "#9aa1ad"
N_NAMED = 5
"""Genes that are named in a scatter."""


def section_strip(metrics: Mapping[str, Any]) -> str:
    """Return a strip plot: one row per predictor, one dot per section, a bar at the mean, the ceiling as a line."""
    drawn = [name for name in metrics["predictors"] if np.isfinite(metrics["predictors"][name]["r"])]
    figure = _figure(9.4, 1.1 + 0.42 * len(drawn))
    axis = figure.subplots()
    for row, name in enumerate(reversed(drawn)):
        colour = _colour(name, metrics)
        r = [figures[name]["r"] for figures in metrics["by_section"].values()]
        axis.scatter(r, np.full(len(r), row), s=34, color=colour, alpha=0.55, linewidths=0, zorder=3)
        mean = metrics["predictors"][name]["r"]
        axis.plot([mean, mean], [row - 0.3, row + 0.3], color=colour, linewidth=3, zorder=4)
    ceiling = metrics["ceiling"]["r"]
    if np.isfinite(ceiling):
        axis.axvline(ceiling, color=GREY, linestyle="--", linewidth=1.2)
        axis.text(ceiling, len(drawn) - 0.15, "noise ceiling ", ha="right", va="top", color="#5b6475", fontsize=9)
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.set_yticks(range(len(drawn)), list(reversed(drawn)))
    axis.set_ylim(-0.6, len(drawn) - 0.1)
    axis.set_xlabel("mean r over genes; one dot per section, a bar at the mean")
    axis.grid(axis="x", color="#eceef2", zorder=0)
    return _svg(figure)


def gene_scatter(genes: pd.DataFrame, recipe: str, null: str) -> str:
    """Return a scatter of r per gene, averaged over sections: the best null across, the recipe up."""
    rows = genes[genes["recipe"] == recipe]
    mean = rows.groupby("gene")[["r", f"r of {null}"]].mean()
    x, y = mean[f"r of {null}"].to_numpy(np.float32), mean["r"].to_numpy(np.float32)
    both = np.isfinite(x) & np.isfinite(y)
    figure = _figure(4.7, 4.5)
    axis = figure.subplots()
    values = np.r_[x[both], y[both], 0.0, 0.1]
    low, high = float(values.min()) - 0.05, float(values.max()) + 0.07
    axis.plot([low, high], [low, high], color=GREY, linewidth=1)
    axis.scatter(x[both], y[both], s=12, color=RECIPE, alpha=0.5, linewidths=0)
    above = both & (y > x)
    for i in _apart(y, np.flatnonzero(above), closest=0.05 * (high - low)):
        axis.annotate(str(mean.index[i]), (x[i], y[i]), xytext=(4, 3), textcoords="offset points", fontsize=8)
    axis.set(xlim=(low, high), ylim=(low, high), xlabel=f"r, {null}", ylabel=f"r, {recipe}")
    axis.set_title(f"{int(above.sum())} of {int(both.sum())} genes above the line", fontsize=10, loc="left")
    axis.set_aspect("equal")
    return _svg(figure)


def _apart(y: FloatArray, above: NDArray[np.int64], *, closest: float) -> list[int]:
    """Return the few best predicted genes above the line, so far apart that their names can be read."""
    chosen: list[int] = []
    for i in above[np.argsort(-y[above], kind="stable")]:
        if all(abs(y[i] - y[j]) > closest for j in chosen):
            chosen.append(int(i))
    return chosen[:N_NAMED]


def _colour(name: str, metrics: Mapping[str, Any]) -> str:
    if name in metrics["recipes"]:
        return RECIPE
    return NULL if name == metrics["best_null"] else GREY


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure


def _svg(figure: "Figure") -> str:
    import matplotlib as mpl

    for axis in figure.axes:
        axis.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    # The same figures give the same file: no date, no random identifiers.
    with mpl.rc_context({"svg.hashsalt": "geneglass", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
