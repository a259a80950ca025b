"""Saving what is seen: the maps as a figure of a chosen size, and the window as it is."""

from pathlib import Path
from typing import Any
from weakref import ref

from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QPushButton, QSpinBox, QVBoxLayout, QWidget

from geneglass.viewer.desk import Desk, choose_target, data_folder, file_stem, listen, unused
from geneglass.viewer.handing import figure_of, shown_genes
from geneglass.viewer.look import add_row, form
from geneglass.viewer.screenshot import save_screenshot
from geneglass.workflow.map_figure import FORMATS, map_figure

WORDS = {".png": "PNG, a picture", ".pdf": "PDF, for print", ".svg": "SVG, to edit", ".html": "Page"}


class FigureForm(QWidget):
    """Kind, size and resolution of a figure, and the buttons that save one."""

    def __init__(self, desk: Desk, viewer: Any) -> None:
        super().__init__()
        self._desk = desk
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self.kind = QComboBox()
        for ending in FORMATS:
            self.kind.addItem(WORDS[ending], ending)
        self.kind.setToolTip("PNG for slides and mail; PDF and SVG for print, with text that can be edited")
        self.width_mm = QDoubleSpinBox()
        self.width_mm.setDecimals(0)
        _range(self.width_mm, 20, 2000, 180, " mm")
        self.width_mm.setToolTip("180 mm is the width of a journal's page, 85 mm that of a column")
        self.dpi = QSpinBox()
        _range(self.dpi, 50, 1200, 300, " dpi")
        self.dpi.setToolTip("Dots per inch; journals ask for 300 or more")
        self.whole = QCheckBox("The whole slide")
        self.whole.setToolTip("Ticked, all of the tissue is drawn; else the part of it that you are looking at")
        self.figure = QPushButton("Save figure…")
        self.figure.setToolTip("Measured and predicted as they are shown, each with gene, r, scale bar and colour bar")
        self.window_picture = QPushButton("Save picture of the window…")
        self.window_picture.setToolTip("All that is on the screen now, panels included (PNG)")
        self._lay_out()
        self.figure.clicked.connect(self._on_figure)
        self.window_picture.clicked.connect(self._on_window)
        for signal in (desk.session.section_changed, desk.session.gene_changed):
            listen(signal, self, self._show_ready)
        desk.runner.started.connect(self._show_ready)
        desk.runner.finished.connect(self._show_ready)
        self._show_ready()

    def _lay_out(self) -> None:
        size = form()
        add_row(size, "Kind", self.kind)
        add_row(size, "Width", self.width_mm)
        add_row(size, "Resolution", self.dpi)
        add_row(size, "", self.whole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(size)
        layout.addWidget(self.figure)
        layout.addWidget(self.window_picture)

    def _show_ready(self, *_: object) -> None:
        session = self._desk.session
        self.window_picture.setEnabled(session.section is not None)
        drawn = session.section is not None and session.gene is not None
        self.figure.setEnabled(drawn and self._desk.runner.running is None)

    def _on_figure(self) -> None:
        viewer, ending = self._viewer(), str(self.kind.currentData())
        with self._desk.reporting():
            path = share_target(self, self._desk, "_".join(shown_genes(viewer)), ending)
            if viewer is None or path is None:
                return
            width_mm, dpi = self.width_mm.value(), self.dpi.value()
            what = figure_of(viewer, path, width_mm=width_mm, dpi=dpi, whole=self.whole.isChecked())
            self._desk.run(f"Drawing {path.name}", map_figure(what), self._on_saved)

    def _on_window(self) -> None:
        viewer = self._viewer()
        with self._desk.reporting():
            path = share_target(self, self._desk, "window", ".png")
            if viewer is not None and path is not None:
                save_screenshot(viewer, path)
                self._on_saved(path)

    def _on_saved(self, path: Path) -> None:
        self._desk.messages.note(f"Saved as {path.name} in {path.parent}.")


def share_target(parent: QWidget, desk: Desk, word: str, ending: str) -> Path | None:
    """Ask where to save something of the open section; None when the user changes their mind."""
    section = desk.session.section
    name = file_stem(f"{'' if section is None else section.name}_{word}")
    folder = data_folder() / "shared"
    folder.mkdir(parents=True, exist_ok=True)
    start = unused(folder / f"{name}{ending}")
    path = choose_target(parent, f"Save {WORDS[ending]}", start, f"{WORDS[ending]} (*{ending})")
    return None if path is None else path.with_suffix(ending)


def _range(box: QDoubleSpinBox | QSpinBox, low: int, high: int, value: int, unit: str) -> None:
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
