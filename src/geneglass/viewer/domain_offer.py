"""The offer to bring back domains that an earlier window left on the slide."""

from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import listen


class DomainOffer(QFrame):
    """Hidden unless something was left behind."""

    def __init__(self, annotating: Annotating) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setProperty("kind", "note")
        self._annotating = annotating
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.bring = QPushButton("Bring them back")
        self.bring.setToolTip("Add them to what is drawn now; Undo takes them away again")
        self.bring.clicked.connect(annotating.bring_back)
        self.leave = QPushButton("Leave them")
        self.leave.setToolTip("Do not offer them again; their file is put aside, not deleted")
        self.leave.clicked.connect(annotating.put_aside)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.bring)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        listen(annotating.offered, self, self.show_offer)
        self.show_offer()

    def show_offer(self) -> None:
        """Say what was left, and when."""
        kept = self._annotating.kept
        self.setVisible(bool(kept.domains))
        if not kept.domains or kept.saved_at is None:
            return
        n = len(kept.domains)
        what = "1 domain drawn on this slide was" if n == 1 else f"{n} domains drawn on this slide were"
        who = ", ".join(dict.fromkeys(domain.annotator for domain in kept.domains if domain.annotator))
        by = f" by {who}" if who else ""
        self.text.setText(f"{what} kept{by} on {kept.saved_at:%d %B %Y at %H:%M} and not opened since.")
