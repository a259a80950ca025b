"""Which predicted places are marked as not to be relied on, by a slider, and the confidence as a map."""

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from geneglass.viewer.channels import channels_in, together_in
from geneglass.viewer.compare import Compare
from geneglass.viewer.desk import listen
from geneglass.viewer.doubt import calibrated_on, confidence_of, doubtful, limit_of, meaning, percent
from geneglass.viewer.look import quiet

NOT_STATED = "Predict a section: the prediction says how sure it is of every place."
MEANS = "Of 100 places with a confidence of 0.70, about 70 are predicted better than by the mean of the training spots"
TOGETHER = "The confidence is shown as soon as one gene is: press Back to one gene above."
LIKENESS = "How much a place looks like the training tissue; a high value does not say that the prediction is right"


class ConfidenceControls(QWidget):
    """A slider for the least confidence, and what is shown of it; they show the look of a comparison and change it."""

    def __init__(self, compare: Compare, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compare = compare
        self.limit = QSlider(Qt.Orientation.Horizontal)
        self.limit.setRange(0, 100)
        self.limit.setToolTip("Predicted places of less confidence become small crosses, in a picture of many a hatch")
        self.value = QLabel()
        self.usual = QPushButton("Reset")
        self.usual.setToolTip("Back to the limit of the model: below it, it abstains")
        self.as_map = QCheckBox("Show the confidence instead of the gene")
        self.as_map.setToolTip("Colour the predicted places by how sure the model is of them; one gene at a time")
        self.told = quiet()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(4)
        layout.addWidget(QLabel("Mark below"), 0, 0)
        layout.addWidget(self.limit, 0, 1)
        layout.addWidget(self.value, 0, 2)
        layout.addWidget(self.usual, 0, 3)
        layout.addWidget(self.as_map, 1, 0, 1, 4)
        layout.addWidget(self.told, 2, 0, 1, 4)
        layout.setColumnStretch(1, 1)
        self.value.setFixedWidth(self.value.fontMetrics().horizontalAdvance("0.00 "))
        self.limit.valueChanged.connect(lambda percent: compare.set_look(doubt_below=percent / 100))
        self.usual.clicked.connect(lambda: compare.set_look(doubt_below=None))
        self.as_map.toggled.connect(lambda shown: compare.set_look(show_confidence=shown))
        listen(compare.drawn, self, self.show_look)
        channels = channels_in(compare.viewer)
        if channels is not None:
            listen(channels.changed, self, self.show_look)
        self.show_look()

    def show_look(self) -> None:
        """Show what is chosen, and how many places it marks."""
        session, look = self._compare.session, self._compare.look
        confidence = confidence_of(session)
        blockers = [QSignalBlocker(widget) for widget in (self.limit, self.as_map)]
        limit = limit_of(session, look)
        self.limit.setValue(round(limit * 100))
        self.as_map.setChecked(look.show_confidence)
        for blocker in blockers:
            blocker.unblock()
        self.value.setText(f"{limit:.2f}")
        for widget in (self.limit, self.usual, self.as_map):
            widget.setEnabled(confidence is not None)
        if confidence is None:
            self.told.setText(NOT_STATED)
            return
        marked = doubtful(session, look)
        share = "no place" if marked is None else f"{percent(float(marked.mean()))} of the places"
        told = f"Marked: {share}. {meaning(session).capitalize()}."
        if look.show_confidence and together_in(self._compare.viewer) is not None:
            told = f"{TOGETHER} {told}"
        self.told.setText(told)
        self.told.setToolTip(MEANS if calibrated_on(session) else LIKENESS)
