"""The head of the panel: open something, choose a section, and read what it is."""

from dataclasses import replace
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from geneglass.data.cohort import SectionSource
from geneglass.data.sample import sample_cohort
from geneglass.data.section import Section
from geneglass.viewer.desk import Desk, choose_file, data_folder, listen
from geneglass.viewer.look import quiet
from geneglass.viewer.prediction_choice import PredictionChoice
from geneglass.viewer.preferred import endings
from geneglass.viewer.session import Session

WARNINGS_SHOWN, HELP_PX = 2, 26
MEND = "Opens the section again with its spots mirrored, turned or scaled so that they lie on the tissue"
INVITATION = (
    "Drop a slide and its measured spots on the window, together or one after the other: a scanner's file, the "
    "outs folder of Space Ranger, h5ad, a cohort.toml. Domains drawn in QuPath (GeoJSON) go on top."
)


class SectionHead(QWidget):
    """Open, section chooser, facts; asks for the pixel size where nothing says it."""

    use_layers = Signal()
    asks_help = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.open = _button(
            "Open…",
            "A slide, a spot table, domains (GeoJSON), a cohort.toml, a session, a prediction; drop folders here",
        )
        self.open.clicked.connect(self._on_open)
        self.use = _button("Use open layers", "Take the slide and the spots that are already in the viewer")
        self.use.clicked.connect(self.use_layers)
        self.sample = _button("Open sample", "A small synthetic cohort of four sections, to try everything on")
        self.sample.clicked.connect(self.open_sample)
        self.wide = _button(
            "Wide view", "Hide napari's own panels to give the maps more room; press again to bring them back"
        )
        self.wide.setCheckable(True)
        self.wide.toggled.connect(lambda wide: self.wide.setText("Show panels" if wide else "Wide view"))
        self.help = _button("?", "What to do first, what the words mean, and every key (F1)")
        self.help.setFixedWidth(HELP_PX)
        self.help.clicked.connect(self.asks_help)
        self.chooser = QComboBox()
        self.chooser.setToolTip("Which section of the open cohort is shown; the tab Slides has them as pictures")
        self.chooser.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.chooser.activated.connect(self._on_chosen)
        self.predictions, self._predicted = PredictionChoice(desk.session), QLabel("Prediction")
        self.facts, self.doubts = quiet(), quiet()
        self.mpp = _MppRow()
        self.mpp.given.connect(self._on_mpp)
        self.mend = _button("Lay spots on the tissue", MEND)
        self.mend.clicked.connect(self._on_mend)
        self._chooser_row = self._lay_out()
        session = desk.session
        listen(session.cohort_changed, self, self._on_cohort_changed)
        for signal in (session.section_changed, session.prediction_changed, session.domains_changed):
            listen(signal, self, self._on_section_changed)
        self._on_cohort_changed()
        self._on_section_changed()

    def _lay_out(self) -> QWidget:
        buttons = QHBoxLayout()
        for button in (self.open, self.use, self.sample, self.wide):
            buttons.addWidget(button, 1)
        buttons.addWidget(self.help)
        row = QWidget()
        choosers = QGridLayout(row)
        choosers.setContentsMargins(0, 0, 0, 0)
        choosers.setVerticalSpacing(4)
        choosers.setColumnStretch(1, 1)
        for line, (name, menu) in enumerate(((QLabel("Section"), self.chooser), (self._predicted, self.predictions))):
            choosers.addWidget(name, line, 0)
            choosers.addWidget(menu, line, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(buttons)
        for part in (row, self.facts, self.mpp, self.doubts, self.mend):
            layout.addWidget(part)
        self.predictions.listed.connect(self._show_predictions)
        self._show_predictions()
        return row

    def _show_predictions(self) -> None:
        self._predicted.setVisible(self.predictions.count() > 1)

    def _on_open(self) -> None:
        kinds = f"What geneglass reads ({' '.join(f'*{end}' for end in endings())});;All files (*)"
        path = choose_file(self, "Open a slide, spots, domains, a cohort or a prediction", kinds)
        if path is not None:
            self._desk.open_path(path)

    def open_sample(self) -> None:
        """Open the sample that comes with geneglass."""
        with self._desk.reporting():
            self._desk.open_path(sample_cohort())

    def _on_chosen(self, index: int) -> None:
        source = self.chooser.itemData(index)
        if source != self._desk.session.source and not self._desk.open_source(source):
            self._select_current()

    def _on_mpp(self, mpp: float) -> None:
        source = self._desk.session.source
        if source is not None:
            self._open_instead(replace(source, mpp=mpp))

    def _on_mend(self) -> None:
        section = self._desk.session.section
        if section is not None and section.mended is not None:
            right = section.mended
            self._open_instead(replace(section.source, orientation=right.orientation, scale=right.scale))

    def _open_instead(self, source: SectionSource) -> None:
        """Open the current section with something about it changed."""
        session = self._desk.session
        if session.cohort is None:
            return
        others = tuple(source if item == session.source else item for item in session.cohort.sections)
        given = session.cohort.path
        # The user's own file is not touched: the cohort with the change in it is kept among ours.
        own = data_folder() / "cohorts" / f"{given.parent.name}_{given.stem}.toml"
        session.set_cohort(replace(session.cohort, path=own, sections=others))
        self._desk.open_source(source)

    def _on_cohort_changed(self) -> None:
        self.chooser.clear()
        cohort = self._desk.session.cohort
        for source in () if cohort is None else cohort.sections:
            self.chooser.addItem(section_label(source), source)
        self._select_current()
        self._chooser_row.setVisible(cohort is not None)
        self.sample.setVisible(cohort is None)
        self.wide.setVisible(cohort is not None)

    def _select_current(self) -> None:
        source = self._desk.session.source
        rows = [i for i in range(self.chooser.count()) if self.chooser.itemData(i) == source]
        self.chooser.setCurrentIndex(rows[0] if rows else -1)

    def _on_section_changed(self) -> None:
        self._select_current()
        session, section = self._desk.session, self._desk.session.section
        self.mpp.setVisible(section is not None and section.slide is not None and section.mpp is None)
        self.mend.setVisible(section is not None and section.mended is not None)
        if section is None:
            self.facts.setText(INVITATION if session.cohort is None else "")
            self.doubts.hide()
            return
        self.facts.setText(" · ".join(_facts(section, session)))
        self.facts.setToolTip(f"Pixel size: {section.mpp_source}")
        shown = [f"⚠ {line}" for line in section.warnings[:WARNINGS_SHOWN]]
        if len(section.warnings) > WARNINGS_SHOWN:
            shown.append(f"… and {len(section.warnings) - WARNINGS_SHOWN} more (hold the mouse here)")
        self.doubts.setText("\n".join(shown))
        self.doubts.setToolTip("\n".join(section.warnings))
        self.doubts.setVisible(bool(shown))
        if section.mended is not None:
            self.mend.setToolTip(f"{MEND}: {section.mended.on_tissue:.0%} of them then do")


class _MppRow(QWidget):
    """Asks for the pixel size of a slide that does not say it."""

    given = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.value = QDoubleSpinBox()
        self.value.setRange(0.01, 1000.0)
        self.value.setDecimals(4)
        self.value.setValue(0.5)
        self.value.setSuffix(" µm per pixel")
        self.value.setToolTip(
            "How many micrometres a pixel of the slide measures: about 0.25 for a 40x scan, 0.5 for 20x"
        )
        self.set = QPushButton("Set")
        self.set.setToolTip("Open the slide again with this pixel size; your own files are not changed")
        self.set.clicked.connect(lambda: self.given.emit(self.value.value()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Pixel size?"))
        layout.addWidget(self.value, 1)
        layout.addWidget(self.set)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def section_label(source: SectionSource) -> str:
    """Return a section as menus name it."""
    return source.name if source.patient is None else f"{source.name} · patient {source.patient}"


def _facts(section: Section, session: Session) -> list[str]:
    facts: list[str] = []
    if section.slide is None:
        facts.append("no slide")
    else:
        level: Any = section.slide.levels[0]
        facts.append(f"{level.width_px:,} × {level.height_px:,} px")
        if section.mpp is None:
            facts.append("pixel size unknown")
        else:
            width, height = level.width_px * section.mpp / 1000, level.height_px * section.mpp / 1000
            facts += [f"{width:.3g} × {height:.3g} mm", f"{section.mpp:.3g} µm/px ({_short(section.mpp_source)})"]
    places = session.measured_places
    if places is None:
        facts.append("no measured spots: it can be predicted")
    else:
        aside = int((~places.kept).sum())
        facts.append(f"{len(places.names):,} measured spots" + (f" ({aside:,} set aside: few counts)" if aside else ""))
    if section.on_tissue is not None:
        facts.append(f"{section.on_tissue:.0%} on tissue")
    if section.domains:
        facts.append(_domain_fact(section))
    return facts


def _domain_fact(section: Section) -> str:
    count = len(section.domains)
    fact = f"{count} domain" if count == 1 else f"{count} domains"
    if section.spots is None:
        return fact
    inside = int(section.spots.table.obs["domain"].notna().sum())
    return f"{fact} with {inside:,} spots"


def _short(mpp_source: str) -> str:
    """Return how the pixel size was found without the numbers, which the tooltip has."""
    return "file's tags" if mpp_source.startswith("tags") else mpp_source.partition(":")[0]
