"""Why this value? The reference patches that voted for a place, and where a reference patch voted."""

from typing import Any
from weakref import ref

import numpy as np
import pandas as pd
from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from geneglass.data.cohort import read_cohort
from geneglass.viewer.blind import blind_of
from geneglass.viewer.desk import Desk, choose_file, listen
from geneglass.viewer.look import heading, quiet
from geneglass.viewer.pages import PAGES, Page
from geneglass.viewer.picking import picker_of
from geneglass.viewer.rings import percent, rings_of
from geneglass.viewer.selection import selection_of
from geneglass.viewer.vote_list import OWN_PX, VoteList, picture
from geneglass.viewer.why_reading import WhyReading
from geneglass.viewer.why_words import CLICK, HIDDEN, OPPOSITE, PREDICT, READING, place_words, reasons, votes_words
from geneglass.workflow.evidence import why_none
from geneglass.workflow.explain import Explanation, Question
from geneglass.workflow.reference_pictures import Picture

FIELDS_UM = (100, 200, 400)
STEP = 12
"""Votes shown at first, and more at each press."""
LABEL_SIDES = {"measured": "measured_places", "predicted": "predicted_places"}


class WhyPage(QWidget):
    """Asks about the place that is picked; clicking a picture rings where that reference votes."""

    def __init__(self, desk: Desk, viewer: Any) -> None:
        super().__init__()
        self._desk, self._viewer = desk, ref(getattr(viewer, "__wrapped__", viewer))
        self._selection, self._rings, self._blind = selection_of(viewer), rings_of(viewer), blind_of(viewer)
        picker_of(viewer)
        self._count, self._stale = STEP, True
        self.explanation: Explanation | None = None
        self.reading = WhyReading(desk.session, self._on_answer, self._on_error)
        self.own = QLabel()
        self.place = quiet(CLICK)
        self.field = QComboBox()
        for edge in FIELDS_UM:
            self.field.addItem(f"{edge} µm", float(edge))
        self.field.setCurrentIndex(1)
        self.field.setToolTip("How much tissue each picture shows, from edge to edge; the circle is the spot")
        self.said = quiet()
        self.votes = VoteList()
        self.more = QPushButton("Show more")
        self.more.setToolTip("Read the next reference patches, which voted with less weight")
        self.voted = quiet()
        self.missing = quiet()
        self.model = QPushButton("Choose model…")
        self.model.setToolTip("The model file that the prediction was made with (.safetensors)")
        self.cohort = QPushButton("Choose cohort…")
        self.cohort.setToolTip("The cohort.toml of the sections that the model was trained on")
        self._lay_out()
        self._listen()
        self.refresh()

    def _lay_out(self) -> None:
        self.own.setFixedSize(OWN_PX, OWN_PX)
        top, facts = QHBoxLayout(), QVBoxLayout()
        facts.addWidget(self.place)
        facts.addStretch(1)
        facts.addWidget(self.field)
        top.addWidget(self.own, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(facts, 1)
        ask = QHBoxLayout()
        ask.addWidget(self.cohort)
        ask.addWidget(self.model)
        ask.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(6)
        layout.addWidget(heading("Why this value?"))
        layout.addLayout(top)
        layout.addWidget(self.said)
        layout.addWidget(self.voted)
        layout.addWidget(self.votes, 1)
        layout.addWidget(self.more)
        layout.addWidget(self.missing)
        layout.addLayout(ask)
        # Takes what is left where there are no pictures.
        layout.addStretch(0)

    def _listen(self) -> None:
        session = self._desk.session
        self.field.currentIndexChanged.connect(self.refresh)
        self.votes.currentItemChanged.connect(self._on_reference)
        self.more.clicked.connect(self._on_more)
        self.model.clicked.connect(self._on_model)
        self.cohort.clicked.connect(self._on_cohort)
        listen(self._selection.place_changed, self, self._on_place_changed)
        for signal in (session.prediction_changed, session.cohort_changed, session.model_changed):
            listen(signal, self, self._on_other_prediction)
        for signal in (session.gene_changed, session.section_changed, self._blind.changed):
            listen(signal, self, self.refresh)
        self.destroyed.connect(self.reading.forget)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask what nobody looked at before."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def refresh(self, *_: object) -> None:
        """Ask about the picked place, now or when the page can be seen."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        question, reason = self._question()
        if question is None:
            self._show_nothing(reason)
            return
        if self.explanation is None or self.explanation.question.place != question.place:
            self._show_nothing(READING)
        self.reading.ask(question)

    def _question(self) -> tuple[Question | None, str]:
        """Return what to ask, or why nothing can be asked."""
        session, place = self._desk.session, self._selection.place
        if self._blind.active:
            return None, HIDDEN
        if session.prediction is None:
            return None, PREDICT
        reason = why_none(session.prediction)
        places = None if place is None else getattr(session, LABEL_SIDES[place[0]])
        if reason or place is None or places is None:
            return None, reason or CLICK
        name = str(places.names[place[1]])
        gene = session.gene
        return Question(name, gene, float(self.field.currentData()), self._count), ""

    def _show_nothing(self, reason: str) -> None:
        self.explanation = None
        self.votes.clear()
        self._rings.show_votes(np.empty(0, np.int64), np.empty(0, np.float32))
        self.place.setText(reason)
        for widget in (self.own, self.field, self.votes, self.more, self.cohort, self.model):
            widget.hide()
        for text in (self.said, self.voted, self.missing):
            text.setText("")

    def _on_answer(self, found: Explanation) -> None:
        self.explanation = found
        session, gene = self._desk.session, found.question.gene
        self.place.setText(place_words(session, found.question.place, self._value(gene, "measured"), self._value(gene)))
        size_um = self._place_um()
        own = Picture(found.own, found.question.field_um, spot_um=size_um)
        self.own.setPixmap(picture(own, OWN_PX).scaled(OWN_PX, OWN_PX, transformMode=_SMOOTH))
        self.said.setText(votes_words(found, self._value(gene), str(session.provenance.get("recipe", ""))))
        self.votes.show_votes(found)
        for widget in (self.own, self.field, self.votes):
            widget.show()
        self.more.setVisible(len(found.shown) < len(found.votes))
        without = [shown for shown in found.pictures.values() if shown.reason]
        self.missing.setText(reasons(without))
        self.cohort.setVisible(bool(without))
        self.model.hide()
        self._on_reference()

    def _on_error(self, error: Exception) -> None:
        self._show_nothing(str(error))
        self.model.setVisible("model file" in str(error))

    def _value(self, gene: str | None, side: str = "predicted") -> float:
        """Return what is measured or predicted of a gene at the picked place; NaN for nothing."""
        session, place = self._desk.session, self._selection.place
        if gene is None or place is None or (side != place[0] and not session.on_spots):
            return float("nan")
        values = session.predicted(gene) if side == "predicted" else session.measured(gene)
        return float("nan") if values is None else float(values[place[1]])

    def _place_um(self) -> float | None:
        section, stride_um = self._desk.session.section, float(self._desk.session.provenance.get("stride_um", 0))
        return stride_um or (None if section is None else section.spot_diameter_um)

    def _on_reference(self, *_: object) -> None:
        """Ring the places where the current reference votes."""
        explainer, places, row = self.reading.explainer(), self._desk.session.predicted_places, self.votes.reference()
        if explainer is None or places is None or row < 0:
            self._rings.show_votes(np.empty(0, np.int64), np.empty(0, np.float32))
            self.voted.setText("" if self.explanation is None else OPPOSITE)
            return
        names, weights = explainer.voted(row)
        rows = pd.Index(places.names).get_indexer(names)
        here = rows >= 0
        self._rings.show_votes(rows[here], weights[here])
        share = f"{percent(float(weights.min()))} to {percent(float(weights.max()))}" if len(weights) else ""
        self.voted.setText(
            f"This patch votes at {len(weights):,} places here, ringed on the slide: weight {share}, the paler the "
            "less. Zoom in to read the heaviest."
        )

    def _on_place_changed(self) -> None:
        self._count = STEP
        self.refresh()

    def _on_other_prediction(self) -> None:
        self.reading.forget()
        self.refresh()

    def _on_more(self) -> None:
        self._count += STEP
        self.refresh()

    def _on_model(self) -> None:
        path = choose_file(self, "The model that predicted this", "Models (*.safetensors)")
        if path is not None:
            self.reading.set_model(path)
            self.refresh()

    def _on_cohort(self) -> None:
        path = choose_file(self, "The cohort that the model was trained on", "Cohorts (*.toml)")
        if path is not None:
            with self._desk.reporting():
                self.reading.set_cohort(read_cohort(path))
            self.refresh()


_SMOOTH = Qt.TransformationMode.SmoothTransformation

PAGES.register("why")(
    Page("Why", "Which reference patches voted for a value, and where a patch voted", 20, WhyPage, scrolls=False)
)
