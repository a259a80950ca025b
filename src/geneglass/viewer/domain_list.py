"""The domains of the open section as a table: choose, rename, delete."""

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from geneglass.data.annotation import Domain, spots_inside
from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.domain_tools import SWATCH, swatch
from geneglass.viewer.look import quiet

HEADINGS = ("Domain", "Area", "Spots", "Drawn by")
TIPS = (
    "What the domain is called. Click to choose it, double click to rename it",
    "Area in square millimetres, or in pixels where the size of a pixel is not known",
    "Measured spots inside, also where a smaller domain in it has them",
    "The pathologist who drew it, by the name given then",
)
HEIGHT_PX = 168
ID = Qt.ItemDataRole.UserRole
NOTHING = "Nothing drawn yet: take the lasso or the polygon, or drop a GeoJSON of QuPath on the window."
HINT = "Choose a domain, here or by a click on the slide: Genes then shows r inside it."


class DomainList(QWidget):
    """One row per domain."""

    def __init__(self, desk: Desk, annotating: Annotating) -> None:
        super().__init__()
        self._desk, self._annotating = desk, annotating
        self.table = QTableWidget(0, len(HEADINGS))
        self.table.setHorizontalHeaderLabels(HEADINGS)
        for column, tip in enumerate(TIPS):
            self.table.horizontalHeaderItem(column).setToolTip(tip)
        self.table.verticalHeader().hide()
        self.table.setToolTip("Domains drawn on this slide: a click chooses one, a double click on its name renames it")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setIconSize(SWATCH)
        self.table.setFixedHeight(HEIGHT_PX)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._on_selected)
        self.table.itemChanged.connect(self._on_renamed)
        self.hint = quiet(NOTHING)
        self.call = QPushButton("Rename")
        self.delete = QPushButton("Delete")
        self.delete.setToolTip("Take the chosen domain away; Undo brings it back")
        self.delete.clicked.connect(self._on_delete)
        self.call.clicked.connect(self._on_call)
        self.whole = QPushButton("Whole section")
        self.whole.setToolTip("Choose no domain: figures are over the whole section again")
        self.whole.clicked.connect(lambda: self._annotating.choose(None))
        self._lay_out()
        listen(annotating.changed, self, self.show_domains)
        self.show_domains()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.call, self.delete, self.whole):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        layout.addLayout(buttons)
        layout.addWidget(self.hint)

    def show_domains(self) -> None:
        """Show the domains of now."""
        session, chosen = self._desk.session, self._annotating.chosen
        blocker = QSignalBlocker(self.table)
        self.table.setRowCount(len(session.domains))
        for row, domain in enumerate(session.domains):
            self._fill(row, domain)
        rows = [row for row, domain in enumerate(session.domains) if domain.id == chosen]
        if rows:
            self.table.selectRow(rows[0])
        else:
            self.table.clearSelection()
        blocker.unblock()
        self.call.setEnabled(bool(rows))
        self.call.setToolTip(f"Give the chosen domain the name chosen above: {self._annotating.name}")
        self.delete.setEnabled(bool(rows))
        self.whole.setEnabled(bool(rows))
        self.hint.setText(HINT if session.domains else NOTHING)

    def _fill(self, row: int, domain: Domain) -> None:
        session = self._desk.session
        mpp, places = None if session.section is None else session.section.mpp, session.measured_places
        size = f"{domain.shape.area:,.0f} px" if mpp is None else f"{domain.shape.area * (mpp / 1000) ** 2:.2f} mm²"
        spots = "–" if places is None else f"{spots_inside(domain, places.centres_yx).sum():,}"
        for column, text in enumerate((domain.name, size, spots, domain.annotator or "–")):
            item = QTableWidgetItem(text)
            item.setData(ID, domain.id)
            item.setToolTip(text)
            if column:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            else:
                item.setIcon(swatch(domain.colour_rgb))
            if column in (1, 2):
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)

    def _chosen(self) -> str | None:
        items = self.table.selectedItems()
        return items[0].data(ID) if items else None

    def _on_selected(self) -> None:
        self._annotating.choose(self._chosen())

    def _on_renamed(self, item: QTableWidgetItem) -> None:
        with self._desk.reporting():
            self._annotating.rename(item.data(ID), item.text())

    def _on_delete(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._annotating.delete(chosen)

    def _on_call(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._annotating.rename(chosen, self._annotating.name)
