"""A hint for the first time: where to begin without data of one's own."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from geneglass.errors import InputError
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.look import quiet
from geneglass.viewer.once import answer, answered

NAME = "first_hint_seen"
SENTENCE = (
    "New here? The sample is four small sections of invented tissue. Open it, press Train, then Predict, and walk "
    "through the genes with the arrow keys. Press ? above at any time."
)


class FirstHint(QFrame):
    """A strip with two buttons; gone for good once it was answered or anything was opened."""

    wants_sample = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setProperty("kind", "note")
        self._session = desk.session
        self.sample = QPushButton("Open the sample")
        self.sample.setToolTip("Nothing is sent anywhere: the sample comes with geneglass")
        self.dismiss = QPushButton("Not now")
        self.dismiss.setToolTip("Close this hint for good; Open sample above stays, and ? tells the same")
        self.sample.clicked.connect(self.wants_sample)
        self.dismiss.clicked.connect(self._done)
        buttons = QHBoxLayout()
        buttons.addWidget(self.sample)
        buttons.addWidget(self.dismiss)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(6)
        layout.addWidget(quiet(SENTENCE))
        layout.addLayout(buttons)
        listen(desk.session.section_changed, self, self._on_section_changed)
        if answered(NAME) or desk.session.section is not None:
            self.hide()

    def _on_section_changed(self) -> None:
        if self._session.section is not None and not self.isHidden():
            self._done()

    def _done(self) -> None:
        self.hide()
        try:
            answer(NAME, "The hint for the first time was seen.")
        except (InputError, OSError):
            # It comes once more: no harm, and no reason to disturb anybody.
            return
