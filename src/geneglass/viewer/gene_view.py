"""The table that shows genes: columns to choose, stars to click, keys."""

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QMenu

from geneglass.viewer.frozen_columns import FrozenTable
from geneglass.viewer.gene_columns import COLUMNS, GENE, HELD_OUT, HERE, INSIDE, STAR, TRUST
from geneglass.viewer.gene_table import GeneTable

ROW_PX, STAR_PX, LEAST_GENE_PX, MOST_GENE_PX = 22, 24, 76, 130
PAD_PX, HEADING_PAD_PX = 8, 5
"""Around a text, and around one of the headings, whose lines are of different lengths."""
MOST_MEASURED = 500
"""Names whose width is looked at."""
FROZEN = (STAR, GENE, TRUST)
"""Columns that are always seen; those of figures scroll beside them."""
FIGURES = range(HELD_OUT, len(COLUMNS))
LEAST_SEEN = 3
"""Figures beside a gene, for which its name is shortened."""


class GeneView(FrozenTable):
    """Genes by row.

    Where the chosen columns need more room than there is, intervals go to the tooltips and the figures scroll
    sideways, in columns of one width of which a whole number is seen: none is cut off in its middle.

    Parameters
    ----------
    model
        The genes.
    """

    starred = Signal(str)
    """A gene whose star was clicked."""
    columns_chosen = Signal()
    """The person has shown or hidden a column."""

    def __init__(self, model: GeneTable) -> None:
        super().__init__(FROZEN)
        self.setObjectName("genes")
        self.setToolTip("Click a gene, or go through them with the arrow keys: its maps are drawn at once")
        self.genes = model
        self._hidden: frozenset[str] = frozenset()
        self._has_domain, self._has_truth = False, True
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.sortByColumn(GENE, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.header
        header.setMinimumSectionSize(STAR_PX)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda place: self.columns_menu().exec(header.mapToGlobal(place)))
        self._show_columns()

    @property
    def hidden_columns(self) -> tuple[str, ...]:
        """Return the keys of the columns that the person has hidden."""
        return tuple(column.key for column in COLUMNS if column.key in self._hidden)

    def set_hidden(self, keys: tuple[str, ...]) -> None:
        """Hide columns by their keys, and show all others."""
        self._hidden = frozenset(keys) - {COLUMNS[GENE].key}
        self._show_columns()

    def set_has_domain(self, has_domain: bool) -> None:
        """Say whether a domain is selected: without one its column is not shown."""
        self._has_domain = has_domain
        self._show_columns()

    def set_has_truth(self, has_truth: bool) -> None:
        """Say whether something was measured here: without that there is no r on this section, nor its column."""
        self._has_truth = has_truth
        self._show_columns()

    def shows(self, column: int) -> bool:
        """Return whether a column is shown."""
        return not self.isColumnHidden(column)

    def fit_columns(self) -> None:
        """Make every column as wide as its widest text; only names may be longer, and have a tooltip."""
        widths = {number: self._width(number, compact=False) for number in range(len(COLUMNS)) if self.shows(number)}
        self.genes.set_compact(sum(widths.values()) > self.viewport().width())
        if self.genes.compact:
            widths = self._narrow()
        for number, width in widths.items():
            self.header.resizeSection(number, width)

    def _narrow(self) -> dict[int, int]:
        """Return the widths where not all columns can be seen: that of figures is one, and a whole number fits."""
        widths = {number: self._width(number, compact=True) for number in range(len(COLUMNS)) if self.shows(number)}
        figures = [number for number in FIGURES if self.shows(number)]
        if not figures:
            return widths
        least = max(widths[number] for number in figures)
        room = self.viewport().width() - sum(widths[number] for number in (STAR, TRUST) if self.shows(number))
        gene = max(min(widths[GENE], room - LEAST_SEEN * least), LEAST_GENE_PX)
        seen = min(max((room - gene) // least, 1), len(figures))
        self.step_px = max((room - gene) // seen, least)
        return widths | {GENE: max(room - seen * self.step_px, gene)} | dict.fromkeys(figures, self.step_px)

    def _width(self, number: int, *, compact: bool) -> int:
        header, cells = self.header.fontMetrics(), self.fontMetrics()
        if number == STAR:
            return STAR_PX
        if number == GENE:
            widest = max((cells.horizontalAdvance(name) for name in self.genes.names[:MOST_MEASURED]), default=0)
            return min(max(widest + PAD_PX, LEAST_GENE_PX), MOST_GENE_PX)
        longest = self.genes.longest_held_out(compact=compact) if number == HELD_OUT else COLUMNS[number].widest
        lines = self._heading(number).split("\n")
        above = max(header.horizontalAdvance(line) for line in lines) + HEADING_PAD_PX
        return max(above, cells.horizontalAdvance(longest) + PAD_PX)

    def changeEvent(self, event: QEvent) -> None:
        """Fit the columns to another font, as a theme brings it."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the room there is, and keep the chosen gene whole at the lower edge."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit_columns()
        chosen = self.visualRect(self.currentIndex())
        if 0 <= chosen.top() <= event.oldSize().height() and event.size().height() <= chosen.bottom():
            self.scrollTo(self.currentIndex())

    def _heading(self, column: int) -> str:
        return str(self.genes.headerData(column, Qt.Orientation.Horizontal))

    def columns_menu(self) -> QMenu:
        """Return a menu with a check mark for every column that can be hidden."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for number, column in enumerate(COLUMNS):
            if number == GENE:
                continue
            action = menu.addAction("favourite ★" if number == STAR else column.name)
            action.setCheckable(True)
            action.setChecked(column.key not in self._hidden)
            action.setToolTip(column.tip)
            action.toggled.connect(lambda shown, key=column.key: self._choose(key, shown))
        return menu

    def selected_names(self) -> tuple[str, ...]:
        """Return the marked genes, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows(GENE))
        return tuple(self.genes.name_at(row) for row in rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take F for the star of the chosen gene, left and right for the columns; letters are the search's."""
        current, sideways = self.currentIndex(), {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() == Qt.Key.Key_F and not event.modifiers() and current.isValid():
            self.starred.emit(self.genes.name_at(current.row()))
        elif event.text().strip().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()
        elif event.key() in sideways:
            self.scroll_columns(sideways[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _choose(self, key: str, shown: bool) -> None:
        self._hidden = self._hidden - {key} if shown else self._hidden | {key}
        self._show_columns()
        self.columns_chosen.emit()

    def _show_columns(self) -> None:
        without = {HERE: not self._has_truth, INSIDE: not self._has_domain}
        for number, column in enumerate(COLUMNS):
            self.setColumnHidden(number, column.key in self._hidden or without.get(number, False))
        self.fit_columns()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a click on a star for the star alone: the chosen gene stays."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == STAR:
            self.starred.emit(self.genes.name_at(index.row()))
        else:
            super().mousePressEvent(event)
