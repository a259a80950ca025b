"""Blinded reading at the window: who reads how many genes, and three buttons and keys to answer with."""

import re
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from weakref import ref

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from geneglass.viewer.blind import Blind, Plan
from geneglass.viewer.desk import Desk, choose_target, cohort_name, data_folder, file_stem, listen
from geneglass.viewer.look import Elided, add_row, form, heading, primary, quiet
from geneglass.workflow.blinded import CANNOT_TELL, LEFT, RIGHT

KEYS = {Qt.Key.Key_Left: LEFT, Qt.Key.Key_Right: RIGHT, Qt.Key.Key_Down: CANNOT_TELL}
VIEWER_KEYS = {"Left": LEFT, "Right": RIGHT, "Down": CANNOT_TELL}
LARGEST_SEED = 999_999
ANSWER_TIPS = {
    LEFT: "I take the map on the left for the measured one (left arrow key)",
    CANNOT_TELL: "Both could be the measured one: neither looks more real (down arrow key)",
    RIGHT: "I take the map on the right for the measured one (right arrow key)",
}


class BlindForm(QWidget):
    """What to read, then the question; answered with the buttons or the arrow keys."""

    def __init__(self, desk: Desk, blind: Blind, viewer: Any) -> None:
        super().__init__()
        self._desk, self.blind, self._viewer = desk, blind, ref(viewer)
        self._path: Path | None = None
        self._bound = False
        self.reader = QLineEdit()
        self.reader.setPlaceholderText("Your name")
        self.reader.setToolTip("Who reads: written with every answer into the file of readings")
        self.genes = QLineEdit()
        self.genes.setPlaceholderText("all measured and predicted")
        self.genes.setToolTip("Names with spaces or commas; empty for all that are both measured and predicted")
        self.count = _spin(1, 1000, 20, "So many genes are asked about, drawn at random")
        self.seed = _spin(
            0,
            LARGEST_SEED,
            secrets.randbelow(LARGEST_SEED),
            "Two readers who enter the same number are asked for the same genes on the same sides",
        )
        self.file = Elided()
        self.change = QPushButton("Change…")
        self.change.setToolTip("Record the answers in another file; a file of readings is added to")
        self.start = primary("Start blinded reading")
        self.start.setToolTip("Hide which map is which, and ask for one gene after another")
        self.question = heading("")
        self.question.setWordWrap(True)
        self.answers = {LEFT: QPushButton("←  Left"), CANNOT_TELL: QPushButton("↓  Cannot tell")}
        self.answers[RIGHT] = QPushButton("Right  →")
        for choice, tip in ANSWER_TIPS.items():
            self.answers[choice].setToolTip(tip)
        self.stop = QPushButton("Stop and see the result")
        self.stop.setToolTip("End here: the answers given so far are kept, and say how often you were right")
        self.result = quiet()
        self._asking, self._planning = QWidget(), QWidget()
        self._lay_out()
        self._listen()
        self._show()

    def _lay_out(self) -> None:
        rows = form()
        add_row(rows, "Reader", self.reader)
        add_row(rows, "Genes", self.genes)
        add_row(rows, "How many", self.count)
        add_row(rows, "Seed", self.seed)
        file = QHBoxLayout()
        file.addWidget(self.file, 1)
        file.addWidget(self.change)
        planning = QVBoxLayout(self._planning)
        planning.addLayout(rows)
        planning.addLayout(file)
        planning.addWidget(self.start)
        buttons = QHBoxLayout()
        for name in (LEFT, CANNOT_TELL, RIGHT):
            buttons.addWidget(self.answers[name])
            self.answers[name].setMinimumHeight(40)
            self.answers[name].installEventFilter(self)
        asking = QVBoxLayout(self._asking)
        asking.addWidget(self.question)
        asking.addLayout(buttons)
        asking.addWidget(self.stop)
        layout = QVBoxLayout(self)
        for inner in (planning, asking, layout):
            inner.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(heading("Blinded reading"))
        layout.addWidget(self.result)
        layout.addWidget(self._planning)
        layout.addWidget(self._asking)

    def _listen(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.start.clicked.connect(self._on_start)
        self.stop.clicked.connect(self.blind.stop)
        self.change.clicked.connect(self._on_change)
        for choice, button in self.answers.items():
            button.clicked.connect(partial(self.answer, choice))
        listen(self.blind.changed, self, self._show)
        listen(self._desk.session.section_changed, self, self._show_file)
        self._show_file()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the arrow keys from the buttons, which would move the focus with them."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and Qt.Key(event.key()) in KEYS:
            self.answer(KEYS[Qt.Key(event.key())])
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer with an arrow key."""
        if self.blind.active and Qt.Key(event.key()) in KEYS:
            self.answer(KEYS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def set_file(self, path: Path) -> None:
        """Record the answers there."""
        self._path = path.with_suffix(".csv")
        self._show_file()

    def plan(self) -> Plan:
        """Return what the form asks for."""
        names = tuple(name for name in re.split(r"[\s,;]+", self.genes.text()) if name)
        return Plan(
            self.reader.text(), self._path or self._default_file(), self.seed.value(), self.count.value(), names
        )

    def _on_start(self) -> None:
        with self._desk.reporting():
            self.blind.start(self.plan())
            self.setFocus()

    def answer(self, choice: str, *_: object) -> None:
        """Take the map on a side for the measured one, or none."""
        with self._desk.reporting():
            self.blind.answer(choice)

    def _on_change(self) -> None:
        path = choose_target(self, "Record the answers in", self._path or self._default_file(), "Readings (*.csv)")
        if path is not None:
            self.set_file(path)

    def _default_file(self) -> Path:
        session = self._desk.session
        stem = "readings" if session.cohort is None else file_stem(f"{cohort_name(session.cohort)}_readings")
        return data_folder() / "readings" / f"{stem}.csv"

    def _show_file(self) -> None:
        path = self._path or self._default_file()
        self.file.setText(path.name)
        self.file.setToolTip(str(path))

    def _show(self) -> None:
        blind = self.blind
        self._planning.setVisible(not blind.active)
        self._asking.setVisible(blind.active)
        self._bind(blind.active)
        if blind.active:
            number = len(blind.answers) + 1
            self.question.setText(f"{blind.gene}, {number} of {blind.total}: which map is the measured one?")
            self.result.hide()
            return
        told = blind.told or (
            "Can a reader tell the measured map from the predicted one? Both are shown without their names, on a side "
            "that chance decides; the answers are recorded."
        )
        if blind.told:
            told += f" Recorded in {(self._path or self._default_file()).name}; its seed was {self.seed.value()}."
        self.result.setText(told)
        self.result.show()

    def _bind(self, active: bool) -> None:
        """Let the arrow keys answer over the maps too, for as long as the reading goes on."""
        viewer = self._viewer()
        if viewer is None or active == self._bound:
            return
        self._bound = active
        form_of = ref(self)
        for key, choice in VIEWER_KEYS.items():
            viewer.bind_key(key, _answering(form_of, choice) if active else None, overwrite=True)


def _answering(form_of: "ref[BlindForm]", choice: str) -> Callable[[Any], None]:
    """Return what a key over the maps does; napari asks for a function with a name."""

    def answer(_viewer: Any) -> None:
        found = form_of()
        if found is not None:
            found.answer(choice)

    return answer


def _spin(low: int, high: int, value: int, tip: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setToolTip(tip)
    return spin
