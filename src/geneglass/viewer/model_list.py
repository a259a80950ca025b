"""The models on this computer: what each was trained on; choose one, show its folder, delete it."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from qtpy.QtCore import Qt, QTimer, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QMessageBox, QPushButton, QVBoxLayout, QWidget

from geneglass.viewer.desk import Desk, data_folder, listen
from geneglass.viewer.look import quiet
from geneglass.workflow.model_files import (
    ModelFile,
    forget_model,
    model_paths,
    read_model_file,
    remember_model,
    remembered_models,
    trained_on_text,
    trust_text,
)

ROWS_SHOWN = 4
FILE = Qt.ItemDataRole.UserRole
NONE = "No model on this computer yet: train one, or load one."


class ModelList(QWidget):
    """Model files of the user's data folder, and those used lately; the chosen one goes to the session.

    Their headers are read one at a time while the window lives on.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.models = QListWidget()
        self.models.setToolTip("What each model was trained on; a double click chooses it")
        self.facts = quiet(NONE)
        self.use = QPushButton("Use")
        self.use.setToolTip("Take the chosen model of this list for the next prediction")
        self.folder = QPushButton("Show folder")
        self.folder.setToolTip("Show the file in the computer's own file window")
        self.delete = QPushButton("Delete…")
        self._waiting: Iterator[Path] = iter(())
        self._reading = QTimer(self)
        self._reading.setInterval(0)
        self._reading.timeout.connect(self._read_one)
        self._lay_out()
        self.models.currentItemChanged.connect(self._show_facts)
        self.models.itemDoubleClicked.connect(self._on_use)
        self.models.itemActivated.connect(self._on_use)
        self.use.clicked.connect(self._on_use)
        self.folder.clicked.connect(self._on_folder)
        self.delete.clicked.connect(self._on_delete)
        listen(desk.session.model_changed, self, self._on_model_changed)
        desk.runner.started.connect(self._show_facts)
        desk.runner.finished.connect(self._show_facts)
        self.fill()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.use, self.folder, self.delete):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.models)
        layout.addWidget(self.facts)
        layout.addLayout(buttons)

    def fill(self) -> None:
        """List the files anew; what they say of themselves follows."""
        self.models.clear()
        self._waiting = iter(model_paths(data_folder() / "models", remembered_models(_note())))
        self._reading.start()
        self._show_facts()

    def current(self) -> ModelFile | None:
        """Return the chosen row's model file."""
        item = self.models.currentItem()
        return None if item is None else item.data(FILE)

    def _used(self) -> Path | None:
        path = self._desk.session.model_path
        return None if path is None else path.absolute()

    def _read_one(self) -> None:
        path = next(self._waiting, None)
        if path is None:
            self._reading.stop()
            self._show_facts()
            return
        found = read_model_file(path)
        item = QListWidgetItem(_title(found))
        item.setData(FILE, found)
        item.setToolTip(f"{path}\n{_facts(found)}")
        self.models.addItem(item)
        rows = min(max(self.models.count(), 1), ROWS_SHOWN)
        self.models.setFixedHeight(rows * max(self.models.sizeHintForRow(0), 22) + 10)
        if path == self._used():
            self.models.setCurrentItem(item)

    def _show_facts(self, *_: object) -> None:
        found, busy = self.current(), self._desk.runner.running is not None
        in_use = found is not None and found.path == self._used()
        self.models.setVisible(self.models.count() > 0)
        self.facts.setText((NONE if not self.models.count() else "") if found is None else _facts(found))
        self.facts.setVisible(bool(self.facts.text()))
        self.use.setEnabled(found is not None and found.info is not None and not in_use and not busy)
        self.folder.setEnabled(found is not None)
        self.delete.setEnabled(found is not None and not in_use and not busy)
        self.delete.setToolTip("The model in use is not deleted" if in_use else "Delete the model file, after asking")

    def _on_use(self, *_: object) -> None:
        found = self.current()
        if found is not None and self.use.isEnabled():
            with self._desk.reporting():
                self._desk.session.set_model(found.path)

    def _on_folder(self) -> None:
        found = self.current()
        if found is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(found.path.parent)))

    def _on_delete(self) -> None:
        found = self.current()
        if found is None:
            return
        text = f"Delete {found.path.name} for good?\n\n{_facts(found)}\n\n{found.path.parent}"
        buttons = QMessageBox.StandardButton
        box = QMessageBox(QMessageBox.Icon.Question, "Delete a model", text, buttons.Yes | buttons.Cancel, self)
        box.button(buttons.Yes).setText("Delete")
        box.setDefaultButton(buttons.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(partial(self._on_answer, found.path))
        # Not exec: the window and its job live on while the question stands.
        box.open()

    def _on_answer(self, path: Path, answer: int) -> None:
        if answer != int(QMessageBox.StandardButton.Yes.value) or path == self._used():
            return
        with self._desk.reporting():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self._desk.messages.warn(f"{path.name} can not be deleted ({error.strerror}): see its permissions.")
            forget_model(_note(), path)
        self.fill()

    def _on_model_changed(self) -> None:
        path = self._desk.session.model_path
        if path is not None:
            with self._desk.reporting():
                remember_model(_note(), path)
        self.fill()


def _note() -> Path:
    return data_folder() / "recent_models.json"


def _title(found: ModelFile) -> str:
    if found.info is None:
        return f"{found.path.name} · can not be used"
    return f"{found.path.stem} · {found.info.recipe}"


def _facts(found: ModelFile) -> str:
    when = datetime.fromtimestamp(found.written).strftime("%Y-%m-%d %H:%M")
    if found.info is None:
        return found.fault
    info = found.info
    lines = (
        f"{info.recipe}, looks with {info.encoder.partition('@')[0]}, {len(info.genes):,} genes, {when}",
        f"Trained on {trained_on_text(info)}",
        trust_text(info)[:1].upper() + trust_text(info)[1:],
    )
    return "\n".join(lines)
