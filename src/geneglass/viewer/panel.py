"""The dock widget: open, train, predict, read genes. It holds no state; the session of its viewer does."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import napari
from napari.layers import Layer
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QPushButton, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from geneglass.data.gene_book import SIGN
from geneglass.viewer.arrange import NARROW_PX, pane_width_px
from geneglass.viewer.compare import compare_of
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.domain_mirrors import mirrors_of
from geneglass.viewer.drops import Drops
from geneglass.viewer.field import field_of
from geneglass.viewer.first_hint import FirstHint
from geneglass.viewer.gene_list import GeneList
from geneglass.viewer.growing import Growing
from geneglass.viewer.help import Help
from geneglass.viewer.job_view import JobView
from geneglass.viewer.keys import Shortcut, answer_in, bind, shortcuts_of
from geneglass.viewer.layers import layers_of
from geneglass.viewer.look import style_sheet
from geneglass.viewer.message_strip import MessageStrip
from geneglass.viewer.opened import Opened
from geneglass.viewer.pages import pages_in_order
from geneglass.viewer.predict_tab import PredictTab
from geneglass.viewer.preferred import offer_needed
from geneglass.viewer.reader_offer import ReaderOffer
from geneglass.viewer.reopening import restore_window
from geneglass.viewer.section_tab import SectionHead
from geneglass.viewer.session import session_of
from geneglass.viewer.taking import take_layers
from geneglass.viewer.train_tab import TrainTab
from geneglass.viewer.triton_apart import load_triton_apart
from geneglass.viewer.worker import JobRunner, runner_of
from geneglass.workflow.events import Event
from geneglass.workflow.session_file import SavedSession

SIZE_PX = QSize(390, 720)
NARROWEST_PX, LOWEST_PX = 352, 420
TRAIN, PREDICT, GENES = range(3)
"""The tabs."""
REFIT_MS = 150
"""After napari has laid out its panels."""
HELP = Shortcut("F1", "This help", "Everywhere")


class GeneglassPanel(QWidget):
    """geneglass in a napari viewer."""

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        load_triton_apart()
        self.setObjectName("geneglass")
        self.setMinimumWidth(NARROWEST_PX)
        self._viewer = napari_viewer
        session = session_of(napari_viewer)
        self.compare = compare_of(napari_viewer)
        self.field = field_of(napari_viewer)
        mirrors_of(napari_viewer)
        self.messages = MessageStrip()
        self.desk = Desk(session, runner_of(session), self.messages)
        self.drops = Drops(self.desk, self._show_alone, self)
        self.head = SectionHead(self.desk)
        self.train_tab = TrainTab(self.desk)
        self._growing = Growing(napari_viewer)
        self.predict_tab = PredictTab(self.desk, self._growing)
        self.genes = GeneList(session, self.compare, napari_viewer)
        self.job = JobView(self.desk.runner, napari_viewer.theme)
        self.tabs = QTabWidget()
        self.pages: dict[str, QWidget] = {}
        self._hidden: list[QDockWidget] = []
        self._made_room = False
        self._refit = QTimer(self)
        self._refit.setSingleShot(True)
        self._refit.setInterval(REFIT_MS)
        self._lay_out()
        self._listen()
        self._on_theme()

    def sizeHint(self) -> QSize:
        """Return the size that a new dock gets."""
        return SIZE_PX

    def minimumSizeHint(self) -> QSize:
        """Return the least size: messages wrap and tabs scroll, so that the window need never grow for them."""
        return QSize(NARROWEST_PX, LOWEST_PX)

    def hideEvent(self, event: QHideEvent) -> None:
        """Bring napari's own panels back when this one goes, which could do it."""
        if not event.spontaneous() and self.window().isVisible():
            self.head.wide.setChecked(False)
        super().hideEvent(event)

    def _lay_out(self) -> None:
        for page, name, tip in (
            (
                _page(self.train_tab, self.train_tab.train),
                "Train",
                "Teach a model on sections whose genes were measured",
            ),
            (
                _page(self.predict_tab, self.predict_tab.predict),
                "Predict",
                "Work out gene maps of the open section from its stained slide",
            ),
            (_scrolling(self.genes), "Genes", "Find genes, see how far each can be believed, and look at their maps"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(page, name), tip)
        for name, page in pages_in_order():
            self.pages[name] = widget = page.make(self.desk, self._viewer)
            shown = _scrolling(widget) if page.scrolls else widget
            self.tabs.setTabToolTip(self.tabs.addTab(shown, page.title), page.tooltip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.head)
        layout.addWidget(self.tabs, 1)
        self.first_hint = FirstHint(self.desk)
        layout.insertWidget(1, self.first_hint)
        self.offer = ReaderOffer()
        layout.addWidget(self.offer)
        layout.addWidget(self.messages)
        layout.addWidget(self.job)

    def _listen(self) -> None:
        session, runner = self.desk.session, self.desk.runner
        self.head.use_layers.connect(self._on_use_layers)
        self.head.wide.toggled.connect(self._on_wide)
        self.head.asks_help.connect(self._on_help)
        self.head.predictions.chosen.connect(self._on_prediction_chosen)
        self.first_hint.wants_sample.connect(self.head.open_sample)
        bind(self._viewer, self, HELP, self._on_help)
        answer_in(self, self._viewer)
        self._refit.timeout.connect(self._settle)
        listen(session.reopened, self, self._on_reopened)
        listen(session.section_changed, self, self._on_section_changed)
        listen(session.model_changed, self, self._on_model_changed)
        listen(session.prediction_changed, self, self._on_prediction_changed)
        listen(self.compare.panes_changed, self, self._make_room)
        listen(session.message, self, self._on_message)
        # A job needs the room.
        runner.started.connect(self.offer.hide)
        runner.finished.connect(self._offer_again)
        runner.failed.connect(self.messages.error)
        runner.cancelled.connect(self._on_cancelled)
        runner.progressed.connect(self._on_progressed)
        self._viewer.events.theme.connect(self._on_theme)
        self.destroyed.connect(partial(_close_down, runner, self._viewer.events.theme, self._on_theme))

    def _on_theme(self, *_: object) -> None:
        theme = self._viewer.theme
        self.setStyleSheet(style_sheet(theme))
        self.job.curve.set_theme(theme)

    def _on_use_layers(self) -> None:
        with self.desk.reporting():
            take_layers(self._viewer, self.desk)

    def _on_wide(self, wide: bool) -> None:
        if wide:
            docks = self.window().findChildren(QDockWidget)
            self._hidden = [dock for dock in docks if dock.isVisible() and not dock.isAncestorOf(self)]
        for dock in self._hidden:
            dock.setVisible(not wide)
        self._made_room = True
        self._refit.start()

    def _settle(self) -> None:
        """Bring into view what was planned, once all of it is laid out."""
        if self.compare.laying_out:
            self._refit.start()
        else:
            self.field.settle()

    def _make_room(self) -> None:
        """Take the wide view once where two maps would be small; whoever has chosen a view keeps it."""
        if self._made_room or self.desk.session.measured_places is None or pane_width_px(self._viewer) >= NARROW_PX:
            return
        self.head.wide.setChecked(True)
        self._viewer.status = "napari's own panels are hidden to give the maps room: press Show panels"

    def _on_section_changed(self) -> None:
        # napari's layer controls come and go with the layers, and change the canvas after it was fitted.
        self._refit.start()
        trained = self.desk.session.section is not None and self.desk.session.model_path is not None
        if trained and self.tabs.currentIndex() == TRAIN:
            self.tabs.setCurrentIndex(PREDICT)

    def _on_model_changed(self) -> None:
        self.tabs.setCurrentIndex(PREDICT)

    def _on_prediction_changed(self) -> None:
        session = self.desk.session
        if session.prediction is None:
            return
        self._refit.start()
        self._make_room()
        # Going back to what was predicted before leaves the reader on the tab that is read.
        if self.head.predictions.is_new:
            self.tabs.setCurrentIndex(GENES)
        if session.gene is None:
            session.set_gene(_best_gene(session.genes))

    def _on_prediction_chosen(self, prediction: Any) -> None:
        with self.desk.reporting():
            self._growing.show(prediction)

    def _show_alone(self, opened: Opened) -> None:
        """Show a prediction whose section is not open yet; the comparison takes it over when it is."""
        for made in layers_of(opened):
            self._viewer.add_layer(Layer.create(*made))

    def _on_reopened(self, saved: SavedSession) -> None:
        restore_window(self._viewer, self.desk.session, saved)
        if saved.gene is not None and saved.gene.startswith(SIGN):
            self.genes.extra.show(saved.gene)

    def _on_help(self) -> None:
        Help(shortcuts_of(self._viewer), self).show()

    def _on_message(self, sentence: str) -> None:
        self.messages.warn(sentence)

    def _offer_again(self) -> None:
        crowded = self.job.isVisible() or self.messages.isVisible()
        self.offer.setVisible(offer_needed() and not crowded)

    def _on_cancelled(self) -> None:
        self.messages.note(self.predict_tab.stopped() or "Cancelled. Nothing was changed.")

    def _on_progressed(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.message:
                self.messages.tell(event.message)


def _page(tab: QWidget, button: QPushButton) -> QWidget:
    """Return a tab that scrolls above its button."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(_scrolling(tab), 1)
    below = QHBoxLayout()
    below.setContentsMargins(9, 0, 9, 9)
    below.addWidget(button)
    layout.addLayout(below)
    return page


def _scrolling(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area


def _best_gene(genes: Sequence[Any]) -> str | None:
    """Return the predicted gene that can be believed most, by the model's own held-out r."""
    predicted = [gene for gene in genes if gene.predicted]
    best = max(predicted, key=lambda gene: (gene.measured, gene.trust_r or -1.0), default=None)
    return None if best is None else best.name


def _close_down(runner: JobRunner, theme: Any, slot: Any, *_: object) -> None:
    """Stop what runs for a panel that is no more."""
    runner.abandon()
    theme.disconnect(slot)
