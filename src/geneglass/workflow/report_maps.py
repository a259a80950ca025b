"""Measured and predicted maps of single genes, side by side on one scale, small enough to stand in rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geneglass.data.neighbours import neighbour_pairs
from geneglass.data.types import FloatArray
from geneglass.workflow.gene_maps import GeneMap, SectionMaps
from geneglass.workflow.report_svg import SOFT, new_figure, png
from geneglass.workflow.scale_bar import bar_length, bar_words
from geneglass.workflow.scores import Scored, section_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN = 3.7
DPI = 150
SHORTEST_BAR_UM = 100


def typical_maps(scored: Sequence[Scored], recipe: str) -> SectionMaps | None:
    """Return a recipe's maps of its section of median mean r: neither its luckiest nor its unluckiest one."""
    r = np.array([section_figures(s, recipe)["r"] for s in scored])
    known = np.flatnonzero(np.isfinite(r))
    if not len(known):
        return None
    middle = int(known[np.argsort(r[known], kind="stable")][(len(known) - 1) // 2])
    return scored[middle].maps.get(recipe)


def map_picture(shown: GeneMap, maps: SectionMaps) -> str:
    """Return one gene, measured | predicted on one scale, as a data address of a PNG; r stands in the title."""
    centres_um_yx = maps.centres_um_yx
    height_um, width_um = np.ptp(centres_um_yx, axis=0) + 1.0
    height = float(np.clip(0.42 * WIDTH_IN * height_um / width_um, 0.8, 4.5))
    figure = new_figure(WIDTH_IN, height + 0.55)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    both = (shown.measured, shown.predicted)
    limits = [colour_limits(*both)] * 2 if maps.one_scale else [colour_limits(values) for values in both]
    for axis, values, title, limit in zip(axes, both, ("measured", "predicted"), limits, strict=True):
        points = _draw(axis, values, centres_um_yx, limit)
        axis.set_title(title, fontsize=8, color=SOFT, pad=2)
        if not maps.one_scale:
            figure.colorbar(points, ax=axis, fraction=0.08, pad=0.02).ax.tick_params(labelsize=7)
    if maps.one_scale:
        figure.colorbar(points, ax=axes, fraction=0.05, pad=0.01).ax.tick_params(labelsize=7)
    _scale_bar(axes[0], centres_um_yx)
    figure.suptitle(f"{shown.gene}   r = {shown.r:.2f}", fontsize=10, x=0.02, ha="left", weight="bold")
    return png(figure, DPI)


def _draw(axis: "Axes", values: FloatArray, centres_um_yx: FloatArray, limit: tuple[float, float]) -> Any:
    from matplotlib.collections import EllipseCollection

    n, size_um = len(values), _pitch_um(centres_um_yx)
    sizes = np.full(n, 0.92 * size_um)
    spots = EllipseCollection(
        sizes,
        sizes,
        np.zeros(n),
        offsets=centres_um_yx[:, ::-1],
        units="xy",
        offset_transform=axis.transData,
        cmap="viridis",
        linewidths=0,
    )
    spots.set_array(values)
    spots.set_clim(*limit)
    axis.add_collection(spots)
    low, high = centres_um_yx.min(axis=0) - size_um, centres_um_yx.max(axis=0) + size_um
    axis.set(xlim=(low[1], high[1]), ylim=(high[0], low[0]), aspect="equal")
    axis.set_axis_off()
    return spots


def colour_limits(*maps: FloatArray) -> tuple[float, float]:
    """Return the lowest and highest value that colours tell apart, over all maps that share a scale.

    The highest is the 98th percentile of the values above 0 of the map that has more: spots without the gene, often
    nearly all, do not push it down.
    """
    low = min(0.0, *(float(np.nanpercentile(values, 1)) for values in maps))
    present = [values[values > 0] for values in maps]
    high = max((float(np.percentile(values, 98)) for values in present if len(values)), default=0.0)
    return low, max(high, low + 1e-6)


def _pitch_um(centres_um_yx: FloatArray) -> float:
    pairs = neighbour_pairs(centres_um_yx)
    if not len(pairs):
        return max(float(np.ptp(centres_um_yx, axis=0).max()) / 10, 1.0)
    return float(np.median(np.hypot(*(centres_um_yx[pairs[:, 0]] - centres_um_yx[pairs[:, 1]]).T)))


def _scale_bar(axis: "Axes", centres_um_yx: FloatArray) -> None:
    low, high = centres_um_yx.min(axis=0), centres_um_yx.max(axis=0)
    length = bar_length(max(0.4 * float(high[1] - low[1]), SHORTEST_BAR_UM))
    size = _pitch_um(centres_um_yx)
    y = high[0] + 1.3 * size
    axis.plot([low[1], low[1] + length], [y, y], color="#1d2433", linewidth=1.5, solid_capstyle="butt", clip_on=False)
    axis.text(low[1], y + 0.4 * size, bar_words(length), fontsize=7, va="top", clip_on=False)
