"""What is on the screen, gathered for a figure or a report; the drawing itself is a job without a window."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.lattice import Lattice
from geneglass.data.section import Section
from geneglass.errors import InputError
from geneglass.viewer.blind import blind_of
from geneglass.viewer.channels import Channels, together_in
from geneglass.viewer.colour_scale import LINEAR_UNIT, UNIT
from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.field import extent_yx_px, field_of
from geneglass.viewer.layers import RASTER_ABOVE, spots_layout, tiles_layout
from geneglass.viewer.notes import unit_of
from geneglass.viewer.panes import DIFFERENCE, PREDICTED
from geneglass.viewer.session import session_of
from geneglass.viewer.sides import Side
from geneglass.workflow.map_colours import Colours, Hue, Mixture
from geneglass.workflow.map_drawing import DrawnMap, View
from geneglass.workflow.map_figure import MapFigure
from geneglass.workflow.section_findings import SectionReport

SMALLEST_VIEW_PX = 8.0
UPRIGHT = 1e-3
"""Slant of a lattice, as a share of its step, that is none."""


def figure_of(viewer: Any, out: Path, *, width_mm: float, dpi: int, whole: bool) -> MapFigure:
    """Return the maps as they stand in the window, as a figure.

    Parameters
    ----------
    viewer
        A napari viewer.
    out
        The file.
    width_mm, dpi
        Of the figure.
    whole
        The whole slide instead of what is in view.

    Raises
    ------
    InputError
        When nothing is open or no gene is chosen.
    """
    compare, together = compare_of(viewer), together_in(viewer)
    section, view = compare.session.section, compare.view
    if section is None:
        raise InputError("There is nothing to draw yet: open a slide first.")
    if view is None or not view.sides or (together is None and any(side.bare for side in view.sides.values())):
        raise InputError("No gene is shown: choose one in the tab Genes, then save its figure.")
    ordered = [role for role in (*compare.panes.order, DIFFERENCE) if role in view.sides]
    maps = [_map(compare, role, view.sides[role]) for role in ordered]
    if together is not None:
        maps = [
            _mixed(together, role, drawn, compare.look.opacity) if role in together.values else drawn
            for role, drawn in zip(ordered, maps, strict=True)
        ]
    return MapFigure(
        section=section,
        maps=tuple(maps),
        view=whole_slide(section) if whole else in_view(viewer, section),
        note=together.note if together is not None else "\n".join(part for part in (view.note, view.aside) if part),
        out=out,
        width_mm=width_mm,
        dpi=dpi,
    )


def shown_genes(viewer: Any) -> tuple[str, ...]:
    """Return the genes that the maps show: one, those that are shown together, or none."""
    together, gene = together_in(viewer), session_of(viewer).gene
    if together is not None:
        return tuple(channel.gene for channel in together.shown)
    return () if gene is None else (gene,)


def report_of(viewer: Any, out: Path, genes: tuple[str, ...], note: str) -> SectionReport:
    """Return a report of chosen genes on the open section.

    Raises
    ------
    InputError
        When there is no prediction yet, or a blinded reading goes on.
    """
    session = session_of(viewer)
    if session.section is None or session.prediction is None:
        raise InputError("There is no prediction to report yet: open a slide, and press Predict genes.")
    if blind_of(viewer).active:
        raise InputError("A blinded reading goes on, and a report would tell which map is which: end it first.")
    colourmap = compare_of(viewer).look.colourmap
    return SectionReport(session.section, session.prediction, genes, out, colourmap=colourmap, note=note)


def in_view(viewer: Any, section: Section) -> View:
    """Return the part of the slide that a pane shows."""
    field = field_of(viewer)
    now, size = field.now(), field.size_yx_px()
    if now is None or size is None:
        return whole_slide(section)
    extent = extent_yx_px(section)
    low = [max(middle - length / 2, 0.0) for middle, length in zip(now.centre_yx_px, size, strict=True)]
    high = [min(middle + length / 2, end) for middle, length, end in zip(now.centre_yx_px, size, extent, strict=True)]
    if min(high[0] - low[0], high[1] - low[1]) < SMALLEST_VIEW_PX:
        raise InputError("No tissue is in view: move the slide back, or save the whole of it.")
    return View(low[0], low[1], high[0] - low[0], high[1] - low[1])


def whole_slide(section: Section) -> View:
    """Return the view of all of a section."""
    height, width = extent_yx_px(section)
    return View(0.0, 0.0, height, width)


def _map(compare: Compare, role: str, side: Side) -> DrawnMap:
    session, shade = compare.session, side.shade
    places = session.predicted_places if role == PREDICTED else session.measured_places
    if session.section is None or places is None:
        raise ValueError(f"nothing is {role}")
    grid = role == PREDICTED and not session.on_spots
    if grid:
        layout = tiles_layout(session.section, places, stride_um=float(session.provenance.get("stride_um", 0)))
    else:
        layout = spots_layout(session.section, places)
    square = grid if layout.lattice is None else _upright(layout.lattice)
    return DrawnMap(
        title=side.title.long,
        values=side.values,
        centres_yx=places.centres_yx,
        size_px=layout.diameter_px,
        colours=Colours(shade.colourmap, shade.low, shade.high, shade.clear_low, shade.signal, compare.look.opacity),
        unit=_unit(compare, role),
        square=square,
        doubtful=side.doubtful,
        rings=None if layout.kept is None or square else ~layout.kept,
        hatched=square and len(side.values) > RASTER_ABOVE,
    )


def _mixed(together: Channels, role: str, drawn: DrawnMap, opacity: float) -> DrawnMap:
    """Return a map of several genes in the place of the one that is chosen."""
    hues = tuple(
        Hue(f"{channel.gene} ({channel.colour})\n{channel.unit}", channel.rgb, *channel.limits)
        for channel in together.shown
        if not channel.scale.empty
    )
    colours = Mixture(together.colours(role), hues, opacity)
    return replace(drawn, title=together.titles[role].long, values=together.values[role], colours=colours, unit="")


def _upright(lattice: Lattice) -> bool:
    (down, across), (also_across, right) = np.abs(lattice.steps_yx_px)
    return bool(max(across, also_across) < UPRIGHT * min(down, right))


def _unit(compare: Compare, role: str) -> str:
    stated = unit_of(compare.session, role)
    unit = LINEAR_UNIT if stated == UNIT and not compare.look.log else stated
    return f"predicted − measured, {unit}" if role == DIFFERENCE else unit
