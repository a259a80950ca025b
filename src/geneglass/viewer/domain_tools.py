"""Drawing domains: who draws, what it is called, the tools, and back and forth."""

from typing import Any

from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QColorDialog,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from geneglass.data.annotation import RGB
from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.domains import LASSO, PAN, POLYGON, DomainView
from geneglass.viewer.look import quiet

SWATCH = QSize(14, 14)
TOOLS = (
    (PAN, "Navigate", "Drag the slide and zoom; a click on a domain chooses it"),
    (LASSO, "Lasso", "Hold the left button and go round the region; let go to close it"),
    (POLYGON, "Polygon", "Click corner after corner; a double click closes it, Esc too"),
    ("select", "Move", "Drag a whole domain elsewhere; pull the handles of its frame to stretch or turn it"),
    ("direct", "Corners", "Click a domain, then drag one of its corners"),
    ("vertex_insert", "Add corner", "Click on the outline of the chosen domain, where it should have one more"),
    ("vertex_remove", "Remove corner", "Click on a corner of the chosen domain to take it away"),
)
WHO = "Who draws? Type your name and press Enter: it is asked once and stored in every domain you draw."
UNDO, REDO = "Ctrl+Z", "Ctrl+Shift+Z"
DRAWING = "what is being drawn"


class DomainTools(QWidget):
    """Shows the state of a hand and tells it what to do next."""

    def __init__(self, desk: Desk, annotating: Annotating, view: DomainView) -> None:
        super().__init__()
        self._desk, self._annotating, self._view = desk, annotating, view
        self._waiting: str | None = None
        self.who = QLineEdit()
        self.who.setPlaceholderText("Your name")
        self.ask = quiet(WHO)
        self.drawn_by = QPushButton()
        self.name = QComboBox()
        self.colour = QPushButton("Colour…")
        self.tools: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self.undo, self.redo = QPushButton("Undo"), QPushButton("Redo")
        self._prepare()
        self._lay_out()
        for signal in (annotating.changed, view.drawing_changed):
            listen(signal, self, self.show_state)
        listen(desk.session.section_changed, self, self.show_state)
        self.show_state()

    def _prepare(self) -> None:
        self.who.returnPressed.connect(self._on_who)
        self.who.setToolTip("Stored with every domain you draw from now on, so that readers can be told apart")
        self.drawn_by.setProperty("role", "fold")
        self.drawn_by.setToolTip("Press to change the name that is stored in what is drawn from now on")
        self.drawn_by.clicked.connect(lambda: self._ask(None))
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setIconSize(SWATCH)
        self.name.setToolTip("What the next domain is called: choose, or type a name of your own and press Enter")
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.name.activated.connect(lambda _: self._annotating.set_name(self.name.currentText()))
        editor: Any = self.name.lineEdit()
        editor.editingFinished.connect(lambda: self._annotating.set_name(self.name.currentText()))
        self.colour.setToolTip("Another colour for this name, here and for the next slides")
        self.colour.clicked.connect(self._on_colour)
        for mode, title, tip in TOOLS:
            button = self.tools[mode] = QPushButton(title)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, mode=mode: self.take(mode))
            self._group.addButton(button)
        self.undo.clicked.connect(self._annotating.undo)
        self.redo.clicked.connect(self._annotating.redo)

    def _lay_out(self) -> None:
        named = QHBoxLayout()
        named.addWidget(QLabel("Name"))
        named.addWidget(self.name, 1)
        named.addWidget(self.colour)
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, mode in enumerate((PAN, LASSO, POLYGON, "select")):
            grid.addWidget(self.tools[mode], 0, 3 * place, 1, 3)
        for place, mode in enumerate(("direct", "vertex_insert", "vertex_remove")):
            grid.addWidget(self.tools[mode], 1, 4 * place, 1, 4)
        steps = QHBoxLayout()
        steps.addWidget(self.undo)
        steps.addWidget(self.redo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self.drawn_by, self.ask, self.who):
            layout.addWidget(part)
        for row in (named, grid, steps):
            layout.addLayout(row)

    def take(self, mode: str) -> None:
        """Take a tool; who draws for the first time is asked for a name before."""
        if mode in (LASSO, POLYGON) and not self._annotating.annotator:
            self._ask(mode)
            return
        self._view.take_tool(mode, self._annotating.add_name(self._annotating.name))
        self.show_state()

    def show_state(self) -> None:
        """Show the hand's state."""
        annotating, history = self._annotating, self._annotating.history
        there = self._desk.session.section is not None
        asked = self._waiting is not None or self.who.hasFocus()
        self.drawn_by.setVisible(bool(annotating.annotator) and not asked)
        self.drawn_by.setText(f"Drawn by {annotating.annotator}")
        for part in (self.who, self.ask):
            part.setVisible(asked)
        self._show_names()
        for button in self.tools.values():
            button.setEnabled(there)
        layer = self._view.layer
        self.tools[PAN if layer is None or layer.mode not in self.tools else layer.mode].setChecked(True)
        for button, word, keys, deed in (
            (self.undo, "Undo", UNDO, DRAWING if self._view.drawing == POLYGON else history.to_undo),
            (self.redo, "Redo", REDO, history.to_redo),
        ):
            button.setEnabled(there and deed is not None)
            button.setToolTip(f"{word}: {deed} ({keys})" if deed else f"Nothing to {word.lower()} ({keys})")

    def _show_names(self) -> None:
        annotating = self._annotating
        shown = {self.name.itemText(i): self.name.itemData(i) for i in range(self.name.count())}
        typing = self.name.lineEdit().hasFocus() and shown == annotating.palette
        if shown != annotating.palette:
            self.name.clear()
            for name, rgb in annotating.palette.items():
                self.name.addItem(swatch(rgb), name, rgb)
        if not typing:
            self.name.setCurrentIndex(self.name.findText(annotating.name))

    def _ask(self, mode: str | None) -> None:
        """Ask who draws, and go on with a tool when it is known."""
        self._waiting = mode or PAN
        self.who.setText(self._annotating.annotator)
        self.show_state()
        self.who.setFocus()

    def _on_who(self) -> None:
        waiting, self._waiting = self._waiting, None
        self.who.clearFocus()
        self._annotating.set_annotator(self.who.text())
        if waiting is not None and self._annotating.annotator:
            self.take(waiting)

    def _on_colour(self) -> None:
        name = self._annotating.name
        chosen = QColorDialog.getColor(
            QColor(*self._annotating.palette.get(name, (255, 0, 0))), self, f"Colour of {name}"
        )
        if chosen.isValid():
            self._annotating.recolour(name, (chosen.red(), chosen.green(), chosen.blue()))


def swatch(rgb: RGB | None) -> QIcon:
    """Return a small square of a colour; an empty one where there is none."""
    pixels = QPixmap(SWATCH)
    pixels.fill(QColor(*rgb) if rgb is not None else QColor(0, 0, 0, 0))
    return QIcon(pixels)
