"""One clear sentence at the foot of the panel, with details behind a button."""

import traceback

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from geneglass.errors import InputError
from geneglass.viewer.look import restyle

LINES_SHOWN = 3


class MessageStrip(QFrame):
    """Shows the last message; hidden until there is one, and when it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.details = QPushButton("Details")
        self.details.setToolTip("What exactly happened, to copy into a report")
        self.details.clicked.connect(self._show_details)
        close = QPushButton("Dismiss")
        close.setToolTip("Close this message; nothing else changes")
        close.clicked.connect(self.hide)
        self._report = ""
        self._said: list[str] = []
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.details)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        self.hide()

    def clear(self) -> None:
        """Take everything away, before a new job."""
        self._said = []
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show what a job says along the way; all of it stays behind the Details of what follows."""
        self._said.append(sentence)
        self._show("info", "\n".join(self._said[-LINES_SHOWN:]), self._all_said())

    def note(self, sentence: str) -> None:
        """Show something that went well."""
        self._show("note", sentence, self._all_said())

    def warn(self, sentence: str) -> None:
        """Show something to know before going on."""
        self._show("warning", sentence, self._all_said())

    def error(self, error: BaseException) -> None:
        """Show what went wrong, in one sentence; the traceback goes behind the button."""
        report = "".join(traceback.format_exception(error))
        self._show("error", _sentence(error), "\n\n".join(filter(None, (self._all_said(), report))))

    def _all_said(self) -> str:
        return "\n".join(self._said)

    def _show(self, kind: str, sentence: str, report: str) -> None:
        self._report = report
        self.setProperty("kind", kind)
        self.text.setText(sentence)
        self.details.setVisible(bool(report))
        restyle(self)
        self.show()

    def _show_details(self) -> None:
        dialog = QDialog(self)
        dialog.setWindowTitle("geneglass: details")
        dialog.resize(640, 420)
        report = QPlainTextEdit(self._report)
        report.setReadOnly(True)
        report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.reject)
        layout = QVBoxLayout(dialog)
        layout.addWidget(report)
        layout.addWidget(buttons)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _sentence(error: BaseException) -> str:
    if isinstance(error, InputError):
        return str(error)
    first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return f"This stopped with an unexpected error ({first[:160]}). Press Details to see or copy the full report."
