"""The maps of a window as a figure for a paper or a slide: PNG of a chosen size, PDF or SVG."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geneglass.data.atomic import atomic_path, require_writable
from geneglass.data.section import Section
from geneglass.errors import UsageError
from geneglass.workflow.events import Event, Job
from geneglass.workflow.map_drawing import (
    DrawnMap,
    View,
    draw_map,
    draw_scale_bar,
    draw_tissue,
    read_picture,
)
from geneglass.workflow.report_svg import SOFT, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MM_PER_INCH = 25.4
FORMATS = (".png", ".pdf", ".svg")
MOST_PX = 20_000
"""Of a PNG's longer side: more would not fit into the memory of a laptop."""
TITLE_IN, NOTE_IN = 0.42, 0.16


@dataclass(frozen=True)
class MapFigure:
    """What is drawn, and how large.

    Attributes
    ----------
    section
        Its slide is drawn beneath the maps.
    maps
        From left to right; at least one.
    view
        The part of the slide.
    note
        Stands below all maps.
    out
        A file that ends in one of `FORMATS`.
    width_mm
        Of the figure.
    dpi
        Dots per inch, of a PNG and of the tissue within a PDF or SVG.
    """

    section: Section
    maps: tuple[DrawnMap, ...]
    view: View
    note: str
    out: Path
    width_mm: float = 180.0
    dpi: int = 300

    def __post_init__(self) -> None:
        if self.out.suffix.lower() not in FORMATS:
            raise UsageError(f"A figure ends in {', '.join(FORMATS)}, got {self.out.name!r}: choose one of these.")
        if not 20 <= self.width_mm <= 2000 or not 50 <= self.dpi <= 1200:
            raise UsageError(
                f"A figure is 20 to 2000 mm wide at 50 to 1200 dpi, got {self.width_mm:g} mm at {self.dpi} dpi."
            )
        if max(self.size_in()) * self.dpi > MOST_PX:
            raise UsageError(
                f"{self.width_mm:g} mm at {self.dpi} dpi are more than {MOST_PX:,} pixels on a side: take fewer dpi."
            )

    def size_in(self) -> tuple[float, float]:
        """Return width and height in inches."""
        width = self.width_mm / MM_PER_INCH
        each = width / len(self.maps) * 0.84
        height = each * self.view.height_px / self.view.width_px
        return width, height + TITLE_IN + NOTE_IN * (1 + self.note.count("\n"))


def map_figure(what: MapFigure) -> Job[Path]:
    """Draw the figure and write it; returns the file.

    Raises
    ------
    InputError
        When it can not be written.
    """
    require_writable(what.out)
    stage = f"Drawing {what.out.name}"
    yield Event(stage, 0, 2)
    figure = draw(what)
    yield Event(stage, 1, 2)
    save(figure, what.out, what.dpi)
    yield Event(stage, 2, 2)
    return what.out


def draw(what: MapFigure) -> "Figure":
    """Return the figure."""
    width, height = what.size_in()
    figure = new_figure(width, height)
    axes = figure.subplots(1, len(what.maps), sharex=True, sharey=True, squeeze=False)[0]
    slide = what.section.slide
    longest_px = int(what.dpi * max(width / len(what.maps), height))
    picture, shown = (None, what.view) if slide is None else read_picture(slide, what.view, longest_px)
    small = 7 if width < 6 else 8
    for axis, drawn in zip(axes, what.maps, strict=True):
        draw_tissue(axis, picture, shown, what.view)
        mappable = draw_map(axis, drawn, what.view)
        axis.set_title(drawn.title, fontsize=small + 1, loc="left", wrap=True)
        if drawn.colours.signal:
            bar = figure.colorbar(mappable, ax=axis, fraction=0.05, pad=0.02, shrink=0.8)
            bar.set_label(drawn.unit, fontsize=small - 1)
            bar.ax.tick_params(labelsize=small - 1)
        draw_scale_bar(axis, what.view, what.section.mpp, size_pt=small)
    if what.note:
        figure.supxlabel(what.note, fontsize=small - 1, color=SOFT, x=0.01, ha="left")
    return figure


def save(figure: "Figure", out: Path, dpi: int) -> None:
    """Write a figure, atomically; the same figure gives the same file."""
    import matplotlib as mpl

    kind = out.suffix.lower().removeprefix(".")
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with atomic_path(out) as temporary, mpl.rc_context({"svg.hashsalt": "geneglass", "pdf.fonttype": 42}):
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata, facecolor="white")
