"""Which genes a report is about: typed, taken from the map, or the favourites."""

import re
from typing import Any
from weakref import ref

from qtpy.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from geneglass.data.gene_book import SIGN
from geneglass.errors import InputError
from geneglass.viewer.desk import listen
from geneglass.viewer.handing import shown_genes
from geneglass.viewer.kept_genes import kept_genes
from geneglass.viewer.session import Session, session_of

LINES_PX = 54


class ShareGenes(QWidget):
    """A line of gene names that buttons add to."""

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self._session: Session = session_of(viewer)
        self._kept = kept_genes()
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText("Genes of the report, e.g. ERBB2, CD74")
        self.text.setToolTip("Names with commas or blanks between them, in the order of the report")
        self.text.setFixedHeight(LINES_PX)
        self.text.setTabChangesFocus(True)
        self.shown = QPushButton("Add shown gene")
        self.shown.setToolTip("Add the gene that the map shows, or all that are shown together")
        self.favourites = QPushButton("Add favourites")
        self.favourites.setToolTip("Add the genes with a star in the tab Genes")
        buttons = QHBoxLayout()
        buttons.addWidget(self.shown)
        buttons.addWidget(self.favourites)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        self.shown.clicked.connect(self._on_shown)
        self.favourites.clicked.connect(self._on_favourites)
        listen(self._session.gene_changed, self, self._show_buttons)
        listen(self._session.prediction_changed, self, self._show_buttons)
        listen(self._kept.changed, self, self._show_buttons)
        self._show_buttons()

    def genes(self) -> tuple[str, ...]:
        """Return the names as they are written in the section, each once.

        Raises
        ------
        InputError
            When there are none, or one is neither measured nor predicted here.
        """
        known = {gene.name.upper(): gene.name for gene in self._session.genes}
        asked = dict.fromkeys(re.split(r"[\s,;]+", self.text.toPlainText().strip()))
        asked.pop("", None)
        unknown = [name for name in asked if name.upper() not in known]
        if unknown:
            raise InputError(
                f"{', '.join(unknown[:5])} {'is' if len(unknown) == 1 else 'are'} neither measured nor predicted "
                "here: see the list of the tab Genes for the names."
            )
        if not asked:
            raise InputError("The report has no genes yet: type some, or press Add shown gene.")
        return tuple(dict.fromkeys(known[name.upper()] for name in asked))

    def _on_shown(self) -> None:
        viewer = self._viewer()
        if viewer is not None:
            self._add(*(gene for gene in shown_genes(viewer) if not gene.startswith(SIGN)))

    def _on_favourites(self) -> None:
        self._add(*self._favourites())

    def _add(self, *names: str) -> None:
        before = [name for name in re.split(r"[\s,;]+", self.text.toPlainText().strip()) if name]
        self.text.setPlainText(", ".join(dict.fromkeys((*before, *names))))

    def _favourites(self) -> list[str]:
        there = {gene.name for gene in self._session.genes}
        return sorted(name for name in self._kept.book.favourites if name in there and not name.startswith(SIGN))

    def _show_buttons(self) -> None:
        gene = self._session.gene
        self.shown.setEnabled(gene is not None and not gene.startswith(SIGN))
        self.favourites.setEnabled(bool(self._favourites()))
