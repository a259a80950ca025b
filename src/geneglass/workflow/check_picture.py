"""A picture of spots on their slides, to see whether both lie on each other."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.atomic import atomic_path
from geneglass.data.genes import kept_spots, spot_totals
from geneglass.data.section import Section
from geneglass.data.spots import Spots
from geneglass.data.tissue import small_picture
from geneglass.errors import InputError
from geneglass.workflow.config import MIN_COUNTS

_SPOTS, _SHALLOW, _FAULT = "#0072b2", "#d55e00", "#b00020"
_MOST_RINGS = 20_000
"""Of more spots, such as bins of Visium HD, every second, third ... is drawn."""

_MANY, _THICK, _THIN = 1000, 1.3, 0.5

_ABOVE_LEGEND = 28.0
"""Points between the picture and its title: the legend stands there, where it hides no tissue."""

_PANEL_INCHES = (10.0, 7.0, 5.0)
"""Of one section, of up to four, of more."""


def check_picture(
    sections: Sequence[Section], path: Path, *, faulty: Sequence[bool] = (), min_counts: int = MIN_COUNTS
) -> None:
    """Write a PNG of slides with their spots as rings, one panel per section.

    Spots under the count limit are drawn in another colour. A section without a slide shows its spots
    alone; axes are in micrometres where the pixel size is known, else in pixels. Spots beyond the slide
    are drawn where they would lie.

    Parameters
    ----------
    sections
        Opened sections.
    path
        The PNG to write.
    faulty
        For each section, whether `check` found faults in it: said in its title. Without any, none is faulty.
    min_counts
        Spots with fewer counts are set aside.

    Raises
    ------
    InputError
        When the picture can not be written, or there is no section to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not sections:
        raise InputError(f"{path.name} was not written: none of the sections could be opened.")
    columns = math.ceil(math.sqrt(len(sections)))
    rows = math.ceil(len(sections) / columns)
    inches = _PANEL_INCHES[0 if len(sections) == 1 else 1 if len(sections) <= 4 else 2]
    figure = Figure(figsize=(columns * inches, rows * inches), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, section, is_faulty in zip(grid, sections, faulty or [False] * len(sections), strict=False):
        _draw(axes, section, is_faulty, min_counts)
    for axes in grid[len(sections) :]:
        axes.set_axis_off()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def _draw(axes: Any, section: Section, is_faulty: bool, min_counts: int) -> None:
    per_px = 1.0 if section.mpp is None else section.mpp
    unit = "px" if section.mpp is None else "µm"
    if section.slide is not None:
        picture, downsample = small_picture(section.slide)
        step = downsample * per_px
        axes.imshow(picture, extent=(0.0, picture.shape[1] * step, picture.shape[0] * step, 0.0))
    else:
        axes.invert_yaxis()
    title = section.name if section.patient is None else f"{section.name}, patient {section.patient}"
    if section.spots is not None:
        _draw_spots(axes, section, section.spots, per_px, min_counts)
        title += f": {section.spots.table.n_obs:,} spots, {section.spots.table.n_vars:,} genes"
    if is_faulty:
        title += "\nfaulty: see what check says"
    axes.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})", aspect="equal")
    axes.set_title(title, color=_FAULT if is_faulty else "black", pad=_ABOVE_LEGEND, parse_math=False)


def _draw_spots(axes: Any, section: Section, spots: Spots, per_px: float, min_counts: int) -> None:
    from matplotlib.collections import EllipseCollection
    from matplotlib.patches import Patch

    totals = spot_totals(spots)
    kept = kept_spots(totals, min_counts)
    centres_xy = section.centres_yx[:, ::-1] * per_px
    known = section.spot_diameter_um is not None and section.mpp is not None
    across = float(section.spot_diameter_um or 0) if known else 0.01 * float(np.ptp(centres_xy, axis=0).max() or 100)
    handles = []
    for chosen, colour, label in ((kept, _SPOTS, "spots"), (~kept, _SHALLOW, f"under {min_counts} counts")):
        if not chosen.any():
            continue
        drawn = np.flatnonzero(chosen)[:: 1 + len(chosen) // _MOST_RINGS]
        size = np.full(len(drawn), across)
        rings = EllipseCollection(
            size, size, np.zeros_like(size), units="xy", offsets=centres_xy[drawn], offset_transform=axes.transData
        )
        rings.set(facecolor="none", edgecolor=colour, linewidth=_THICK if len(chosen) < _MANY else _THIN)
        axes.add_collection(rings)
        handles.append(Patch(facecolor="none", edgecolor=colour, label=f"{int(chosen.sum())} {label}"))
    axes.autoscale_view()
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False)
