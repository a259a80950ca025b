"""Domains out of the window and into it: GeoJSON of QuPath, tables of spots."""

from collections.abc import Generator
from pathlib import Path

from qtpy.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from geneglass.data.annotation import Domain
from geneglass.data.domain_tables import read_regions, write_spot_domains, write_spots_h5ad
from geneglass.data.geojson import write_domains
from geneglass.data.palette import Palette
from geneglass.data.section import Section
from geneglass.data.section_domains import is_domains, section_domains
from geneglass.errors import InputError
from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import Desk, choose_file, choose_target, file_stem, listen
from geneglass.viewer.look import Fold, quiet
from geneglass.workflow.events import Event

OPEN = "Domains or labelled spots (*.geojson *.json *.geojson.gz *.json.gz *.h5ad *.csv *.csv.gz *.tsv *.tsv.gz)"
GEOJSON, H5AD, CSV = "GeoJSON", "h5ad", "CSV"
KINDS = {GEOJSON: "GeoJSON of QuPath (*.geojson)", H5AD: "AnnData (*.h5ad)", CSV: "Table of spots (*.csv)"}
TIPS = {
    GEOJSON: "The outlines, for QuPath and for geneglass",
    H5AD: "The measured spots with the domain of each in obs, for scanpy and Seurat",
    CSV: "One line per measured spot: name, x and y in pixels, domain",
}
KEPT = "What is drawn is kept on this computer as you draw; save it to hand it on."


class DomainFiles(QWidget):
    """Buttons to open and to save."""

    def __init__(self, desk: Desk, annotating: Annotating) -> None:
        super().__init__()
        self._desk, self._annotating = desk, annotating
        self.open = QPushButton("Open domains…")
        self.open.setToolTip("Add the domains of a GeoJSON, or the regions that an h5ad or a table names for the spots")
        self.open.clicked.connect(self._on_open)
        self.save = {kind: QPushButton(f"Save {kind}…") for kind in KINDS}
        grid = QGridLayout()
        for place, (kind, button) in enumerate(self.save.items()):
            button.setToolTip(TIPS[kind])
            button.clicked.connect(lambda _=False, kind=kind: self._on_save(kind))
            grid.addWidget(button, 0, place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.kept = quiet(KEPT)
        layout.addWidget(self.open)
        layout.addLayout(grid)
        layout.addWidget(self.kept)
        listen(annotating.changed, self, self._show_state)
        listen(annotating.keeping.told, self, self._show_saved)
        self._show_state()
        self._show_saved()

    def _show_state(self) -> None:
        section = self._desk.session.section
        self.open.setEnabled(section is not None)
        for kind, button in self.save.items():
            button.setEnabled(bool(self._desk.session.domains))
            if kind != GEOJSON and (section is None or section.spots is None):
                button.setEnabled(False)

    def _show_saved(self) -> None:
        reason, fold = self._annotating.keeping.unsaved, self.parentWidget()
        self.kept.setVisible(not reason)
        if reason and isinstance(fold, Fold):
            fold.button.setChecked(True)

    def _on_open(self) -> None:
        section = self._desk.session.section
        path = choose_file(self, "Open domains", OPEN)
        if path is None or section is None:
            return
        job = _opened(path, section, self._annotating.palette)
        self._desk.run(f"Opening {path.name}", job, lambda found: self._take(*found, path, section))

    def _take(self, domains: tuple[Domain, ...], told: tuple[str, ...], path: Path, section: Section) -> None:
        if self._desk.session.source != section.source:
            raise InputError(f"{path.name} was read for {section.name}, which is no longer open: open it again.")
        known = {domain.id for domain in self._desk.session.domains}
        new = tuple(domain for domain in domains if domain.id not in known)
        self._annotating.do((*self._desk.session.domains, *new), f"Open {path.name}")
        if told:
            self._desk.messages.warn("\n".join(told))

    def _on_save(self, kind: str) -> None:
        section = self._desk.session.section
        if section is None:
            return
        start = Path(f"{file_stem(section.name)}_domains.{kind.lower()}")
        path = choose_target(self, f"Save domains as {kind}", start, KINDS[kind])
        if path is not None:
            path = path if path.suffix else path.with_suffix(f".{kind.lower()}")
            self._desk.run(f"Saving {path.name}", _saved(path, kind, section), self._tell)

    def _tell(self, path: Path) -> None:
        self._desk.messages.note(f"Saved {path}.")


def _opened(
    path: Path, section: Section, palette: Palette
) -> Generator[Event, None, tuple[tuple[Domain, ...], tuple[str, ...]]]:
    yield Event(f"Reading {path.name}", 0, 0)
    domains, told = (
        section_domains(path, section.slide) if is_domains(path) else (read_regions(path, section, palette), ())
    )
    if not domains:
        raise InputError(told[-1] if told else f"{path.name} holds no domain; choose another file.")
    return domains, told


def _saved(path: Path, kind: str, section: Section) -> Generator[Event, None, Path]:
    yield Event(f"Writing {path.name}", 0, 0)
    if kind == GEOJSON:
        write_domains(path, section.domains)
    elif kind == H5AD:
        write_spots_h5ad(path, section)
    elif section.spots is not None:
        names = [str(name) for name in section.spots.table.obs_names]
        write_spot_domains(path, names, section.centres_yx, section.domains)
    return path
