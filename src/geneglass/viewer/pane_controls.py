"""How the maps stand to each other: side by side, with their difference, swiped or blinking; by mouse and keys."""

from typing import Any

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QWidget

from geneglass.viewer.compare import Compare
from geneglass.viewer.desk import listen
from geneglass.viewer.keys import Shortcut, bind
from geneglass.viewer.panes import BESIDE, BLINK, MODES, SWIPE, WITH_DIFFERENCE

GROUP = "Maps"
NEXT_MODE = Shortcut("Alt-M", "Maps side by side, with their difference, swiped, blinking", GROUP)
TURN = Shortcut("W", "While maps blink: the other one; hold the key to see it only so long", GROUP)
LEFT = Shortcut("Alt-Left", "While maps are swiped: the edge to the left", GROUP)
RIGHT = Shortcut("Alt-Right", "While maps are swiped: the edge to the right", GROUP)
SECONDS = (0.2, 10.0)
"""Shortest and longest that a map is seen while maps blink by themselves."""
TIPS = {
    BESIDE: "Measured and predicted next to each other; they move and zoom together",
    WITH_DIFFERENCE: "A third map: predicted less measured, on a scale of its own",
    SWIPE: "One map over the other; drag the edge between them, or press Alt with an arrow key",
    BLINK: "One map in place of the other; press W to see the other one",
}


class PaneControls(QWidget):
    """A row with the way the maps are shown, and below it what belongs to that way."""

    def __init__(self, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compare = compare
        self.mode = QComboBox()
        for mode in MODES:
            self.mode.addItem(mode.capitalize(), mode)
        self.by_itself = QCheckBox("By itself, every")
        self.by_itself.setToolTip("The maps take turns without a key being pressed")
        self.seconds = QDoubleSpinBox()
        self.seconds.setRange(*SECONDS)
        self.seconds.setSingleStep(0.2)
        self.seconds.setDecimals(1)
        self.seconds.setSuffix(" s")
        self.seconds.setToolTip("For how many seconds each map is seen before the other comes")
        self._lay_out()
        self._show()
        self.mode.currentIndexChanged.connect(self._on_mode)
        self.by_itself.toggled.connect(self._on_blink)
        self.seconds.valueChanged.connect(self._on_blink)
        listen(compare.panes_changed, self, self._show)
        listen(compare.blink.changed, self, self._show)
        self._bind()

    def next_mode(self) -> None:
        """Show the maps in the next way."""
        mode = MODES[(MODES.index(self._compare.panes.mode) + 1) % len(MODES)]
        self._compare.set_panes(mode=mode)

    def turn(self) -> None:
        """Show the other map."""
        self._compare.blink.turn()

    def left(self) -> None:
        """Move the edge to the left."""
        self._compare.swipe.step(-1)

    def right(self) -> None:
        """Move the edge to the right."""
        self._compare.swipe.step(1)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(8)
        grid.addWidget(QLabel("Maps"), 0, 0)
        grid.addWidget(self.mode, 0, 1)
        self.blinking = QWidget()
        row = QHBoxLayout(self.blinking)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.by_itself)
        row.addWidget(self.seconds, 1)
        grid.addWidget(self.blinking, 1, 1)
        grid.setColumnStretch(1, 1)

    def _bind(self) -> None:
        viewer = self._compare.viewer
        if viewer is None:
            return
        for shortcut, answer in (
            (NEXT_MODE, self.next_mode),
            (TURN, self.turn),
            (LEFT, self.left),
            (RIGHT, self.right),
        ):
            bind(viewer, self, shortcut, answer)
        # In the canvas a key also tells when it is let go.
        viewer.bind_key(TURN.keys, self._compare.blink.hold, overwrite=True)

    def _show(self) -> None:
        panes, blink = self._compare.panes, self._compare.blink
        blockers = [QSignalBlocker(widget) for widget in (self.mode, self.by_itself, self.seconds)]
        self.mode.setCurrentIndex(MODES.index(panes.mode))
        self.mode.setToolTip(TIPS[panes.mode])
        self.blinking.setVisible(panes.mode == BLINK)
        self.by_itself.setChecked(blink.by_itself)
        self.seconds.setValue(blink.every_s)
        for blocker in blockers:
            blocker.unblock()

    def _on_mode(self, _: int) -> None:
        self._compare.set_panes(mode=self.mode.currentData())

    def _on_blink(self, *_: Any) -> None:
        self._compare.blink.run(every_s=self.seconds.value(), on=self.by_itself.isChecked())
