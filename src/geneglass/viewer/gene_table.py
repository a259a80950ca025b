"""The model behind the gene table: which genes match, in which order, and what stands in each cell."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from geneglass.data.gene_query import GeneQuery, read_query
from geneglass.viewer.gene_columns import (
    COLUMNS,
    GENE,
    HELD_OUT,
    STAR,
    TRUST,
    About,
    heading,
    held_out_text,
    number_text,
    sort_key,
    tip,
    verdict_mark,
    verdict_words,
)
from geneglass.viewer.gene_rows import GeneRows, Numbers
from geneglass.viewer.values import SIGNATURE, UNTESTED

NO_ROWS = GeneRows((), (), np.empty(0, bool), np.empty(0, np.int8), *np.empty((3, 0)))
Role = Qt.ItemDataRole


class GeneTable(QAbstractTableModel):
    """Genes that match a search, sorted by a column; rows are views of the arrays, nothing is copied."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = NO_ROWS
        self._upper: list[str] = []
        self._index: dict[str, int] = {}
        self._figures: dict[int, Numbers] = {}
        self._spots: dict[int, Numbers] = {}
        self._favourites: frozenset[str] = frozenset()
        self._shown: NDArray[np.int64] = np.empty(0, np.int64)
        self._row_of: NDArray[np.int64] = np.empty(0, np.int64)
        self._text = ""
        self._only_favourites = self._only_predicted = False
        self._sorting = (GENE, Qt.SortOrder.AscendingOrder)
        self._about = About()
        self._longest: dict[bool, str] = {}
        self.query = GeneQuery()
        self.compact = False

    def set_rows(self, rows: GeneRows, about: About | None = None) -> None:
        """Take the genes of a section, without figures yet; search, filters and order stay."""
        self._rows, self._about, self._longest = rows, about or About(), {}
        self._upper = [name.upper() for name in rows.names]
        self._index = {name: number for number, name in enumerate(rows.names)}
        self._figures, self._spots = {}, {}
        self._read_text()
        self._arrange(anew=True)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def set_figures(
        self,
        figures: dict[int, Numbers],
        *,
        spots: Mapping[int, Numbers] | None = None,
        domain: str = "",
        single: Mapping[str, dict[int, float]] | None = None,
    ) -> None:
        """Take (genes,) figures by column in the order of the rows, and further ones of single genes by name.

        Parameters
        ----------
        figures
            By column.
        spots
            Over how many spots, or predicted places, a figure is, by column, where that is told.
        domain
            The chosen one in words, empty for none.
        single
            Figures of single genes by name and column.
        """
        self._figures, self._spots, self._about = dict(figures), dict(spots or {}), replace(self._about, domain=domain)
        for name, more in (single or {}).items():
            number = self._index.get(name, -1)
            for column, value in more.items() if number >= 0 else ():
                self._figures[column] = numbers = self._values(column).copy()
                numbers[number] = value
        self._arrange()

    def set_favourites(self, names: frozenset[str]) -> None:
        """Take the names that have a star."""
        self._favourites = names
        self._arrange()

    def set_compact(self, compact: bool) -> None:
        """Leave intervals to the tooltips, or write them out again."""
        if compact != self.compact:
            self.compact = compact
            self._arrange()

    def search(self, text: str) -> None:
        """Show the genes that a text looks for."""
        self._text = text
        self._read_text()
        self._arrange()

    def show_only(self, *, favourites: bool | None = None, predicted: bool | None = None) -> None:
        """Leave out all but favourites, or genes that no model has predicted here; None leaves it as it is."""
        self._only_favourites = self._only_favourites if favourites is None else favourites
        self._only_predicted = self._only_predicted if predicted is None else predicted
        self._arrange()

    @property
    def n_predicted(self) -> int:
        """Return how many genes are predicted, shown or not."""
        return int(self._rows.predicted.sum())

    @property
    def n_genes(self) -> int:
        """Return how many genes there are, shown or not."""
        return len(self._rows.names)

    @property
    def absent(self) -> tuple[str, ...]:
        """Return what was looked for in a list and is not here."""
        return self.query.absent(self._upper)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all genes, shown or not, signatures first."""
        return self._rows.names

    @property
    def names_shown(self) -> tuple[str, ...]:
        """Return the names of all rows."""
        return tuple(self._rows.names[number] for number in self._shown)

    def longest_held_out(self, *, compact: bool = False) -> str:
        """Return the longest text of the column of held-out r, with or without its interval."""
        if compact not in self._longest:
            known = np.flatnonzero(np.isfinite(self._rows.held_out))
            texts = (self._held_out_text(int(number), compact=compact) for number in known)
            self._longest[compact] = max(texts, key=len, default="")
        return self._longest[compact]

    def name_at(self, row: int) -> str:
        """Return the gene of a row."""
        return self._rows.names[self._shown[row]]

    def kind_at(self, row: int) -> str:
        """Return the kind of the gene of a row."""
        return self._rows.kinds[self._shown[row]]

    def row_of(self, name: str | None) -> int:
        """Return the row of a gene, -1 where it is not shown."""
        number = self._index.get(name or "", -1)
        return -1 if number < 0 else int(self._row_of[number])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; genes without the figure come last either way."""
        self._sorting = (column, order)
        self._arrange()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        """Return how many genes match."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Return a column's heading and what it means."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.ToolTipRole:
            return tip(section, self._about)
        if role == Role.TextAlignmentRole:
            return _aligned(section)
        if role == Role.InitialSortOrderRole and section != GENE:
            # The first click on a figure is for the best genes, not the worst.
            return Qt.SortOrder.DescendingOrder.value
        return heading(section, self._about) if role == Role.DisplayRole else None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """Return what stands in a cell."""
        if not index.isValid():
            return None
        if role == Role.TextAlignmentRole:
            return _aligned(index.column())
        number = int(self._shown[index.row()])
        if role == Role.DisplayRole:
            return self._text_of(number, index.column())
        return self._tip_of(number, index.column()) if role == Role.ToolTipRole else None

    def _text_of(self, number: int, column: int) -> str:
        rows = self._rows
        if column == STAR:
            return "★" if rows.names[number] in self._favourites else "☆"
        if column == GENE:
            return rows.names[number]
        if column == TRUST:
            return verdict_mark(int(rows.verdict[number]), rows.kinds[number])
        if column == HELD_OUT:
            return self._held_out_text(number, compact=self.compact)
        return number_text(column, self._values(column)[number])

    def _held_out_text(self, number: int, *, compact: bool) -> str:
        rows = self._rows
        if compact:
            return number_text(HELD_OUT, rows.held_out[number])
        return held_out_text(rows.held_out[number], rows.low[number], rows.high[number])

    def _tip_of(self, number: int, column: int) -> str:
        if column == STAR:
            return "Click, or press F, to make it a favourite, or to take the star away"
        if column == GENE:
            return self._rows.names[number]
        if column == TRUST:
            return verdict_words(int(self._rows.verdict[number]), self._rows.kinds[number])
        if column == HELD_OUT:
            return self._held_out_text(number, compact=False).replace("–", "not known")
        text, n = self._text_of(number, column), self._spots.get(column, np.full(self.n_genes, np.nan))[number]
        places = "predicted places" if self._about.predicted else "spots"
        return "not defined here" if text == "–" else f"{text}, over {n:,.0f} {places}" if np.isfinite(n) else text

    def _values(self, column: int) -> Numbers:
        if column == HELD_OUT:
            return self._rows.held_out
        return self._figures.get(column, np.full(self.n_genes, np.nan))

    def _read_text(self) -> None:
        self.query = read_query(self._text, self._upper)

    def _keys(self, column: int) -> Any:
        if column == STAR:
            return np.array([1.0 if name in self._favourites else 0.0 for name in self._rows.names])
        if column == TRUST:
            # Untested stands between what the model says something of and what it does not.
            untested = np.array([kind == UNTESTED for kind in self._rows.kinds], bool)
            known = self._rows.verdict.astype(float)
            return np.where(untested, -0.5, np.where(known < 0, np.nan, known))
        return self._values(column)

    def _order(self) -> NDArray[np.int64]:
        column, order = self._sorting
        descending = order == Qt.SortOrder.DescendingOrder
        by_name = np.arange(self.n_genes)
        if column == GENE:
            return by_name[::-1] if descending else by_name
        # Equal figures stay in the order of names.
        return np.argsort(sort_key(self._keys(column), descending=descending), kind="stable")

    def _matching(self) -> NDArray[np.bool_]:
        there = self.query.matches(self._upper)
        if self._only_favourites:
            there &= np.array([name in self._favourites for name in self._rows.names], bool)
        if self._only_predicted:
            # Signatures are the person's own and few: what was just saved must not vanish from the list.
            there &= self._rows.predicted | np.array([kind == SIGNATURE for kind in self._rows.kinds], bool)
        return there

    def _arrange(self, *, anew: bool = False) -> None:
        """Choose and order the rows; where they stay, only what stands in them is said to be new."""
        order = self._order()
        shown = order[self._matching()[order]]
        if self.query.words:
            first = self.query.begins(self._upper)[shown]
            shown = np.concatenate([shown[first], shown[~first]])
        if not anew and np.array_equal(shown, self._shown):
            if len(shown):
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(COLUMNS) - 1))
                self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
            return
        self.beginResetModel()
        self._shown = shown
        self._row_of = np.full(self.n_genes, -1, np.int64)
        self._row_of[shown] = np.arange(len(shown))
        self.endResetModel()


def _aligned(column: int) -> Qt.AlignmentFlag:
    if column in (STAR, TRUST):
        return Qt.AlignmentFlag.AlignCenter
    side = Qt.AlignmentFlag.AlignLeft if column == GENE else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
