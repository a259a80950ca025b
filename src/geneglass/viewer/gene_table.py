"""The model behind the gene list: which genes match, in which order, and what stands in each cell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from geneglass.viewer.gene_stats import GeneStats

GENE, R, TRUST, MEAN = range(4)
TIPS = (
    "Gene; the ones that begin with what you type come first",
    "Pearson's r of predicted with measured values over the spots of this section that are not set aside",
    "r on sections held out while the model was trained, as the model file states it",
    "Mean measured value, ln(1 + counts per 10,000)",
)
EMPTY = GeneStats((), np.empty(0), np.empty(0), np.empty(0), np.empty(0, bool))


class GeneTable(QAbstractTableModel):
    """Genes that match a search, sorted by a column; rows are views of the arrays, nothing is copied."""

    def __init__(self) -> None:
        super().__init__()
        self._stats = EMPTY
        self._upper: list[str] = []
        self._by_column: NDArray[np.int64] = np.empty(0, np.int64)
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self._words: tuple[str, ...] = ()
        self._only_predicted = False
        self._sorting = (GENE, Qt.SortOrder.AscendingOrder)
        self._training = False

    def set_stats(self, stats: GeneStats, *, training: bool) -> None:
        """Take the numbers of a section; the search and the order stay."""
        self._stats, self._training = stats, training
        self._upper = [name.upper() for name in stats.names]
        self._sort()

    def search(self, text: str) -> None:
        """Show the genes that contain every word of the text, in any case."""
        self._words = tuple(text.upper().split())
        self._filter()

    def show_only_predicted(self, only: bool) -> None:
        """Leave out the genes that no model has predicted here, or show them again."""
        self._only_predicted = only
        self._filter()

    @property
    def n_predicted(self) -> int:
        """Return how many genes are predicted, shown or not."""
        return int(self._stats.predicted.sum())

    def name_at(self, row: int) -> str:
        """Return the gene of a row."""
        return self._stats.names[self._rows[row]]

    def row_of(self, name: str | None) -> int:
        """Return the row of a gene, -1 where it is not shown."""
        if name is None:
            return -1
        for row, index in enumerate(self._rows):
            if self._stats.names[index] == name:
                return row
        return -1

    @property
    def n_genes(self) -> int:
        """Return how many genes there are, shown or not."""
        return len(self._stats.names)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; genes without the number come last either way."""
        self._sorting = (column, order)
        self._sort()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        """Return how many genes match."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(TIPS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's heading and what it means."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            warning = "\nThe model was trained on this very section." if section == R and self._training else ""
            return TIPS[section] + warning
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _aligned(section)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return ("Gene", "r, trained" if self._training else "r here", "held-out r", "mean")[section]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _aligned(index.column())
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row = self._rows[index.row()]
        if index.column() == GENE:
            return self._stats.names[row]
        value = self._numbers(index.column())[row]
        if np.isfinite(value):
            return f"{value:.2f}".replace("-", "−")
        return "–" if role == Qt.ItemDataRole.DisplayRole else "not defined here"

    def _numbers(self, column: int) -> NDArray[np.float64]:
        return {R: self._stats.r, TRUST: self._stats.trust_r, MEAN: self._stats.mean}[column]

    def _sort(self) -> None:
        column, order = self._sorting
        descending = order == Qt.SortOrder.DescendingOrder
        by_name = np.arange(len(self._stats.names))
        if column == GENE:
            self._by_column = by_name[::-1] if descending else by_name
        else:
            values = self._numbers(column)
            # NaN sorts last, and equal numbers stay in the order of names.
            self._by_column = np.argsort(-values if descending else values, kind="stable")
        self._filter()

    def _filter(self) -> None:
        self.beginResetModel()
        upper, words = self._upper, self._words
        rows = self._by_column
        if self._only_predicted:
            rows = rows[self._stats.predicted[rows]]
        if not words:
            self._rows = rows
        else:
            found = [i for i in rows.tolist() if all(word in upper[i] for word in words)]
            first = [i for i in found if upper[i].startswith(words[0])]
            rest = [i for i in found if not upper[i].startswith(words[0])]
            self._rows = np.array(first + rest, dtype=np.int64)
        self.endResetModel()


def _aligned(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == GENE else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
