"""Says at the head of the page that what was drawn is not on disk, and why."""

from qtpy.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout

from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import listen

NOT_SAVED = (
    "What you drew is not saved on this computer. {} It is tried again until it is; to be sure, save it elsewhere "
    "under Open and save below."
)


class NotSaved(QFrame):
    """Hidden while all is saved."""

    def __init__(self, annotating: Annotating) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setProperty("kind", "error")
        self._keeping = annotating.keeping
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.text)
        listen(self._keeping.told, self, self.show_reason)
        self.show_reason()

    def show_reason(self) -> None:
        """Say why; nothing where there is no reason."""
        reason = self._keeping.unsaved
        self.text.setText(NOT_SAVED.format(reason))
        self.setVisible(bool(reason))
