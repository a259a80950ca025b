"""A section's report as a PDF of A4 pages."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass import __version__
from geneglass.data.atomic import atomic_path
from geneglass.workflow import section_words as words
from geneglass.workflow.events import Event, Job
from geneglass.workflow.map_drawing import INK
from geneglass.workflow.report_svg import SOFT
from geneglass.workflow.section_figures import Painter
from geneglass.workflow.section_findings import Found, SectionReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

A4_IN = (8.27, 11.69)
MARGIN_IN, LINE_IN = 0.7, 0.165
BODY_IN = A4_IN[0] - 2 * MARGIN_IN
CHARS = 108
"""Of a line of small text."""
GENES_ON_PAGE = 2
ROWS_ON_PAGE, COLUMNS_ON_PAGE, CELL_CHARS = 40, 10, 60
DPI = 200
WARN = "#b3402a"


def write_pdf(what: SectionReport, found: Found, path: Path) -> Job[None]:
    """Write the PDF, atomically."""
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages

    painter = Painter(what, found)
    title = f"{what.section.name}: predicted gene expression"
    total = 2 + -(-len(what.genes) // GENES_ON_PAGE)
    facts = {"Title": title, "CreationDate": None}
    with (
        atomic_path(path) as temporary,
        mpl.rc_context({"pdf.fonttype": 42}),
        PdfPages(temporary, metadata=facts) as pages,
    ):
        for number, figure in enumerate(_pages(painter, title)):
            yield Event("Drawing the PDF", min(number, total - 1), total)
            figure.text(0.5, 0.3 / A4_IN[1], f"{title} · page {number + 1}", fontsize=7, color=SOFT, ha="center")
            pages.savefig(figure, dpi=DPI)


def _pages(painter: Painter, title: str) -> "Iterator[Figure]":
    yield _first_page(painter, title)
    for start in range(0, len(painter.found.facts), GENES_ON_PAGE):
        yield _gene_page(painter, range(start, min(start + GENES_ON_PAGE, len(painter.found.facts))))
    if painter.what.section.domains:
        yield _domain_page(painter)
    for name, told in (
        ("domains", "Domains: r of each gene"),
        ("means", "Domains: means"),
        ("provenance", "Where this comes from"),
    ):
        rows = painter.found.tables[name]
        if len(rows) > 1 and len(rows[0]) > 1:
            yield from _table_pages(rows, told)


def _first_page(painter: Painter, title: str) -> "Figure":
    figure = _page()
    y = _text(figure, MARGIN_IN, title, size=17, weight="bold", colour=INK)
    y = _text(figure, y, f"Predicted from the H&E by geneglass {__version__}. For research; not a diagnosis.")
    for told in painter.found.warnings:
        y = _text(figure, y + 0.08, told, colour=WARN, size=9)
    if painter.what.note:
        y = _text(figure, y + 0.08, painter.what.note, colour=INK, size=9)
    rows = painter.found.tables["genes"]
    y = _text(figure, y + 0.15, "How far each gene can be believed", size=12, weight="bold", colour=INK)
    y = _text(
        figure,
        y,
        "r is the correlation of predicted and measured values over spots: 1 is perfect, 0 is chance. Held-out r was "
        "measured on training tissue that was left out. Without image: the best guess that never saw the picture. "
        "Ceiling: the r that counting noise allows.",
    )
    shown = rows[: ROWS_ON_PAGE - 8]
    y = _table(figure, shown, y + 0.1)
    if len(rows) > len(shown):
        y = _text(figure, y, f"{len(rows) - len(shown)} more genes stand on the page of the same name (.html).")
    if len(painter.trust_values()) and y < A4_IN[1] - 3.4:
        painter.trust(_part(figure, y + 0.2, 2.6))
    return figure


def _gene_page(painter: Painter, columns: range) -> "Figure":
    figure = _page()
    room = (A4_IN[1] - 2 * MARGIN_IN) / GENES_ON_PAGE
    for place, column in enumerate(columns):
        facts = painter.found.facts[column]
        y = MARGIN_IN + place * room
        title = words.headline(facts, painter.found.sides, training=painter.found.training)
        y = _text(figure, y, title, size=12, weight="bold", colour=INK)
        y = _text(figure, y, words.verdict(facts))
        each = BODY_IN * 0.42 * 2 / len(painter.maps(column))
        height = min(each * painter.aspect + 0.35, MARGIN_IN + (place + 1) * room - y - 0.15)
        painter.gene(_part(figure, y + 0.05, height), column)
    return figure


def _domain_page(painter: Painter) -> "Figure":
    figure = _page()
    y = _text(figure, MARGIN_IN, "Domains", size=12, weight="bold", colour=INK)
    painter.domains(_part(figure, y + 0.1, min(BODY_IN * painter.aspect, A4_IN[1] - y - 1.2)))
    return figure


def _table_pages(rows: words.Rows, told: str) -> "Iterator[Figure]":
    """Yield the pages of a table; columns beyond the width, and rows beyond the height, go on a next one."""
    width = COLUMNS_ON_PAGE - 1
    for left in range(1, max(len(rows[0]), 2), width):
        part = [(row[0], *row[left : left + width]) for row in rows]
        for top in range(1, len(part), ROWS_ON_PAGE):
            figure = _page()
            y = _text(figure, MARGIN_IN, told, size=12, weight="bold", colour=INK)
            _table(figure, [part[0], *part[top : top + ROWS_ON_PAGE]], y + 0.1)
            yield figure


def _page() -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=A4_IN)
    FigureCanvasAgg(figure)
    return figure


def _part(figure: "Figure", top_in: float, height_in: float) -> Any:
    """Return an empty figure's part of the page, `top_in` from above."""
    part = figure.add_gridspec(
        1,
        1,
        left=MARGIN_IN / A4_IN[0],
        right=1 - MARGIN_IN / A4_IN[0],
        top=1 - top_in / A4_IN[1],
        bottom=1 - (top_in + height_in) / A4_IN[1],
    )
    return _Cell(figure, part[0, 0])


class _Cell:
    """A cell of a page that is drawn into like a figure."""

    def __init__(self, figure: "Figure", cell: Any) -> None:
        self._figure, self._cell = figure, cell

    def subplots(self, rows: int = 1, columns: int = 1, **options: Any) -> Any:
        """Return axes within the cell, as `Figure.subplots` does."""
        return self._cell.subgridspec(rows, columns, wspace=0.05).subplots(**options)

    def colorbar(self, mappable: Any, **options: Any) -> Any:
        """Return a colour bar beside axes of the cell."""
        return self._figure.colorbar(mappable, **options)


def _text(
    figure: "Figure", top_in: float, text: str, *, size: float = 8, weight: str = "normal", colour: str = SOFT
) -> float:
    """Write text that wraps, and return where it ends, in inches from above."""
    lines = textwrap.wrap(text, int(CHARS * 8 / size)) or [""]
    figure.text(
        MARGIN_IN / A4_IN[0],
        1 - top_in / A4_IN[1],
        "\n".join(lines),
        fontsize=size,
        weight=weight,
        color=colour,
        va="top",
        linespacing=1.35,
    )
    return top_in + len(lines) * LINE_IN * size / 8 + 0.06


def _table(figure: "Figure", rows: words.Rows, top_in: float) -> float:
    """Draw a table and return where it ends, in inches from above."""
    cells = [["\n".join(textwrap.wrap(cell, CELL_CHARS)) for cell in row] for row in rows]
    columns = list(zip(*cells, strict=True))
    widths = [2 + max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    edges = [MARGIN_IN + BODY_IN * sum(widths[:c]) / max(sum(widths), CHARS * 0.9) for c in range(len(widths) + 1)]
    size = min(7.5, 7.5 * CHARS / max(sum(widths), 1))
    y = top_in
    for number, row in enumerate(cells):
        for c, cell in enumerate(row):
            figure.text(
                edges[c] / A4_IN[0],
                1 - y / A4_IN[1],
                cell,
                fontsize=size,
                weight="bold" if number == 0 else "normal",
                color=SOFT if number == 0 else INK,
                va="top",
            )
        y += LINE_IN * (0.15 + max(cell.count("\n") + 1 for cell in row))
    return y + 0.1
