"""What the colours stand for: threshold, limits, logarithm, a scale for the prediction alone, and the difference."""

from typing import Any

import numpy as np
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QWidget

from geneglass.viewer.channels import channels_in, together_in
from geneglass.viewer.colour_scale import LINEAR_UNIT, MOST_COUNTS, UNIT, ColourScale, Look, limits_words, number
from geneglass.viewer.compare import Compare
from geneglass.viewer.desk import listen
from geneglass.viewer.look import quiet

PERCENTILES, VALUES = "percentiles", "values"
AUTOMATIC, LIMIT = "difference: auto", "difference up to"
SPIN_PX = 48
ROUNDING = 0.005
"""Of a box's two decimals."""
SEVERAL = "Genes that are shown together have scales of their own, which the legend states: this holds for one gene."


class ScaleControls(QWidget):
    """A few rows of controls; they show the look of a comparison and change it.

    A box holds what is in force: what can not be taken is put back, and a sentence says why.
    """

    def __init__(self, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compare = compare
        self.clear = QCheckBox("Clear at or below")
        self.clear.setToolTip("Make low values transparent on both sides, so that the tissue shows")
        self.threshold = _spin(0.0, 0.05, "Up to which value the spots are transparent, in the unit below the maps")
        self.range = _combo((PERCENTILES, VALUES), "What the first and the last colour stand for, on both sides")
        self.low = _spin(-MOST_COUNTS, 0.1, "What the first colour of the bar stands for; everything lower has it too")
        self.high = _spin(-MOST_COUNTS, 0.1, "What the last colour of the bar stands for; everything higher has it too")
        self.log = QCheckBox("Logarithm")
        self.log.setToolTip(f"On: colours follow {UNIT}. Off: {LINEAR_UNIT}, where few high spots take most colours")
        self.own = QCheckBox("Own predicted scale")
        self.own.setToolTip(
            "A predicted map is smoother than a measured one. This stretches its colours, so that the same\n"
            "colour no longer means the same value; its title then says so"
        )
        self.difference = _combo(
            (AUTOMATIC, LIMIT),
            "Whether the colours of the difference fit each gene by themselves, or reach to a value you set",
        )
        self.limit = _spin(
            0.01, 0.1, "From which difference on the colours are strongest, whether predicted is higher or lower"
        )
        self.told = quiet()
        self._lay_out()
        self._show_look()
        self._listen()

    def _listen(self) -> None:
        compare = self._compare
        self.clear.toggled.connect(self._on_threshold)
        self.threshold.valueChanged.connect(self._on_threshold)
        self.range.currentTextChanged.connect(self._on_range)
        self.low.valueChanged.connect(lambda low: self._on_limits(_not_under(low, self.high.value())))
        self.high.valueChanged.connect(lambda high: self._on_limits(_not_above(high, self.low.value())))
        self.log.toggled.connect(compare.set_log)
        self.own.toggled.connect(lambda on: compare.set_look(own_scale=on))
        self.difference.currentTextChanged.connect(self._on_difference)
        self.limit.valueChanged.connect(self._on_difference)
        listen(compare.look_changed, self, self._show_look)
        listen(compare.drawn, self, self._show_look)
        channels = channels_in(compare.viewer)
        if channels is not None:
            listen(channels.changed, self, self._tell)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(8)
        grid.addWidget(self.clear, 0, 0)
        grid.addWidget(self.threshold, 0, 1)
        for end in (self.low, self.high):
            end.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        limits = QHBoxLayout()
        limits.setSpacing(4)
        limits.addWidget(self.low)
        limits.addWidget(QLabel("to"))
        limits.addWidget(self.high)
        grid.addWidget(self.range, 1, 0)
        grid.addLayout(limits, 1, 1)
        grid.addWidget(self.difference, 2, 0)
        grid.addWidget(self.limit, 2, 1)
        switches = QHBoxLayout()
        switches.setSpacing(14)
        switches.addWidget(self.log)
        switches.addWidget(self.own)
        switches.addStretch(1)
        grid.addLayout(switches, 3, 0, 1, 2)
        grid.addWidget(self.told, 4, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def _show_look(self) -> None:
        look = self._compare.look
        changed = (self.clear, self.threshold, self.range, self.low, self.high, self.log, self.own)
        blockers = [QSignalBlocker(widget) for widget in (*changed, self.difference, self.limit)]
        self.clear.setChecked(look.threshold is not None)
        self.threshold.setEnabled(look.threshold is not None)
        if look.threshold is not None:
            self.threshold.setValue(look.threshold)
        self.range.setCurrentText(PERCENTILES if look.limits is None else VALUES)
        for box, value in zip((self.low, self.high), look.limits or look.percentiles, strict=True):
            box.setRange(*((0.0, 100.0) if look.limits is None else (-MOST_COUNTS, MOST_COUNTS)))
            box.setValue(value)
        self.log.setChecked(look.log)
        self.own.setChecked(look.own_scale)
        self.difference.setCurrentText(AUTOMATIC if look.difference_limit is None else LIMIT)
        self.limit.setEnabled(look.difference_limit is not None)
        self.limit.setValue(look.difference_limit or self._difference_now())
        for blocker in blockers:
            blocker.unblock()
        self._tell()

    def _tell(self, refused: str = "") -> None:
        """Say why something was not taken, else what is in force where that is not what the boxes ask for."""
        view, several = self._compare.view, together_in(self._compare.viewer) is not None
        text = refused or (SEVERAL if several else in_force(self._compare.look, None if view is None else view.scale))
        self.told.setText(text)
        self.told.setVisible(bool(text))

    def _difference_now(self) -> float:
        view = self._compare.view
        return 1.0 if view is None or view.difference is None else view.difference.high

    def _on_threshold(self, *_: Any) -> None:
        self.threshold.setEnabled(self.clear.isChecked())
        self._compare.set_look(threshold=self.threshold.value() if self.clear.isChecked() else None)

    def _on_range(self, kind: str) -> None:
        scale = None if self._compare.view is None else self._compare.view.scale
        start = (0.0, 3.0) if scale is None else (scale.low, scale.high)
        self._compare.set_look(limits=None if kind == PERCENTILES else start)
        self._show_look()

    def _on_limits(self, disorder: str) -> None:
        pair = (self.low.value(), self.high.value())
        if pair[0] < pair[1]:
            which = "limits" if self.range.currentText() == VALUES else "percentiles"
            self._compare.set_look(**{which: pair})
            return
        self._show_look()
        self._tell(f"{disorder} first. Nothing was changed.")

    def _on_difference(self, *_: Any) -> None:
        by_hand = self.difference.currentText() == LIMIT
        self._compare.set_look(difference_limit=self.limit.value() if by_hand else None)


def in_force(look: Look, scale: ColourScale | None) -> str:
    """Return where the colours run, if not where they were asked to; empty where they do, or nothing is coloured."""
    if scale is None or scale.empty:
        return ""
    clear = scale.threshold
    if look.limits is not None and not np.allclose(look.limits, (scale.low, scale.high), atol=ROUNDING):
        why = "" if clear is None else f": values at or below {number(clear)} are clear"
        return f"The colours run from {limits_words(scale)}{why}."
    if look.limits is None and scale.low == clear:
        return f"The colours begin at {number(clear)}: values at or below it are clear."
    if look.threshold is not None and clear is None:
        return "Nothing is clear: lower values have the first colour."
    return ""


def _not_under(low: float, high: float) -> str:
    return f"{number(low)} is not under the last colour's {number(high)}: raise that one"


def _not_above(high: float, low: float) -> str:
    return f"{number(high)} is not above the first colour's {number(low)}: lower that one"


def _spin(low: float, step: float, tip: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(low, MOST_COUNTS)
    spin.setSingleStep(step)
    spin.setDecimals(2)
    spin.setToolTip(tip)
    spin.setKeyboardTracking(False)
    # The style of the window would have them wider than two fit beside each other in the narrowest panel.
    spin.setStyleSheet(f"min-width: {SPIN_PX}px;")
    return spin


def _combo(items: tuple[str, ...], tip: str) -> QComboBox:
    combo = QComboBox()
    combo.addItems(items)
    combo.setToolTip(tip)
    return combo
