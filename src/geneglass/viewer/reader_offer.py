"""The one-time offer to be napari's reader of whole-slide files."""

import textwrap

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from geneglass.errors import InputError
from geneglass.viewer.look import quiet
from geneglass.viewer.preferred import dismiss, make_preferred, offer_needed, patterns

AGAIN = "napari's preferences (Plugins) can change it back. It holds for"
TIP_WIDTH = 80
SENTENCE = "Open dropped slides, spots and Space Ranger folders with geneglass, without being asked each time?"


class ReaderOffer(QWidget):
    """A line with two buttons; it is not there once it was answered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.accept = QPushButton("Yes, always")
        self.accept.setToolTip(f"{AGAIN}\n{textwrap.fill(', '.join(patterns()), TIP_WIDTH)}")
        self.accept.clicked.connect(self._on_accept)
        self.decline = QPushButton("No")
        self.decline.setToolTip("Go on asking; this question does not come again")
        self.decline.clicked.connect(self._on_decline)
        buttons = QHBoxLayout()
        buttons.addWidget(self.accept)
        buttons.addWidget(self.decline)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(quiet(SENTENCE))
        layout.addLayout(buttons)
        # Never shown from here: without a parent yet, it would be a window of its own.
        if not offer_needed():
            self.hide()

    def _on_accept(self) -> None:
        make_preferred()
        self.hide()

    def _on_decline(self) -> None:
        try:
            dismiss()
        except InputError as error:
            self.decline.setToolTip(str(error))
        self.hide()
