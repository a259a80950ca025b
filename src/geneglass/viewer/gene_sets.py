"""Below the gene table: make a signature of genes, see two or three together, and the legend of these."""

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from geneglass.overlay.channels import LEAST, MOST
from geneglass.viewer.channels import Channel
from geneglass.viewer.look import Elided, quiet

MOST_GENES = 1000
"""Of a signature."""
SWATCH_PX = 12


class GeneSets(QWidget):
    """Two buttons, and what they open. It shows; the gene list does."""

    together = Signal()
    """The marked genes are wanted as colours."""
    save = Signal(str)
    """A signature is wanted, by this name."""
    remove = Signal()
    """The chosen signature is to go."""
    ended = Signal()
    """One gene is wanted again."""

    def __init__(self) -> None:
        super().__init__()
        self.signature = QPushButton("Signature…")
        self.both = QPushButton("Show together")
        self.delete = QPushButton("Remove signature")
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name, e.g. Proliferation")
        self.name.setMaxLength(60)
        self.name.setToolTip("What the score of these genes is called in the list; kept on this computer")
        self.keep = QPushButton("Save")
        self.keep.setToolTip("Keep the signature under this name and show its map at once")
        self.delete.setToolTip("Forget the chosen signature on this computer; its genes stay in the list")
        self.about = quiet()
        self.form = QWidget()
        self.legend = QWidget()
        self._lay_out()
        self.signature.clicked.connect(self._open_form)
        self.both.clicked.connect(self.together)
        self.delete.clicked.connect(self.remove)
        self.keep.clicked.connect(self._on_save)
        self.name.returnPressed.connect(self._on_save)
        self.name.installEventFilter(self)
        self.form.hide()
        self.legend.hide()
        self.set_genes((), marked=0, is_signature=False)

    def set_genes(self, genes: tuple[str, ...], *, marked: int, is_signature: bool) -> None:
        """Say what a signature would be made of, how many genes are marked, and whether a signature is chosen."""
        usable = 0 < len(genes) <= MOST_GENES
        self.signature.setEnabled(usable)
        what = f"{len(genes):,} genes" if len(genes) != 1 else "1 gene"
        if usable:
            tip = f"Show {what} as one score, and keep it under a name: marked genes, else those listed"
        else:
            tip = f"Filter the list or mark genes first: a signature has 1 to {MOST_GENES:,} genes"
        self.signature.setToolTip(tip)
        self.about.setText(f"{what}: {', '.join(genes[:6])}{', …' if len(genes) > 6 else ''}")
        if not usable:
            self.form.hide()
        fits = LEAST <= marked <= MOST
        self.both.setEnabled(fits)
        n = f" {marked}" if fits else ""
        self.both.setText(f"Show{n} together")
        self.both.setToolTip("Mark two or three genes with Ctrl and click, then see each in a colour of its own")
        self.delete.setVisible(is_signature)

    def show_legend(self, shown: tuple[Channel, ...]) -> None:
        """Show which gene has which colour; nothing hides the legend."""
        layout = self.legend.layout()
        while layout.count():
            item = layout.takeAt(0).widget()
            item.setParent(None)
            item.deleteLater()
        for channel in shown:
            layout.addWidget(_line(channel))
        if shown:
            end = QPushButton("Back to one gene")
            end.setToolTip("Stop showing genes together; the map shows the chosen gene alone again")
            end.clicked.connect(self.ended)
            layout.addWidget(end)
        self.legend.setVisible(bool(shown))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the form with Escape."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.form.hide()
            return True
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.signature, self.both, self.delete):
            row.addWidget(button)
        fields = QHBoxLayout()
        fields.setContentsMargins(0, 0, 0, 0)
        fields.addWidget(self.name, 1)
        fields.addWidget(self.keep)
        cancel = QToolButton()
        cancel.setText("✕")
        cancel.setToolTip("Close without making a signature (Escape)")
        cancel.clicked.connect(self.form.hide)
        fields.addWidget(cancel)
        inner = QVBoxLayout(self.form)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        inner.addWidget(self.about)
        inner.addLayout(fields)
        colours = QVBoxLayout(self.legend)
        colours.setContentsMargins(0, 0, 0, 0)
        colours.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.form)
        layout.addWidget(self.legend)

    def _open_form(self) -> None:
        self.form.show()
        self.name.setFocus()

    def _on_save(self) -> None:
        self.save.emit(self.name.text())

    def saved(self) -> None:
        """Close the form: its signature is kept."""
        self.name.clear()
        self.form.hide()


def _line(channel: Channel) -> QWidget:
    line = QWidget()
    swatch = QLabel()
    swatch.setFixedSize(SWATCH_PX, SWATCH_PX)
    red, green, blue = (round(255 * part) for part in channel.rgb)
    swatch.setStyleSheet(f"background-color: rgb({red}, {green}, {blue}); border: 1px solid #808080;")
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(swatch)
    layout.addWidget(Elided(channel.words()), 1)
    return line
