"""Hand on what was found: figures of the maps, and a report of chosen genes."""

from pathlib import Path
from typing import Any
from weakref import ref

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.figure_form import FigureForm, share_target
from geneglass.viewer.handing import report_of
from geneglass.viewer.look import add_row, form, heading, primary, quiet
from geneglass.viewer.pages import PAGES, Page
from geneglass.viewer.share_genes import ShareGenes
from geneglass.workflow.section_report import section_report

NOT_YET = "A report needs a prediction of the open section: press Predict genes in the tab Predict."


class SharePage(QWidget):
    """A figure of the maps, a picture of the window, and the report."""

    def __init__(self, desk: Desk, viewer: Any) -> None:
        super().__init__()
        self._desk = desk
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self.figures = FigureForm(desk, viewer)
        self.genes = ShareGenes(viewer)
        self.note = QLineEdit()
        self.note.setPlaceholderText("What you want to say (optional)")
        self.note.setToolTip("A sentence of yours that stands at the top of the report")
        self.report = primary("Save report…")
        self.report.setToolTip("A page (HTML) and a PDF: maps, r, verdict, domains, and where all comes from")
        self.told = quiet(NOT_YET)
        self.open = QPushButton("Open the report")
        self.open.setToolTip("Open the page in the computer's own browser")
        self.open.hide()
        self._page: Path | None = None
        self._lay_out()
        self.report.clicked.connect(self._on_report)
        self.open.clicked.connect(self._on_open)
        for signal in (desk.session.section_changed, desk.session.prediction_changed):
            listen(signal, self, self._on_changed)
        desk.runner.started.connect(self._show_ready)
        desk.runner.finished.connect(self._show_ready)
        self._show_ready()

    def _lay_out(self) -> None:
        said = form()
        add_row(said, "Note", self.note)
        layout = QVBoxLayout(self)
        layout.setSpacing(6)
        for part in (heading("Figure of the maps"), self.figures, heading("Report of this section"), self.genes):
            layout.addWidget(part)
        layout.addLayout(said)
        for part in (self.report, self.told, self.open):
            layout.addWidget(part)
        layout.addStretch(1)

    def _on_changed(self) -> None:
        self.open.hide()
        self._show_ready()

    def _show_ready(self, *_: object) -> None:
        session = self._desk.session
        ready = session.section is not None and session.prediction is not None
        self.report.setEnabled(ready and self._desk.runner.running is None)
        self.told.setVisible(not ready)

    def _on_report(self) -> None:
        viewer = self._viewer()
        with self._desk.reporting():
            genes = self.genes.genes()
            path = share_target(self, self._desk, "report", ".html")
            if viewer is not None and path is not None:
                what = report_of(viewer, path, genes, self.note.text().strip())
                self._desk.run("Writing the report", section_report(what), self._on_reported)

    def _on_reported(self, written: tuple[Path, Path]) -> None:
        self._page, pdf = written
        self._desk.messages.note(f"The report is saved: {self._page.name} and {pdf.name} in {pdf.parent}.")
        self.open.show()

    def _on_open(self) -> None:
        if self._page is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page)))


PAGES.register("share")(
    Page("Share", "Figures of the maps, and a report of chosen genes, domains and trust", 40, SharePage)
)
