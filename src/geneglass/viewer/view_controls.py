"""How the maps are shown and coloured, for both sides at once."""

import numpy as np
from qtpy.QtCore import QSignalBlocker, QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from geneglass.overlay import COLOURMAPS, DIVERGING, Shade, colour_ramp
from geneglass.viewer.compare import Compare
from geneglass.viewer.confidence_controls import ConfidenceControls
from geneglass.viewer.desk import listen
from geneglass.viewer.look import Fold
from geneglass.viewer.pane_controls import PaneControls
from geneglass.viewer.panes import WITH_DIFFERENCE
from geneglass.viewer.scale_controls import ScaleControls

SWATCH = QSize(48, 12)
UNSURE = "How sure the prediction is at every place, and below which confidence places are marked"


class ViewControls(QWidget):
    """The way the maps are shown, their colours, and folded away what the colours stand for."""

    def __init__(self, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compare = compare
        self.panes = PaneControls(compare)
        self.scale = ScaleControls(compare)
        self.colourmap = _swatches(COLOURMAPS, "Colours of both maps; all are safe for colour-blind readers")
        self.difference = _swatches(DIVERGING, "Colours of the difference; safe for colour-blind readers")
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(5, 100)
        self.opacity.setToolTip("How far the spots cover the tissue: to the left they let the stain through")
        self.fold = Fold(
            "Scale",
            self.scale,
            "Which values the colours stand for, on both maps: limits, logarithm, what is left clear",
        )
        self.confidence = ConfidenceControls(compare)
        self._lay_out()
        self._show_look()
        self.colourmap.currentTextChanged.connect(lambda name: compare.set_look(colourmap=name))
        self.difference.currentTextChanged.connect(lambda name: compare.set_look(difference_colourmap=name))
        self.opacity.valueChanged.connect(lambda percent: compare.set_look(opacity=percent / 100))
        listen(compare.look_changed, self, self._show_look)
        listen(compare.panes_changed, self, self._show_look)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.panes)
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(8)
        grid.addWidget(QLabel("Colours"), 0, 0)
        grid.addWidget(self.colourmap, 0, 1)
        grid.addWidget(self.difference, 0, 2)
        grid.addWidget(QLabel("Opacity"), 1, 0)
        grid.addWidget(self.opacity, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        layout.addLayout(grid)
        layout.addWidget(self.fold)
        layout.addWidget(Fold("Confidence", self.confidence, UNSURE))

    def _show_look(self) -> None:
        look = self._compare.look
        blockers = [QSignalBlocker(widget) for widget in (self.colourmap, self.difference, self.opacity)]
        self.colourmap.setCurrentText(look.colourmap)
        self.difference.setCurrentText(look.difference_colourmap)
        self.difference.setVisible(self._compare.panes.mode == WITH_DIFFERENCE)
        self.opacity.setValue(round(look.opacity * 100))
        for blocker in blockers:
            blocker.unblock()


def _swatches(names: tuple[str, ...], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setToolTip(tip)
    combo.setIconSize(SWATCH)
    for name in names:
        combo.addItem(_swatch(name), name)
    return combo


def _swatch(name: str) -> QIcon:
    colours = (colour_ramp(Shade(colourmap=name, clear_low=False))["colors"][:, :3] * 255).astype(np.uint8)
    row = np.ascontiguousarray(colours[None])
    image = QImage(row.data, row.shape[1], 1, 3 * row.shape[1], QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()).scaled(SWATCH))
