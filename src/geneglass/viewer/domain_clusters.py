"""Clusters of profiles, proposed as domains beside the drawn ones."""

from collections.abc import Generator
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from geneglass.viewer.annotating import Annotating
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.domain_tools import swatch
from geneglass.viewer.look import add_row, form, quiet
from geneglass.viewer.proposed import ProposedView
from geneglass.viewer.session_profiles import profiles_of, sides_with_profiles
from geneglass.workflow.events import Event
from geneglass.workflow.profile_clusters import KMEANS, LEIDEN, ClusterConfig, Proposal, propose
from geneglass.workflow.profiles import Profiles

LIST_HEIGHT_PX = 120
NAMES = {"ari": "ARI", "nmi": "NMI"}


class DomainClusters(QWidget):
    """Asks what to cluster and how, shows what comes of it, and takes the ticked ones as domains."""

    def __init__(self, desk: Desk, annotating: Annotating, proposed: ProposedView) -> None:
        super().__init__()
        self._desk, self._annotating, self._proposed = desk, annotating, proposed
        self._found: Proposal | None = None
        self.side, self.method = QComboBox(), QComboBox()
        self.side.setToolTip("Whose values: what the model predicts, or what was measured")
        self.method.addItems([LEIDEN, KMEANS])
        self.method.setToolTip("Leiden finds how many clusters there are; k-means makes as many as you say")
        self.resolution, self.n_clusters = _resolution(), _n_clusters()
        self.propose = QPushButton("Propose")
        self.propose.setToolTip(
            "Group places of like expression and show them as outlines; nothing is drawn before you keep it"
        )
        self.told = quiet()
        self.list = QListWidget()
        self.list.setFixedHeight(LIST_HEIGHT_PX)
        self.list.setToolTip("Clusters in their colours on the slide; take the tick from those you do not want")
        self.take, self.dismiss = QPushButton("Keep ticked"), QPushButton("Dismiss")
        self.dismiss.setToolTip("Take the proposal off the slide; what you drew stays")
        self.take.setToolTip(
            "Make domains of the ticked clusters, to be renamed in the list above; Undo takes them back"
        )
        self._lay_out()
        self.method.currentTextChanged.connect(self._show_method)
        self.propose.clicked.connect(self._on_propose)
        self.take.clicked.connect(self._on_take)
        self.dismiss.clicked.connect(self._on_dismiss)
        listen(desk.session.section_changed, self, self._on_dismiss)
        for signal in (desk.session.section_changed, desk.session.prediction_changed):
            listen(signal, self, self._show_sides)
        self._show_sides()
        self._on_dismiss()

    def _lay_out(self) -> None:
        rows = form()
        add_row(rows, "Values", self.side)
        add_row(rows, "Method", self.method)
        self._resolution_row = add_row(rows, "Resolution", self.resolution)
        self._n_row = add_row(rows, "Clusters", self.n_clusters)
        buttons = QHBoxLayout()
        buttons.addWidget(self.take)
        buttons.addWidget(self.dismiss)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        for part in (self.propose, self.told, self.list):
            layout.addWidget(part)
        layout.addLayout(buttons)
        self._show_method()

    def config(self) -> ClusterConfig:
        """Return how to cluster."""
        return ClusterConfig(self.method.currentText(), self.resolution.value(), self.n_clusters.value())

    def _show_method(self, *_: object) -> None:
        leiden = self.method.currentText() == LEIDEN
        for part in (self._resolution_row, self.resolution):
            part.setVisible(leiden)
        for part in (self._n_row, self.n_clusters):
            part.setVisible(not leiden)

    def _show_sides(self) -> None:
        before = self.side.currentText()
        self.side.clear()
        self.side.addItems(sides_with_profiles(self._desk.session))
        self.side.setCurrentIndex(max(self.side.findText(before), 0))
        self.propose.setEnabled(self.side.count() > 0)

    def _on_propose(self) -> None:
        session = self._desk.session
        profiles = profiles_of(session, self.side.currentText())
        job = _proposed(profiles, session.domains, self.config())
        source = session.source
        self._desk.run("Proposing domains", job, lambda found: self._show(found) if session.source == source else None)

    def _show(self, found: Proposal) -> None:
        self._found = found
        self._proposed.show(found.domains, "proposed domains")
        self.list.clear()
        for domain, size in zip(found.domains, found.sizes, strict=True):
            item = QListWidgetItem(swatch(domain.colour_rgb), f"{domain.name}: {size:,} places")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self.list.addItem(item)
        self.told.setText(_words(found))
        self._show_found(True)

    def _show_found(self, there: bool) -> None:
        for part in (self.told, self.list, self.take, self.dismiss):
            part.setVisible(there)

    def _on_take(self) -> None:
        if self._found is None:
            return
        ticked = [self.list.item(row).checkState() == Qt.CheckState.Checked for row in range(self.list.count())]
        taken = tuple(domain for domain, is_ticked in zip(self._found.domains, ticked, strict=True) if is_ticked)
        with self._desk.reporting():
            self._annotating.do((*self._desk.session.domains, *taken), f"Take {len(taken)} clusters")
        self._on_dismiss()

    def _on_dismiss(self) -> None:
        self._found = None
        self._proposed.clear()
        self.list.clear()
        self._show_found(False)


def _resolution() -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(0.05, 5)
    spin.setSingleStep(0.1)
    spin.setValue(ClusterConfig().resolution)
    spin.setToolTip("More gives more and smaller clusters")
    return spin


def _n_clusters() -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(2, 30)
    spin.setValue(ClusterConfig().n_clusters)
    spin.setToolTip("Into how many groups all places are divided")
    return spin


def _proposed(profiles: Profiles, drawn: tuple[Any, ...], config: ClusterConfig) -> Generator[Event, None, Proposal]:
    yield Event("Reading the profiles", 0, 0)
    return (yield from propose(profiles.values(), profiles.centres_yx, drawn, config))


def _words(found: Proposal) -> str:
    if not found.agreement:
        return "Draw at least two domains of different names to compare the clusters with them (ARI, NMI)."
    scores = ", ".join(f"{NAMES.get(name, name)} {value:.2f}" for name, value in found.agreement.items())
    return f"Against the drawn domains: {scores} over {found.n_compared:,} places (1 is the same; ARI 0 is chance)."
