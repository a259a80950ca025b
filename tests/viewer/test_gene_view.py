"""The columns of the gene table: what is asked for is seen, nothing is cut off, the gene stays while one scrolls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from shapely import box

from geneglass.data.annotation import Domain
from geneglass.data.cohort import read_cohort
from geneglass.viewer.frozen_columns import with_arrow
from geneglass.viewer.gene_columns import COLUMNS, FOUND, GENE, HELD_OUT, HERE, INSIDE, MEAN, MORAN, STAR, TRUST
from geneglass.viewer.gene_rows import GeneRows
from geneglass.viewer.gene_table import GeneTable
from geneglass.viewer.gene_view import GeneView
from geneglass.viewer.selection import selection_of
from tour.pictures import show_page

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WORDS, ACROSS = Qt.ItemDataRole.DisplayRole, Qt.Orientation.Horizontal
FIGURES = (HELD_OUT, HERE, INSIDE, MEAN, FOUND, MORAN)


def places(view: GeneView) -> dict[int, tuple[int, int]]:
    """Return where the shown columns begin and end on the screen; those that stay where they stand."""
    header = view.header
    staying = {column: (place.left(), place.left() + place.width()) for column, place in header.frozen()}
    figures = [column for column in FIGURES if view.shows(column)]
    starts = {column: header.sectionViewportPosition(column) for column in figures}
    return staying | {column: (left, left + header.sectionSize(column)) for column, left in starts.items()}


def seen(view: GeneView) -> list[int]:
    """Return the columns of figures in sight, after asserting that none is cut off on either side."""
    left, right = view.header.frozen_px(), view.viewport().width()
    found = []
    for column, (start, end) in places(view).items():
        if column in FIGURES and end > left and start < right:
            assert start >= left, f"{COLUMNS[column].key} begins under the gene"
            assert end <= right, f"{COLUMNS[column].key} is cut off"
            found.append(column)
    return found


def fits(view: GeneView) -> None:
    """Assert that no heading and no figure is wider than its column."""
    for column in FIGURES:
        if view.shows(column):
            width = view.header.sectionSize(column)
            for line in str(view.genes.headerData(column, ACROSS)).split("\n"):
                assert view.header.fontMetrics().horizontalAdvance(line) <= width
            for row in range(view.genes.rowCount()):
                text = str(view.genes.data(view.genes.index(row, column), WORDS))
                assert view.fontMetrics().horizontalAdvance(text) <= width


@pytest.fixture
def view(qtbot: Any) -> GeneView:
    """Return a table of genes of long names, with a domain, as wide as the narrow panel has room for it."""
    names = (*(f"ENSG000001{i:05d}" for i in range(60)), "KRT8")
    r = np.linspace(-1, 1, len(names))
    table = GeneTable()
    table.set_rows(GeneRows(names, ("",) * len(names), r > 0, (r > 0).astype(np.int8), r, r - 0.1, r + 0.1))
    table.set_figures({HERE: r, INSIDE: -r, MEAN: 3 * abs(r), FOUND: abs(r), MORAN: r})
    view = GeneView(table)
    view.set_has_domain(True)
    qtbot.addWidget(view)
    view.resize(345, 400)
    view.show()
    view.fit_columns()
    return view


def test_no_column_is_cut_off_however_wide_the_table_is(view: GeneView) -> None:
    for width in range(240, 900, 7):
        view.resize(width, 400)
        wanted = [HELD_OUT, HERE, INSIDE][: 3 if width > 350 else 1]
        assert seen(view)[: len(wanted)] == wanted
        fits(view)
    assert not view.genes.compact
    assert seen(view) == list(FIGURES)


def test_the_interval_goes_to_the_tooltip_where_not_all_columns_are_seen(view: GeneView) -> None:
    at = view.genes.index(view.genes.row_of("KRT8"), HELD_OUT)
    assert view.genes.data(at, WORDS) == "1.00"
    assert view.genes.data(at, Qt.ItemDataRole.ToolTipRole) == "1.00 (0.90, 1.10)"
    view.resize(900, 400)
    assert view.genes.data(at, WORDS) == "1.00 (0.90, 1.10)"


def test_every_figure_is_reached_beside_its_gene(view: GeneView, qtbot: Any) -> None:
    met, before = set(), view.grab(view.viewport().geometry()).toImage()
    stays = view.header.frozen_px()
    for _ in range(len(FIGURES)):
        met |= set(seen(view))
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert met == set(FIGURES)
    assert seen(view)[-1] == MORAN
    after = view.grab(view.viewport().geometry()).toImage()
    for image in (before, after):
        assert not image.isNull()
    ratio = before.devicePixelRatio()
    width = int((stays - 1) * ratio)
    assert before.copy(0, 0, width, before.height()) == after.copy(0, 0, width, after.height())
    assert before != after
    for _ in range(len(FIGURES)):
        qtbot.keyClick(view, Qt.Key.Key_Left)
    assert seen(view)[0] == HELD_OUT


def test_what_is_seen_is_what_the_mouse_meets(view: GeneView, qtbot: Any) -> None:
    view.horizontalScrollBar().setValue(view.horizontalScrollBar().maximum())
    starred = []
    view.starred.connect(starred.append)
    middle = {column: (start + end) // 2 for column, (start, end) in places(view).items()}
    y = view.rowViewportPosition(2) + 5
    for column in (STAR, GENE, TRUST, MORAN):
        assert view.indexAt(QPoint(middle[column], y)).column() == column
    qtbot.mouseClick(view.viewport(), LEFT, pos=QPoint(middle[STAR], y))
    assert starred == [view.genes.name_at(2)]
    qtbot.mouseClick(view.viewport(), LEFT, pos=QPoint(middle[GENE], y))
    assert view.selected_names() == (view.genes.name_at(2),)
    assert view.horizontalScrollBar().value() == view.horizontalScrollBar().maximum()
    for column in (GENE, MORAN, TRUST):
        qtbot.mouseClick(view.header.viewport(), LEFT, pos=QPoint(middle[column], 8))
        assert view.header.sortIndicatorSection() == column


@pytest.mark.parametrize("column", [HERE, MORAN, STAR])
def test_the_first_click_on_a_figure_puts_the_best_genes_first(view: GeneView, qtbot: Any, column: int) -> None:
    view.scroll_columns(0 if column == HERE else len(FIGURES))
    start, end = places(view)[column]
    for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
        qtbot.mouseClick(view.header.viewport(), LEFT, pos=QPoint((start + end) // 2, 8))
        assert (view.header.sortIndicatorSection(), view.header.sortIndicatorOrder()) == (column, order)


def test_walking_through_the_genes_keeps_the_columns(view: GeneView, qtbot: Any) -> None:
    view.scroll_columns(2)
    before = seen(view)
    view.setCurrentIndex(view.genes.index(40, GENE))
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 41
    assert view.visualRect(view.currentIndex()).bottom() <= view.viewport().height()
    assert seen(view) == before != list(FIGURES)[: len(before)]


def test_the_chosen_gene_is_not_cut_off_where_the_table_gets_lower(view: GeneView) -> None:
    view.setCurrentIndex(view.genes.index(12, GENE))
    for height in range(400, 200, -9):
        view.resize(360, height)
        place = view.visualRect(view.currentIndex())
        assert not place.top() <= view.viewport().height() <= place.bottom()


def test_scrolling_comes_to_rest_between_columns(view: GeneView, qtbot: Any) -> None:
    bar = view.horizontalScrollBar()
    bar.setValue(view.step_px + 7)
    qtbot.waitUntil(lambda: bar.value() == view.step_px)
    assert seen(view)[0] == HERE


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("mean", "mean\n▾"),
        ("r in\ndomain", "r in ▾\ndomain"),
        ("held-\nout r", "held-\nout r ▾"),
        ("r\nhere", "r ▾\nhere"),
    ],
)
def test_the_arrow_of_the_sorted_column_makes_it_no_wider(heading: str, wanted: str) -> None:
    assert with_arrow(heading, "▾") == wanted


@pytest.mark.parametrize(("theme", "size"), [("dark", (1280, 800)), ("light", (1600, 1000))])
def test_the_panel_as_it_opens_shows_what_is_asked_first(
    make_napari_viewer_proxy: Callable[..., Any],
    qtbot: Any,
    small_cohort: Path,
    predicted: Callable[..., Any],
    theme: str,
    size: tuple[int, int],
) -> None:
    from geneglass.viewer.panel import GeneglassPanel

    viewer = make_napari_viewer_proxy(show=True)
    viewer.theme = theme
    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    viewer.window.resize(*size)
    session = panel.desk.session
    session.open_section(read_cohort(small_cohort).sections[0])
    session.set_prediction(predicted(session.section))
    show_page(panel, "Genes")
    view = panel.genes.table
    qtbot.waitUntil(lambda: view.genes.n_genes == 6 and not panel.genes.figures.pending)
    assert not view.shows(INSIDE)
    assert {HELD_OUT, HERE} <= set(seen(view))
    domain = Domain("Tumour", box(0, 0, 240, 320))
    session.set_domains((domain,))
    selection_of(viewer).set_domain(domain.id)
    qtbot.waitUntil(lambda: not panel.genes.figures.pending)
    assert {HELD_OUT, HERE, INSIDE} <= set(seen(view))
    assert [column for column, _ in view.header.frozen()] == [STAR, GENE, TRUST]
    fits(view)
    view.horizontalScrollBar().setValue(view.horizontalScrollBar().maximum())
    assert {FOUND, MORAN} <= set(seen(view))
