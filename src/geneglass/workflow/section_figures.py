"""The figures of a section's report, drawn into what the page or the PDF gives."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geneglass.data.section import Section
from geneglass.data.types import UInt8Array
from geneglass.workflow.map_colours import Colours, colour_bars
from geneglass.workflow.map_drawing import (
    DrawnMap,
    View,
    draw_map,
    draw_outlines,
    draw_scale_bar,
    draw_tissue,
    read_picture,
    whole_view,
)
from geneglass.workflow.report_maps import colour_limits
from geneglass.workflow.report_svg import GREY, GRID, RECIPE

if TYPE_CHECKING:
    from geneglass.workflow.section_findings import Found, SectionReport

LONGEST_PX = 1100
"""Of the tissue beneath a map."""
NO_CLASS_RGB = (90, 62, 142)
UNIT = "ln(1 + counts per 10k)"
N_BINS = 30


class Painter:
    """Draws one report; the tissue is read once.

    Parameters
    ----------
    what, found
        The report and what it says.
    """

    def __init__(self, what: "SectionReport", found: "Found") -> None:
        self.what, self.found = what, found
        section, sides = what.section, found.sides
        centres = np.concatenate([sides.measured_yx, sides.predicted_yx])
        self.size_px = spot_size_px(section, what.prediction)
        self.view = whole_view(section.slide, centres, 2 * self.size_px)
        self.picture: UInt8Array | None = None
        self.shown: View = self.view
        if section.slide is not None:
            self.picture, self.shown = read_picture(section.slide, self.view, LONGEST_PX)

    @property
    def aspect(self) -> float:
        """Return height over width of the tissue that is drawn."""
        return self.view.height_px / self.view.width_px

    def gene(self, figure: Any, column: int) -> None:
        """Draw one gene, measured beside predicted on one scale, into a figure or a part of one."""
        maps = self.maps(column)
        axes = figure.subplots(1, len(maps), sharex=True, sharey=True, squeeze=False)[0]
        for axis, drawn in zip(axes, maps, strict=True):
            draw_tissue(axis, self.picture, self.shown, self.view)
            draw_map(axis, drawn, self.view)
            axis.set_title(drawn.title, fontsize=8, loc="left", pad=3)
            draw_scale_bar(axis, self.view, self.what.section.mpp, size_pt=6)
        for words, scale in colour_bars(maps[-1].colours, maps[-1].unit):
            bar = figure.colorbar(scale, ax=list(axes), fraction=0.04, pad=0.01, shrink=0.8)
            bar.set_label(words, fontsize=7)
            bar.ax.tick_params(labelsize=7)

    def maps(self, column: int) -> tuple[DrawnMap, ...]:
        """Return the maps of one gene: those of its sides that have values."""
        sides = self.found.sides
        parts = [] if sides.measured is None else [("measured", sides.measured[:, column], sides.measured_yx)]
        parts.append(("predicted", sides.predicted[:, column], sides.predicted_yx))
        there = [values[np.isfinite(values)] for _, values, _ in parts]
        low, high = colour_limits(*[values for values in there if len(values)])
        colours = Colours(self.what.colourmap, low, high)
        unit = str(self.what.prediction.uns["geneglass"].get("unit", ""))
        unit = UNIT if unit.startswith("ln(1 + 10,000") or not unit else unit
        return tuple(
            DrawnMap(
                f"{self.what.genes[column]} {side}",
                values,
                centres,
                self.size_px,
                colours,
                unit,
                square=side == "predicted" and not sides.paired,
            )
            for (side, values, centres), kept in zip(parts, there, strict=True)
            if len(kept)
        )

    def domains(self, figure: Any) -> None:
        """Draw the tissue with the domains."""
        axis = figure.subplots()
        draw_tissue(axis, self.picture, self.shown, self.view)
        drawn = [(item.name, item.shape, item.colour_rgb or NO_CLASS_RGB) for item in self.what.section.domains]
        draw_outlines(axis, drawn, size_pt=8)
        draw_scale_bar(axis, self.view, self.what.section.mpp, size_pt=7)

    def trust(self, figure: Any) -> None:
        """Draw held-out r of all genes of the model as a histogram, with the chosen ones marked."""
        axis = figure.subplots()
        r = self.trust_values()
        axis.hist(r, bins=N_BINS, color=GREY, alpha=0.6, zorder=2)
        top = axis.get_ylim()[1]
        chosen = sorted((item.trust_r, item.gene) for item in self.found.facts if np.isfinite(item.trust_r))
        room = 0.017 * float(np.ptp(axis.get_xlim()))
        at = -np.inf
        for value, gene in chosen:
            # Names of genes with nearly one r stand beside each other, not over each other.
            at = max(value, at + room)
            axis.plot([value, value, at], [0, 0.86 * top, 0.93 * top], color=RECIPE, linewidth=0.9, zorder=3)
            axis.text(at, 0.95 * top, gene, rotation=90, fontsize=6, ha="center", va="bottom")
        axis.set_ylim(0, 1.3 * top)
        axis.set_xlabel("held-out r", fontsize=8)
        axis.set_ylabel("genes of the model", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(axis="x", color=GRID, zorder=0)
        axis.spines[["top", "right"]].set_visible(False)

    def trust_values(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Return held-out r of the genes of the prediction that have one."""
        var = self.what.prediction.var
        if "trust_r" not in var:
            return np.empty(0)
        r = np.asarray(var["trust_r"], np.float64)
        return r[np.isfinite(r)]


def spot_size_px(section: Section, prediction: Any) -> float:
    """Return the diameter of a spot, or the step of the predicted grid, in level-0 pixels; 50 µm where not known."""
    stated = prediction.uns["geneglass"]
    um = float(stated.get("stride_um", 0) or 0) or section.spot_diameter_um
    um = um or float(stated.get("spot_diameter_um", 0) or 0) or 50.0
    return um / (section.mpp or 1.0)
