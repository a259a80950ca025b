"""The places kept on the open slide: keep the view, go back to it, write a note."""

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, QTimer
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from geneglass.data.bookmark import Bookmark
from geneglass.viewer.bookmarks import bookmarks_of
from geneglass.viewer.desk import listen
from geneglass.viewer.field import View, field_of
from geneglass.viewer.look import heading, quiet

NO_NOTE = "no note yet"
LIST_HEIGHT_PX = 66
EMPTY = "None on this slide yet: move to a place worth showing again and keep it."


class _Note(QListWidgetItem):
    """Shows number and note; only the note is edited."""

    def __init__(self, number: int, note: str) -> None:
        super().__init__()
        self.number, self.note = number, note

    def data(self, role: int) -> Any:
        """Return the note for editing, with its number for reading."""
        if role == Qt.ItemDataRole.EditRole:
            return self.note
        return f"{self.number}  {self.note or NO_NOTE}" if role == Qt.ItemDataRole.DisplayRole else super().data(role)

    def setData(self, role: int, value: Any) -> None:
        """Take an edited note."""
        if role == Qt.ItemDataRole.EditRole:
            self.note = str(value).strip()
        super().setData(role, value)


class _Places(QListWidget):
    """A list in which Enter goes to a place and Delete forgets it."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[Qt.Key, Callable[[], None]] = {}
        self.setAccessibleName("Places kept on this slide")
        self.setToolTip("Click a place to go there, double click to write a note")
        self.setWordWrap(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer the keys of a place; all else as any list does."""
        answer = self.keys.get(Qt.Key(event.key()))
        if answer is None or self.state() == QListWidget.State.EditingState:
            super().keyPressEvent(event)
        else:
            answer()


class BookmarkList(QWidget):
    """A list of places with their notes; a click goes there, a double click or F2 edits the note.

    Parameters
    ----------
    viewer
        Whose view is kept and moved.
    """

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bookmarks, self._field = bookmarks_of(viewer), field_of(viewer)
        self.keep = QPushButton("Keep this place")
        self.keep.setToolTip("Remember what the maps show now, with a note; it comes back with the slide")
        self.note = QPushButton("Note…")
        self.note.setToolTip("Write down what is to be seen at the chosen place (F2)")
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Forget the chosen place (Delete)")
        self.list = _Places()
        self.empty = quiet(EMPTY)
        self._lay_out()
        self.keep.clicked.connect(self.keep_here)
        self.note.clicked.connect(self._on_note)
        self.remove.clicked.connect(self._on_remove)
        self.list.itemClicked.connect(self._go)
        self.list.itemChanged.connect(self._on_edited)
        self.list.itemSelectionChanged.connect(self._show_buttons)
        enter = dict.fromkeys((Qt.Key.Key_Return, Qt.Key.Key_Enter), self._go_to_chosen)
        self.list.keys = {**enter, Qt.Key.Key_Delete: self._on_remove}
        listen(self._bookmarks.changed, self, self._refill)
        self._refill()

    def keep_here(self) -> None:
        """Keep what the maps show now, and ask for its note."""
        view = self._field.now()
        if view is None:
            return
        self._bookmarks.add(Bookmark(view.centre_yx_px, view.zoom))
        self.list.setCurrentRow(self.list.count() - 1)
        if self.list.isVisible():
            self.list.editItem(self.list.currentItem())

    def _lay_out(self) -> None:
        self.list.setFixedHeight(LIST_HEIGHT_PX)
        row = QHBoxLayout()
        title = heading("Places")
        # Of one height with the buttons beside it, not below a group.
        title.setStyleSheet("padding-top: 0px;")
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(self.keep)
        row.addWidget(self.note)
        row.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.list)
        layout.addWidget(self.empty)

    def _refill(self) -> None:
        chosen = self.list.currentRow()
        blocker = QSignalBlocker(self.list)
        self.list.clear()
        for number, bookmark in enumerate(self._bookmarks.here, start=1):
            item = _Note(number, bookmark.note)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(f"{bookmark.note or NO_NOTE}\nClick to go there, double click to write a note")
            self.list.addItem(item)
        self.list.setCurrentRow(min(chosen, self.list.count() - 1))
        blocker.unblock()
        self.list.setVisible(self.list.count() > 0)
        self.empty.setVisible(self.list.count() == 0)
        self.keep.setEnabled(self._field.now() is not None)
        self._show_buttons()

    def _show_buttons(self) -> None:
        chosen = self.list.currentRow() >= 0
        self.note.setEnabled(chosen)
        self.remove.setEnabled(chosen)

    def _on_note(self) -> None:
        if self.list.currentItem() is not None:
            self.list.editItem(self.list.currentItem())

    def _on_edited(self, item: QListWidgetItem) -> None:
        if isinstance(item, _Note):
            # The list is filled anew, which must not happen while it still closes its editor.
            QTimer.singleShot(0, partial(self._bookmarks.set_note, self.list.row(item), item.note))

    def _on_remove(self) -> None:
        if self.list.currentRow() >= 0:
            self._bookmarks.remove(self.list.currentRow())

    def _go_to_chosen(self) -> None:
        if self.list.currentItem() is not None:
            self._go(self.list.currentItem())

    def _go(self, item: QListWidgetItem) -> None:
        bookmark = self._bookmarks.here[self.list.row(item)]
        self._field.go(View(bookmark.centre_yx_px, bookmark.zoom))
