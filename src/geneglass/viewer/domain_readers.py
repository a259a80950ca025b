"""A second reader's domains against those on the slide: kappa, conflicts, and both in one."""

from collections.abc import Generator
from pathlib import Path

from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from geneglass.data.annotation import Domain
from geneglass.data.section import Section
from geneglass.data.section_domains import section_domains
from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import Desk, choose_file, listen
from geneglass.viewer.look import quiet
from geneglass.viewer.proposed import ProposedView
from geneglass.workflow.events import Event
from geneglass.workflow.readers import Agreement, compare_readers

CONFLICT_RGB = (230, 30, 30)
LIST_HEIGHT_PX = 110
KINDS = "Domains (*.geojson *.json *.geojson.gz *.json.gz)"
ABOUT = "Compares the domains on the slide with those of another reader's file (GeoJSON)."


class DomainReaders(QWidget):
    """Opens the other reader's file, tells how far both agree, and merges them."""

    def __init__(self, desk: Desk, annotating: Annotating, proposed: ProposedView) -> None:
        super().__init__()
        self._desk, self._annotating, self._proposed = desk, annotating, proposed
        self._found: Agreement | None = None
        self.choose = QPushButton("Choose the other reader's file…")
        self.choose.setToolTip("A GeoJSON that a second pathologist drew on this slide, here or in QuPath")
        self.told = quiet(ABOUT)
        self.list = QListWidget()
        self.list.setFixedHeight(LIST_HEIGHT_PX)
        self.list.setToolTip("Areas that both named differently, the largest first; click to look at one")
        self.merge, self.dismiss = QPushButton("Merge both"), QPushButton("Dismiss")
        self.dismiss.setToolTip("End the comparison and take the conflicts off the slide; what you drew stays")
        self.merge.setToolTip(
            "Join areas of one name; each conflict becomes a domain of its own, to be renamed. Undo takes it back"
        )
        buttons = QHBoxLayout()
        buttons.addWidget(self.merge)
        buttons.addWidget(self.dismiss)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.choose, self.told, self.list):
            layout.addWidget(part)
        layout.addLayout(buttons)
        self.choose.clicked.connect(self._on_choose)
        self.list.currentRowChanged.connect(self._on_row)
        # Also the row that is the current one already: the reader may look elsewhere by now.
        self.list.clicked.connect(lambda index: self._on_row(index.row()))
        self.merge.clicked.connect(self._on_merge)
        self.dismiss.clicked.connect(self._on_dismiss)
        listen(annotating.changed, self, self._show_state)
        listen(desk.session.section_changed, self, self._on_dismiss)
        self._show_state()
        self._on_dismiss()

    def _show_state(self) -> None:
        self.choose.setEnabled(bool(self._desk.session.domains))

    def _on_choose(self) -> None:
        path = choose_file(self, "The other reader's domains", KINDS)
        if path is not None:
            self.compare(path)

    def compare(self, path: Path) -> None:
        """Compare the domains on the slide with those of a file."""
        session = self._desk.session
        if session.section is None:
            return
        source = session.source
        self._desk.run(
            f"Comparing with {path.name}",
            _compared(session.section, path),
            lambda found: self._show(found, path) if session.source == source else None,
        )

    def _show(self, found: Agreement, path: Path) -> None:
        self._found = found
        places = "spots" if found.on_spots else "points of a grid"
        named = "undefined" if found.kappa_named != found.kappa_named else f"{found.kappa_named:.2f}"
        kappa = "undefined" if found.kappa != found.kappa else f"{found.kappa:.2f}"
        n = len(found.conflicts)
        self.told.setText(
            f"{path.name}: Cohen's kappa {kappa} over {found.n_places:,} {places}, where “no domain” counts as a name; "
            f"{named} over the {found.n_named:,} that both named. {'1 conflict' if n == 1 else f'{n} conflicts'}."
        )
        self.list.clear()
        for conflict in found.conflicts:
            self.list.addItem(QListWidgetItem(f"{conflict.first} or {conflict.second}: {conflict.n_places:,} {places}"))
        self._proposed.show(_conflict_regions(found), "conflicts")
        self._show_found(True)

    def _show_found(self, there: bool) -> None:
        conflicts = self._found is not None and bool(self._found.conflicts)
        self.list.setVisible(there and conflicts)
        for part in (self.merge, self.dismiss):
            part.setVisible(there)

    def _on_row(self, row: int) -> None:
        if self._found is not None and 0 <= row < len(self._found.conflicts):
            self._proposed.look_at(_conflict_regions(self._found)[row])

    def _on_merge(self) -> None:
        if self._found is not None:
            with self._desk.reporting():
                self._annotating.do(self._found.merged, "Merge two readers")
            self._on_dismiss()

    def _on_dismiss(self) -> None:
        self._found = None
        self._proposed.clear()
        self.list.clear()
        self.told.setText(ABOUT)
        self._show_found(False)


def _conflict_regions(found: Agreement) -> tuple[Domain, ...]:
    return tuple(Domain(f"{item.first} or {item.second}", item.shape, CONFLICT_RGB) for item in found.conflicts)


def _compared(section: Section, path: Path) -> Generator[Event, None, Agreement]:
    yield Event(f"Reading {path.name}", 0, 0)
    second, _ = section_domains(path, section.slide)
    centres_yx = None if section.spots is None else section.centres_yx
    return (yield from compare_readers(section.domains, second, centres_yx))
