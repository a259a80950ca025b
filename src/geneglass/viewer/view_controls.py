"""How the maps are coloured: colour map, opacity, threshold and limits, for both sides at once."""

from typing import Any

import numpy as np
from qtpy.QtCore import QSignalBlocker, QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QWidget

from geneglass.overlay import COLOURMAPS, Shade, colour_ramp
from geneglass.viewer.compare import Compare
from geneglass.viewer.desk import listen

SWATCH = QSize(48, 12)
PERCENTILES, VALUES = "percentiles", "values"


class ViewControls(QWidget):
    """A few rows of controls; they show the look of a comparison and change it."""

    def __init__(self, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compare = compare
        self.colourmap = _combo("Colours of both maps; all are safe for colour-blind readers")
        self.colourmap.setIconSize(SWATCH)
        for name in COLOURMAPS:
            self.colourmap.addItem(_swatch(name), name)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(5, 100)
        self.opacity.setToolTip("Opacity of the spots over the tissue")
        self.clear = QCheckBox("Clear at or below")
        self.clear.setToolTip("Make low values transparent on both sides, so that the tissue shows")
        self.threshold = _spin(0.0, 20.0, 0.05, "Values at or below this are transparent")
        self.range = _combo("What the first and the last colour stand for")
        self.range.addItems([PERCENTILES, VALUES])
        self.low = _spin(-100.0, 100.0, 0.1, "First colour")
        self.high = _spin(-100.0, 100.0, 0.1, "Last colour")
        self._lay_out()
        self._show_look()
        self.colourmap.currentTextChanged.connect(lambda name: compare.set_look(colourmap=name))
        self.opacity.valueChanged.connect(lambda percent: compare.set_look(opacity=percent / 100))
        self.clear.toggled.connect(self._on_threshold)
        self.threshold.valueChanged.connect(self._on_threshold)
        self.range.currentTextChanged.connect(self._on_range)
        self.low.valueChanged.connect(self._on_limits)
        self.high.valueChanged.connect(self._on_limits)
        listen(compare.look_changed, self, self._show_look)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(8)
        grid.addWidget(QLabel("Colours"), 0, 0)
        grid.addWidget(self.colourmap, 0, 1)
        grid.addWidget(QLabel("Opacity"), 1, 0)
        grid.addWidget(self.opacity, 1, 1)
        grid.addWidget(self.clear, 2, 0)
        grid.addWidget(self.threshold, 2, 1)
        limits = QHBoxLayout()
        limits.setSpacing(4)
        limits.addWidget(self.low)
        limits.addWidget(QLabel("to"))
        limits.addWidget(self.high)
        grid.addWidget(self.range, 3, 0)
        grid.addLayout(limits, 3, 1)
        grid.setColumnStretch(1, 1)

    def _show_look(self) -> None:
        look = self._compare.look
        blockers = [QSignalBlocker(widget) for widget in (self.colourmap, self.opacity, self.clear, self.threshold)]
        blockers += [QSignalBlocker(widget) for widget in (self.range, self.low, self.high)]
        self.colourmap.setCurrentText(look.colourmap)
        self.opacity.setValue(round(look.opacity * 100))
        self.clear.setChecked(look.threshold is not None)
        self.threshold.setEnabled(look.threshold is not None)
        self.threshold.setValue(0.1 if look.threshold is None else look.threshold)
        self.range.setCurrentText(PERCENTILES if look.limits is None else VALUES)
        low, high = look.limits or look.percentiles
        self.low.setValue(low)
        self.high.setValue(high)
        for blocker in blockers:
            blocker.unblock()

    def _on_threshold(self, *_: Any) -> None:
        self.threshold.setEnabled(self.clear.isChecked())
        self._compare.set_look(threshold=self.threshold.value() if self.clear.isChecked() else None)

    def _on_range(self, kind: str) -> None:
        scale = None if self._compare.view is None else self._compare.view.scale
        start = (0.0, 3.0) if scale is None else (scale.low, scale.high)
        self._compare.set_look(limits=None if kind == PERCENTILES else start)
        self._show_look()

    def _on_limits(self, *_: Any) -> None:
        pair = (self.low.value(), self.high.value())
        if pair[0] >= pair[1]:
            # Half typed: the maps keep their limits until the two are in order.
            return
        if self.range.currentText() == VALUES:
            self._compare.set_look(limits=pair)
        else:
            self._compare.set_look(percentiles=tuple(float(np.clip(value, 0, 100)) for value in pair))


def _spin(low: float, high: float, step: float, tip: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(low, high)
    spin.setSingleStep(step)
    spin.setDecimals(2)
    spin.setToolTip(tip)
    spin.setKeyboardTracking(False)
    return spin


def _combo(tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setToolTip(tip)
    return combo


def _swatch(name: str) -> QIcon:
    colours = (colour_ramp(Shade(colourmap=name, clear_low=False))["colors"][:, :3] * 255).astype(np.uint8)
    row = np.ascontiguousarray(colours[None])
    image = QImage(row.data, row.shape[1], 1, 3 * row.shape[1], QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()).scaled(SWATCH))
