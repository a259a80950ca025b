"""The maps of a window as a figure for a paper or a slide: PNG of a chosen size, PDF or SVG."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass.data.atomic import atomic_path, require_writable
from geneglass.data.section import Section
from geneglass.errors import UsageError
from geneglass.workflow.events import Event, Job
from geneglass.workflow.map_colours import Mixture, colour_bars
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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_INCH = 25.4
FORMATS = (".png", ".pdf", ".svg")
MOST_PX = 20_000
"""Of a PNG's longer side: more would not fit into the memory of a laptop."""
TITLE_IN, LINE_IN, NOTE_IN = 0.42, 0.15, 0.16
"""Heights of titles of one line, of every further one, and of a line of the note."""
CHAR_EM = 0.68
"""Width of a capital letter, as a share of its size: names of genes have many."""
KEY_IN, BAR_IN = 0.6, 0.1
"""Height of the row of colour bars below maps of several genes with its words, and of the bars alone."""
AS_TEXT = {"svg.hashsalt": "geneglass", "svg.fonttype": "none", "pdf.fonttype": 42}
"""The same figure gives the same file, and what is written can be edited."""
BESIDE = 0.84
"""Of a map's share of the width, what its colour bar leaves."""


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

    @property
    def together(self) -> DrawnMap | None:
        """Return a map of several genes, whose colour bars stand below all maps; None where each shows one."""
        return next((drawn for drawn in self.maps if isinstance(drawn.colours, Mixture)), None)

    @property
    def small_pt(self) -> float:
        """Return the size of the smaller words; titles are one point larger, notes one smaller."""
        return 7 if self.width_mm / MM_PER_INCH < 6 else 8

    def titles(self) -> list[str]:
        """Return what stands above every map, in lines no wider than a map."""
        each_pt = 72 * self.width_mm / MM_PER_INCH / len(self.maps) * self._share()
        return [textwrap.fill(drawn.title, int(each_pt / (CHAR_EM * (self.small_pt + 1)))) for drawn in self.maps]

    def note_lines(self) -> list[str]:
        """Return what stands below the maps, in lines no wider than the figure."""
        n_chars = int(72 * self.width_mm / MM_PER_INCH / (CHAR_EM * (self.small_pt - 1)))
        return [part for line in self.note.split("\n") for part in textwrap.wrap(line, n_chars)]

    def size_in(self) -> tuple[float, float]:
        """Return width and height in inches."""
        width = self.width_mm / MM_PER_INCH
        height = width / len(self.maps) * self._share() * self.view.height_px / self.view.width_px
        title = TITLE_IN + LINE_IN * max(words.count("\n") for words in self.titles())
        key = 0.0 if self.together is None else KEY_IN
        return width, height + title + key + NOTE_IN * max(len(self.note_lines()), 1)

    def _share(self) -> float:
        """Return how much of its share of the width a map has, as its colour bar stands beside it or below."""
        return BESIDE if self.together is None else 1.0


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
    axes, keys = _axes(figure, what)
    slide = what.section.slide
    longest_px = int(what.dpi * max(width / len(what.maps), height))
    picture, shown = (None, what.view) if slide is None else read_picture(slide, what.view, longest_px)
    small = what.small_pt
    for axis, drawn, title in zip(axes, what.maps, what.titles(), strict=True):
        draw_tissue(axis, picture, shown, what.view)
        draw_map(axis, drawn, what.view)
        axis.set_title(title, fontsize=small + 1, loc="left")
        for words, scale in [] if isinstance(drawn.colours, Mixture) else colour_bars(drawn.colours, drawn.unit):
            _label(figure.colorbar(scale, ax=axis, fraction=0.05, pad=0.02, shrink=0.8), words, small - 1)
        draw_scale_bar(axis, what.view, what.section.mpp, size_pt=small)
    for axis, (words, scale) in keys:
        _label(figure.colorbar(scale, cax=axis, orientation="horizontal"), words, small - 1)
    if what.note:
        figure.supxlabel("\n".join(what.note_lines()), fontsize=small - 1, color=SOFT, x=0.01, ha="left")
    return figure


def _axes(figure: "Figure", what: MapFigure) -> tuple[list["Axes"], list[tuple["Axes", tuple[str, Any]]]]:
    """Return the axes of the maps, and those of the colour bars below them with what these are made of."""
    n, mixed = len(what.maps), what.together
    bars = [] if mixed is None else colour_bars(mixed.colours, mixed.unit)
    if not bars:
        return list(figure.subplots(1, n, sharex=True, sharey=True, squeeze=False)[0]), []
    # As many columns as both rows divide.
    k = len(bars)
    grid = figure.add_gridspec(2, n * k, height_ratios=(what.size_in()[1] - KEY_IN, BAR_IN))
    maps = [figure.add_subplot(grid[0, i * k : (i + 1) * k]) for i in range(n)]
    keys = [figure.add_subplot(grid[1, i * n : (i + 1) * n]) for i in range(k)]
    return maps, list(zip(keys, bars, strict=True))


def _label(bar: Any, words: str, size_pt: float) -> None:
    bar.set_label(words, fontsize=size_pt)
    bar.ax.tick_params(labelsize=size_pt)


def save(figure: "Figure", out: Path, dpi: int) -> None:
    """Write a figure, atomically; the same figure gives the same file."""
    import matplotlib as mpl

    kind = out.suffix.lower().removeprefix(".")
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with atomic_path(out) as temporary, mpl.rc_context(AS_TEXT):
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata, facecolor="white")
