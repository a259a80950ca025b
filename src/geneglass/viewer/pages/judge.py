"""Can this map be believed? The scatter of measured against predicted, and reading without knowing which is which."""

from typing import Any
from weakref import ref

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from geneglass.viewer.blind import blind_of
from geneglass.viewer.blind_form import BlindForm
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.look import heading
from geneglass.viewer.pages import PAGES, Page
from geneglass.viewer.picking import picker_of
from geneglass.viewer.rings import rings_of
from geneglass.viewer.scatter import Scatter
from geneglass.viewer.selection import selection_of


class JudgePage(QWidget):
    """The scatter, hidden while a reading is blind: a selection would tell which map is which."""

    def __init__(self, desk: Desk, viewer: Any) -> None:
        super().__init__()
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self._blind = blind_of(viewer)
        rings_of(viewer)
        self.scatter = Scatter(desk.session, selection_of(viewer), picker_of(viewer), viewer.theme)
        self.blinded = BlindForm(desk, self._blind, getattr(viewer, "__wrapped__", viewer))
        self._heading = heading("Measured against predicted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self._heading)
        layout.addWidget(self.scatter)
        layout.addWidget(self.blinded)
        layout.addStretch(1)
        listen(self._blind.changed, self, self._on_blind_changed)

    def _on_blind_changed(self) -> None:
        self.scatter.setVisible(not self._blind.active)
        self._heading.setVisible(not self._blind.active)

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of the theme, whose style sheet has just been put on the panel."""
        super().changeEvent(event)
        viewer = self._viewer()
        if event.type() == QEvent.Type.StyleChange and viewer is not None:
            self.scatter.plot.set_theme(viewer.theme)


PAGES.register("judge")(
    Page("Judge", "Measured against predicted, spot by spot, and reading without knowing which is which", 15, JudgePage)
)
