"""The genes: find, sort and judge them, walk through them, keep them, and see several at once."""

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, Qt, QTimer
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from geneglass.viewer.channels import Channels
from geneglass.viewer.compare import Compare
from geneglass.viewer.desk import listen
from geneglass.viewer.extra_genes import ExtraGenes
from geneglass.viewer.figures import Figures
from geneglass.viewer.gene_columns import FOUND, GENE, HERE, INSIDE, MEAN, MORAN, About
from geneglass.viewer.gene_rows import Numbers, gene_rows
from geneglass.viewer.gene_sets import GeneSets
from geneglass.viewer.gene_table import GeneTable
from geneglass.viewer.gene_view import GeneView
from geneglass.viewer.gene_words import absent_words, count_words, nothing_words
from geneglass.viewer.kept_genes import kept_genes
from geneglass.viewer.keys import Shortcut, bind
from geneglass.viewer.look import quiet
from geneglass.viewer.selection import selection_of
from geneglass.viewer.session import Session
from geneglass.viewer.set_actions import SetActions, telling
from geneglass.viewer.view_controls import ViewControls

STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
}
STAR_KEY = Shortcut("F", "Star the gene as a favourite, or take the star away", "Genes")


class GeneList(QWidget):
    """Every gene that can be shown, with its figures; the chosen one goes to the session.

    Parameters
    ----------
    session
        Whose genes are listed.
    compare
        The maps whose colours can be changed below the list; None for the list alone.
    viewer
        napari's, for its selected domain, its keys, and several genes at once; None for the list alone.
    """

    def __init__(
        self, session: Session, compare: Compare | None = None, viewer: Any = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._selection = None if viewer is None else selection_of(viewer)
        self._kept = kept_genes()
        self.search = QLineEdit()
        self.model = GeneTable()
        self.table = GeneView(self.model)
        self.nothing = QLabel()
        self.absent, self.inside, self.count = quiet(), quiet(), quiet()
        self.columns = QPushButton()
        self.only_favourites = QCheckBox("★ only")
        self.only_predicted = QCheckBox("Predicted")
        self.sets = GeneSets()
        self.figures = Figures(session, self._selection)
        self.extra = ExtraGenes(session, self._kept)
        self.channels = None if compare is None or viewer is None else Channels(viewer, compare)
        self._stale = QTimer(self)
        self._stale.setSingleShot(True)
        self._stale.timeout.connect(self._refill)
        self._actions = SetActions(self, session, self.channels)
        self._listed: tuple[Any, Any] = (None, None)
        self._lay_out(compare)
        self._listen()
        if viewer is not None:
            bind(viewer, self, STAR_KEY, self.star_chosen)
        self._on_kept()
        self.extra.reopen()
        if self._kept.problem:
            session.message.emit(self._kept.problem)

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

    def star(self, name: str) -> None:
        """Make a gene a favourite, or take the star away."""
        with telling(self._session):
            self._kept.change(lambda book: book.with_favourite(name, name not in book.favourites))

    def star_chosen(self) -> None:
        """Star the chosen gene, or take its star away."""
        if self._session.gene is not None:
            self.star(self._session.gene)

    def _choose(self, row: int) -> None:
        if 0 <= row < self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(row, GENE))
            self._actions.end_together()

    def _lay_out(self, compare: Compare | None) -> None:
        self.search.setPlaceholderText("Search or paste genes: ERB, KRT*, KRT8; ACTA2")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip(
            "Part of a name, or several parts; KRT* for all that begin so; or a list from a paper, with commas,\n"
            "semicolons or line breaks. Up and down choose a gene while you type."
        )
        self.columns.setText("Columns")
        self.columns.setToolTip("Choose which figures stand beside each gene")
        self.only_favourites.setToolTip("Show your favourites only: genes with a star")
        self.only_predicted.setToolTip("Leave out the genes that the model does not predict")
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.columns)
        below.addWidget(self.count, 1)
        below.addWidget(self.only_favourites)
        below.addWidget(self.only_predicted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 4, 4)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.absent)
        layout.addWidget(self.inside)
        self.inside.hide()
        layout.addWidget(self.table, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(below)
        layout.addWidget(self.sets)
        if compare is not None:
            layout.addWidget(ViewControls(compare))

    def _listen(self) -> None:
        session, table = self._session, self.table
        self.search.textChanged.connect(self.model.search)
        self.search.textChanged.connect(self._tell)
        self.search.installEventFilter(self)
        self.columns.clicked.connect(self._open_columns)
        self.only_favourites.toggled.connect(lambda only: self.model.show_only(favourites=only))
        self.only_predicted.toggled.connect(lambda only: self.model.show_only(predicted=only))
        table.selectionModel().currentRowChanged.connect(self._on_current)
        table.starred.connect(self.star)
        table.columns_chosen.connect(self._on_columns)
        self.model.modelReset.connect(self._on_reset)
        for signal in (session.section_changed, session.prediction_changed, session.model_changed):
            listen(signal, self, self._on_genes_changed)
        listen(session.gene_changed, self, self._on_gene)
        listen(session.domains_changed, self, self._on_domain)
        listen(self._kept.changed, self, self._on_kept)
        listen(self.figures.changed, self, self._show_figures)
        listen(self.extra.offered_changed, self, self._on_kept)
        if self._selection is not None:
            listen(self._selection.domain_changed, self, self._on_domain)
        for owner in (self.figures, self.extra):
            self.destroyed.connect(owner.stop)

    def _on_genes_changed(self) -> None:
        # Section and prediction often change together: the figures are worked out once, when both have.
        self.figures.stop()
        self._stale.start(0)

    def _on_kept(self) -> None:
        book = self._kept.book
        self.table.set_hidden(book.hidden or ())
        self.model.set_favourites(book.favourites)
        if self._listed != (tuple(book.signatures), self.extra.offered):
            self._relist()

    def _refill(self) -> None:
        self.extra.reopen()
        self._relist()

    def _relist(self) -> None:
        session = self._session
        self._listed = (tuple(self._kept.book.signatures), self.extra.offered)
        rows = gene_rows(session, self._kept.book.signatures, self.extra.offered)
        self.figures.with_moran = self.table.shows(MORAN)
        self.figures.restart(rows.names)
        figures = self.figures
        self.model.set_rows(rows, About(session.trained_on, figures.of_predicted, figures.domain_words))
        self.table.set_has_truth(not figures.of_predicted)
        self.table.fit_columns()
        some = 0 < self.model.n_predicted < self.model.n_genes
        self.only_predicted.setVisible(some)
        if not some:
            self.only_predicted.setChecked(False)

    def _on_domain(self) -> None:
        words = self.figures.domain_words
        self.table.set_has_domain(bool(words))
        self.inside.setVisible(bool(words))
        self.inside.setText(f"r in domain: {words}")
        self.figures.restart_inside()

    def _show_figures(self) -> None:
        found = self.figures
        columns: dict[int, Numbers] = {} if found.moran is None else {MORAN: found.moran}
        spots: dict[int, Numbers] = {}
        if found.whole is not None:
            columns |= {HERE: found.whole.r, MEAN: found.whole.mean, FOUND: found.whole.detection}
            spots = dict.fromkeys((MEAN, FOUND) if found.of_predicted else (HERE,), found.whole.n)
        if found.inside is not None:
            columns[INSIDE], spots[INSIDE] = found.inside.r, found.inside.n
        self.model.set_figures(columns, spots=spots, domain=found.domain_words, single=found.of_derived())
        self._tell()

    def _on_reset(self) -> None:
        shown = self.model.rowCount()
        self.table.setVisible(shown > 0)
        self.nothing.setVisible(shown == 0)
        self._tell()
        self._mark_chosen()
        self._actions.refresh()

    def _tell(self) -> None:
        absent = self.model.absent
        self.absent.setVisible(bool(absent))
        self.absent.setText(absent_words(absent, len(self.model.query.items)))
        shown, there, text = self.model.rowCount(), self.model.n_genes, self.search.text().strip()
        self.nothing.setText(nothing_words(text, there=bool(there), favourites=self.only_favourites.isChecked()))
        self.count.setText(count_words(shown, there, pending=self.figures.pending and self.figures.whole is None))

    def _on_gene(self) -> None:
        if self._session.gene in self._session.derived:
            self._show_figures()
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        """Show the session's gene as the chosen row, without choosing it again."""
        row = self.model.row_of(self._session.gene)
        if row == self.table.currentIndex().row() or (row < 0 and self.extra.wanted is not None):
            return
        index = self.model.index(row, GENE)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        if row >= 0:
            self.table.selectionModel().setCurrentIndex(index, flags)
            self.table.scrollTo(index)
        else:
            self.table.selectionModel().clear()

    def _on_current(self, current: Any, _previous: Any) -> None:
        if current.isValid() and self.model.name_at(current.row()) != self._session.gene:
            self.extra.show(self.model.name_at(current.row()))

    def _open_columns(self) -> None:
        menu = self.table.columns_menu()
        corner = self.columns.mapToGlobal(self.columns.rect().bottomRight())
        menu.exec(QPoint(corner.x() - menu.sizeHint().width(), corner.y()))

    def _on_columns(self) -> None:
        hidden = self.table.hidden_columns
        self.figures.want_moran(self.table.shows(MORAN))
        with telling(self._session):
            self._kept.change(lambda book: replace(book, hidden=hidden))
