"""The figures of the report."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.workflow.protocol import TOP_LABELS
from geneglass.workflow.report_svg import GREY, GRID, NULL, RECIPE, SOFT, new_figure, svg

N_NAMED = 5
"""Genes that are named in a scatter."""
MANY_DOTS = 2000
"""More dots than this are drawn as pixels inside the SVG."""
TICKS = (0, 0.5, 1)
ACROSS = 4
"""Small figures of calibration in a row."""


def predictor_strip(metrics: Mapping[str, Any]) -> str:
    """Return a strip plot: one row per predictor; a bar is the 95 % interval, a dot a section; the ceiling as a line.

    All genes on the left, the 50 highest on the right.
    """
    shown = [*metrics["recipes"], *metrics["controls"], *metrics["nulls"]]
    drawn = [name for name in shown if np.isfinite(metrics["predictors"][name]["r"])][::-1]
    figure = new_figure(11.4, 1.2 + 0.34 * len(drawn))
    left, right = figure.subplots(1, 2, sharey=True)
    top = f"r_top_{metrics['ranking_name']}"
    _strip(left, metrics, drawn, ("r", "r"))
    _strip(right, metrics, drawn, ("r_top", top))
    left.set_yticks(range(len(drawn)), drawn)
    for label, name in zip(left.get_yticklabels(), drawn, strict=True):
        label.set_color(_colour(name, metrics) if _colour(name, metrics) != GREY else SOFT)
    left.set_ylim(-0.7, len(drawn) + 0.1)
    left.set_title("all genes", fontsize=11, loc="left")
    right.set_title(TOP_LABELS[metrics["ranking_name"]], fontsize=11, loc="left")
    return svg(figure)


def _strip(axis: Any, metrics: Mapping[str, Any], drawn: list[str], keys: tuple[str, str]) -> None:
    overall, of_section = keys
    for row, name in enumerate(drawn):
        colour, figures = _colour(name, metrics), metrics["predictors"][name]
        r = [found[name][of_section] for found in metrics["by_section"].values()]
        axis.scatter(r, np.full(len(r), row), s=16, color=colour, alpha=0.45, linewidths=0, zorder=3)
        low, high = figures[f"{overall}_interval"]
        if np.isfinite(low):
            axis.plot([low, high], [row, row], color=colour, linewidth=2.2, zorder=4, solid_capstyle="butt")
        axis.plot([figures[overall]] * 2, [row - 0.3, row + 0.3], color=colour, linewidth=2.6, zorder=5)
    ceiling = metrics["ceiling"][overall]
    if np.isfinite(ceiling):
        axis.axvline(ceiling, color=SOFT, linestyle="--", linewidth=1.2)
        axis.text(ceiling, len(drawn) - 0.05, "noise ceiling ", ha="right", va="top", color=SOFT, fontsize=9)
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.set_xlabel("r")
    axis.grid(axis="x", color=GRID, zorder=0)


def gene_scatter(genes: pd.DataFrame, recipe: str, null: str) -> str:
    """Return a scatter of r per gene, averaged over sections: the best null across, the recipe up."""
    from matplotlib.patheffects import withStroke

    rows = genes[genes["recipe"] == recipe]
    mean = rows.groupby("gene")[["r", f"r of {null}"]].mean()
    x, y = mean[f"r of {null}"].to_numpy(np.float32), mean["r"].to_numpy(np.float32)
    both = np.isfinite(x) & np.isfinite(y)
    figure = new_figure(3.8, 3.7)
    axis = figure.subplots()
    values = np.r_[x[both], y[both], 0.0, 0.1]
    low, high = float(values.min()) - 0.05, float(values.max()) + 0.07
    axis.plot([low, high], [low, high], color=GREY, linewidth=1)
    many = int(both.sum()) > MANY_DOTS
    axis.scatter(x[both], y[both], s=10, color=RECIPE, alpha=0.45, linewidths=0, rasterized=many)
    above = both & (y > x)
    for i in _apart(y, np.flatnonzero(above), closest=0.06 * (high - low)):
        axis.annotate(
            str(mean.index[i]),
            (x[i], y[i]),
            xytext=(4, 3),
            textcoords="offset points",
            fontsize=8,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )
    axis.set(xlim=(low, high), ylim=(low, high), xlabel=f"r, {null}", ylabel=f"r, {recipe}")
    axis.set_title(f"{int(above.sum())} of {int(both.sum())} genes above the line", fontsize=10, loc="left")
    axis.set_aspect("equal")
    return svg(figure)


def reliability_plots(calibration: Mapping[str, Any]) -> str:
    """Return stated confidence against the share of places that were right, a small figure per recipe."""
    drawn = {name: found for name, found in calibration.items() if found and found["stated"]}
    across = min(len(drawn), ACROSS)
    down = -(-len(drawn) // ACROSS)
    figure = new_figure(0.2 + 2.8 * across, 3.1 * down)
    axes = np.atleast_1d(figure.subplots(down, across, sharey=True)).ravel()
    for axis, (name, found) in zip(axes, drawn.items(), strict=False):
        x, y, n = (np.array([item[key] for item in found["bins"]]) for key in ("confidence", "right", "places"))
        axis.plot([0, 1], [0, 1], color=GREY, linewidth=1)
        axis.plot(x, y, color=RECIPE, linewidth=1, alpha=0.6)
        axis.scatter(x, y, s=12 + 150 * n / n.sum(), color=RECIPE, linewidths=0, zorder=3)
        axis.set_title(f"{name}: off by {found['ece']:.2f}", fontsize=10, loc="left")
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1, xticks=TICKS, yticks=TICKS)
        axis.grid(color=GRID, zorder=0)
    for axis in axes[len(drawn) :]:
        axis.set_visible(False)
    figure.supxlabel("stated confidence", fontsize=10)
    figure.supylabel("share that was right", fontsize=10)
    return svg(figure)


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
