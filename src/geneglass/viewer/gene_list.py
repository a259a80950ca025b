"""The gene list: search as you type, up and down without leaving the search box, one gene at a time."""

import time
from collections.abc import Generator
from typing import Any

from qtpy.QtCore import QEvent, QItemSelectionModel, QObject, Qt, QTimer
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from geneglass.viewer.compare import Compare
from geneglass.viewer.desk import listen
from geneglass.viewer.gene_stats import GeneStats, gene_stats_in_steps
from geneglass.viewer.gene_table import EMPTY, GENE, GeneTable
from geneglass.viewer.look import quiet
from geneglass.viewer.session import Session
from geneglass.viewer.view_controls import ViewControls

STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
}
SLICE_S = 0.02
"""How long the numbers are worked on before the window gets its turn."""
NOTHING_OPEN = "Open a section with measured spots, or predict one: its genes are listed here."


class GeneList(QWidget):
    """Every gene that can be shown, with its numbers; the chosen one goes to the session.

    Parameters
    ----------
    session
        Whose genes are listed.
    compare
        The maps whose colours can be changed below the list; None for the list alone.
    """

    def __init__(self, session: Session, compare: Compare | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search genes, e.g. ERB")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Part of a name, or several parts; up and down choose a gene while you type")
        self.model = GeneTable()
        self.table = QTableView()
        self.nothing = QLabel()
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.count = quiet()
        self.only_predicted = QCheckBox("Predicted only")
        self.only_predicted.setToolTip("Leave out the genes that the model does not predict")
        self._stale = QTimer(self)
        self._stale.setSingleShot(True)
        self._stale.timeout.connect(self._refill)
        self._steps: Generator[GeneStats, None, GeneStats] | None = None
        self._more = QTimer(self)
        self._more.setInterval(0)
        self._more.timeout.connect(self._work)
        self._lay_out(compare)
        self._listen()
        self._refill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move through the list while the search box has the focus."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in STEPS:
                self.step(STEPS[Qt.Key(key)])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(max(self.table.currentIndex().row(), 0))
                return True
        return super().eventFilter(watched, event)

    def step(self, by: int) -> None:
        """Move the choice down (or up) by some rows; from no choice, to the first."""
        row = self.table.currentIndex().row()
        last = self.model.rowCount() - 1
        self._choose(0 if row < 0 else min(max(row + by, 0), last))

    def _choose(self, row: int) -> None:
        if 0 <= row < self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(row, GENE))

    def _lay_out(self, compare: Compare | None) -> None:
        table = self.table
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(False)
        table.setTabKeyNavigation(False)
        table.setSortingEnabled(True)
        table.sortByColumn(GENE, Qt.SortOrder.AscendingOrder)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(22)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(GENE, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 4, 4)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(table, 1)
        layout.addWidget(self.nothing, 1)
        below = QHBoxLayout()
        below.addWidget(self.count, 1)
        below.addWidget(self.only_predicted)
        layout.addLayout(below)
        if compare is not None:
            layout.addWidget(ViewControls(compare))

    def _listen(self) -> None:
        self.search.textChanged.connect(self._on_search)
        self.search.installEventFilter(self)
        self.only_predicted.toggled.connect(self.model.show_only_predicted)
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self.model.modelReset.connect(self._on_reset)
        listen(self._session.section_changed, self, self._on_genes_changed)
        listen(self._session.prediction_changed, self, self._on_genes_changed)
        listen(self._session.gene_changed, self, self._mark_chosen)

    def _on_genes_changed(self) -> None:
        self._more.stop()
        # Section and prediction often change together: the numbers are worked out once, when both have.
        self._stale.start(0)

    def _refill(self) -> None:
        self._more.stop()
        self._steps = None if self._session.section is None else gene_stats_in_steps(self._session)
        if self._steps is None:
            self._show(EMPTY)
            return
        known = self._work()
        if known is not None:
            self._show(known)
            self._more.start()

    def _work(self) -> GeneStats | None:
        """Work on the numbers for a moment; return what is known without them, or None when they are shown."""
        steps, known, start = self._steps, None, time.perf_counter()
        while steps is not None and time.perf_counter() - start < SLICE_S:
            try:
                known = next(steps)
            except StopIteration as stop:
                self._more.stop()
                self._steps = None
                self._show(stop.value)
                return None
        return known

    def _show(self, stats: GeneStats) -> None:
        self.model.set_stats(stats, training=self._session.trained_on)
        some = 0 < self.model.n_predicted < self.model.n_genes
        self.only_predicted.setVisible(some)
        if not some:
            self.only_predicted.setChecked(False)

    def _on_search(self, text: str) -> None:
        self.model.search(text)

    def _on_reset(self) -> None:
        shown, there = self.model.rowCount(), self.model.n_genes
        self.table.setVisible(shown > 0)
        self.nothing.setVisible(shown == 0)
        self.nothing.setText(f"No gene matches '{self.search.text().strip()}'." if there else NOTHING_OPEN)
        self.count.setText(_count(shown, there, pending=self._steps is not None))
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        """Show the session's gene as the chosen row, without choosing it again."""
        row = self.model.row_of(self._session.gene)
        if row == self.table.currentIndex().row():
            return
        index = self.model.index(row, GENE)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        if row >= 0:
            self.table.selectionModel().setCurrentIndex(index, flags)
            self.table.scrollTo(index)
        else:
            self.table.selectionModel().clear()

    def _on_current(self, current: Any, _previous: Any) -> None:
        if current.isValid():
            self._session.set_gene(self.model.name_at(current.row()))


def _count(shown: int, there: int, *, pending: bool) -> str:
    if not there:
        return ""
    words = f"{there:,} genes" if shown == there else f"{shown:,} of {there:,} genes"
    return f"{words} · numbers follow…" if pending else words
