"""Genes that differ between a domain and another, or the rest: a click shows the gene's map."""

from collections.abc import Generator

import numpy as np
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from geneglass.data.annotation import Domain, spots_in
from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.look import add_row, form, quiet
from geneglass.viewer.session_profiles import profiles_of, sides_with_profiles
from geneglass.workflow.domain_genes import GeneDifference, domain_genes
from geneglass.workflow.events import Event
from geneglass.workflow.profiles import Profiles

REST = "the rest"
HEADINGS = ("Gene", "log2 ratio", "in", "outside")
TIPS = (
    "Name of the gene: a click shows its map",
    "Binary logarithm of the ratio of the means: 1 is twice as much in the domain, −1 half as much",
    "Share of the places in the domain with a value above 0",
    "Share of the places it is compared with that have a value above 0",
)
HEIGHT_PX = 220
CAVEAT = (
    "Ranked by Wilcoxon's rank sum test. Neighbouring places are alike, so that its p is far too small: read this as "
    "a ranking, not as proof."
)


class DomainDifferences(QWidget):
    """Asks for two sides and lists the genes that differ most."""

    def __init__(self, desk: Desk, annotating: Annotating) -> None:
        super().__init__()
        self._desk = desk
        self.side, self.first, self.second = QComboBox(), QComboBox(), QComboBox()
        self.side.setToolTip("Whose values: what the model predicts, or what was measured")
        self.first.setToolTip("Genes of which domains: all of one name count together")
        self.second.setToolTip("The rest of the tissue, or the domains of another name")
        self.compare = QPushButton("List the genes")
        self.compare.setToolTip(
            "Rank all genes by how much they differ between both; a click on one then shows its map"
        )
        self.told = quiet(CAVEAT)
        self.table = QTableWidget(0, len(HEADINGS))
        self._prepare_table()
        rows = form()
        add_row(rows, "Values", self.side)
        add_row(rows, "Domain", self.first)
        add_row(rows, "Against", self.second)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        for part in (self.compare, self.told, self.table):
            layout.addWidget(part)
        self.compare.clicked.connect(self._on_compare)
        listen(annotating.changed, self, self._show_choices)
        listen(desk.session.prediction_changed, self, self._show_choices)
        listen(desk.session.section_changed, self, self._forget)
        self._show_choices()
        self._forget()

    def _prepare_table(self) -> None:
        self.table.setHorizontalHeaderLabels(HEADINGS)
        for column, tip in enumerate(TIPS):
            self.table.horizontalHeaderItem(column).setToolTip(tip)
        self.table.setToolTip("Those that differ most come first; a click shows the map")
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setFixedHeight(HEIGHT_PX)
        self.table.currentCellChanged.connect(self._on_row)
        # Also the row that is the current one already: another gene may be shown by now.
        self.table.cellClicked.connect(self._on_row)

    def _show_choices(self) -> None:
        session = self._desk.session
        names = list(dict.fromkeys(domain.name for domain in session.domains if domain.shape.area))
        for box, texts in (
            (self.side, sides_with_profiles(session)[::-1]),
            (self.first, names),
            (self.second, [REST, *names]),
        ):
            before = box.currentText()
            if [box.itemText(i) for i in range(box.count())] != texts:
                box.clear()
                box.addItems(texts)
                box.setCurrentIndex(max(box.findText(before), 0))
        self.compare.setEnabled(bool(names) and self.side.count() > 0)

    def _on_compare(self) -> None:
        session, first, second = self._desk.session, self.first.currentText(), self.second.currentText()
        profiles = profiles_of(session, self.side.currentText())
        job = _differences(profiles, session.domains, first, None if second == REST else second)
        source = session.source
        title = f"Comparing {first} with {second}"
        self._desk.run(title, job, lambda found: self._show(found) if session.source == source else None)

    def _show(self, found: tuple[GeneDifference, ...]) -> None:
        self.table.setVisible(True)
        self.table.blockSignals(True)
        self.table.setRowCount(len(found))
        for row, item in enumerate(found):
            texts = (item.gene, f"{item.log2_fold:+.2f}", f"{item.inside:.0%}", f"{item.outside:.0%}")
            for column, text in enumerate(texts):
                cell = QTableWidgetItem(text.replace("-", "−") if column else text)
                cell.setToolTip(f"z = {item.score:.1f}, p = {item.q:.1g} after Benjamini and Hochberg")
                self.table.setItem(row, column, cell)
        self.table.setCurrentCell(-1, -1)
        self.table.blockSignals(False)

    def _forget(self) -> None:
        self.table.setRowCount(0)
        self.table.setVisible(False)

    def _on_row(self, row: int, *_: object) -> None:
        cell = self.table.item(row, 0)
        if cell is not None:
            with self._desk.reporting():
                self._desk.session.set_gene(cell.text())


def _differences(
    profiles: Profiles, domains: tuple[Domain, ...], first: str, second: str | None
) -> Generator[Event, None, tuple[GeneDifference, ...]]:
    yield Event("Reading the profiles", 0, 0)
    names = spots_in(domains, profiles.centres_yx)
    inside = np.asarray(names == first, bool)
    outside = ~inside if second is None else np.asarray(names == second, bool)
    return (yield from domain_genes(profiles.values(), profiles.genes, inside, outside))
