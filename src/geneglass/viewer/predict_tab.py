"""Choose a model and predict the genes of the open section."""

from collections.abc import Sequence

import numpy as np
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo
from geneglass.viewer.choices import DeviceMenu
from geneglass.viewer.desk import Desk, choose_file, cohort_name, data_folder, file_stem, listen
from geneglass.viewer.doubt import percent
from geneglass.viewer.growing import Growing
from geneglass.viewer.look import Elided, Fold, add_row, form, heading, primary, quiet
from geneglass.viewer.model_list import ModelList
from geneglass.viewer.slide_check import Compared, SlideCheck
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.events import Event
from geneglass.workflow.predict import predict

PREDICT, PREDICT_ANYWAY, GO_ON = "Predict genes", "Predict genes anyway", "Go on predicting"
NOT_YET = f"Nothing is predicted yet. Read what is said of this slide, then press {PREDICT_ANYWAY} if you want to."


class PredictTab(QWidget):
    """The session's model, and where to predict; the panel puts the Predict button below.

    Parameters
    ----------
    desk
        What every part of the panel shares.
    growing
        Shows the parts of a running prediction.
    """

    def __init__(self, desk: Desk, growing: Growing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._growing = growing
        self.model = Elided("No model yet: train one, or load one.")
        self.facts = quiet()
        self.load = QPushButton("Load model…")
        self.load.setToolTip("Use a model that was trained before, here or by others (.safetensors)")
        self.on_spots = QRadioButton("At the measured spots")
        self.on_spots.setToolTip("Predicted and measured values can then be compared spot by spot")
        self.on_grid = QRadioButton("Over the whole tissue, every")
        self.on_grid.setToolTip("Places on a regular grid all over the tissue, also where nothing was measured")
        self.on_spots.setChecked(True)
        self.stride_um = QDoubleSpinBox()
        self.stride_um.setRange(5, 2000)
        self.stride_um.setDecimals(0)
        self.stride_um.setValue(100)
        self.stride_um.setSuffix(" µm")
        self.stride_um.setToolTip(
            "Step of the grid: half the step is four times the places, and takes four times as long"
        )
        self.device = DeviceMenu()
        self.check = SlideCheck(desk)
        self.predict = primary(PREDICT)
        self.predict.setToolTip(
            "Work out every gene of the model from the stained slide alone; what was measured is not used"
        )
        self._lay_out()
        self._listen()
        self._on_model_changed()
        self._on_section_changed()

    def _lay_out(self) -> None:
        grid = QHBoxLayout()
        grid.addWidget(self.on_grid)
        grid.addWidget(self.stride_um)
        grid.addStretch(1)
        compute = form()
        add_row(compute, "Compute on", self.device)
        layout = QVBoxLayout(self)
        layout.setSpacing(6)
        layout.addWidget(heading("Model"))
        layout.addWidget(self.model)
        layout.addWidget(self.facts)
        layout.addWidget(self.load)
        self.models = ModelList(self._desk)
        layout.addWidget(
            Fold("Models on this computer", self.models, "What models there are here, and what each was trained on")
        )
        layout.addWidget(heading("Where to predict"))
        layout.addWidget(self.on_spots)
        layout.addLayout(grid)
        layout.addLayout(compute)
        layout.addWidget(self.check)
        layout.addStretch(1)

    def _listen(self) -> None:
        session, runner = self._desk.session, self._desk.runner
        self.load.clicked.connect(self._on_load)
        self.predict.clicked.connect(self._on_predict)
        self.stride_um.setEnabled(False)
        self.on_grid.toggled.connect(self.stride_um.setEnabled)
        self.on_grid.toggled.connect(self._name_button)
        self.stride_um.valueChanged.connect(self._name_button)
        self.check.changed.connect(self._name_button)
        listen(session.model_changed, self, self._on_model_changed)
        listen(session.section_changed, self, self._on_section_changed)
        listen(session.prediction_changed, self, self._name_button)
        runner.started.connect(self._on_started)
        runner.progressed.connect(self._on_progressed)
        runner.finished.connect(self._on_busy_changed)

    def config(self) -> PredictConfig:
        """Return what Predict would run.

        Raises
        ------
        InputError
            When there is no model, or no section is open.
        """
        session = self._desk.session
        if session.model_path is None:
            raise InputError("There is no model yet: train one in the tab Train, or press Load model.")
        if session.source is None or session.cohort is None:
            raise InputError("There is no section to predict: open a slide first.")
        stem = f"{cohort_name(session.cohort)}_{session.source.name}_{session.model_path.stem}"
        if self.on_grid.isChecked():
            stem += f"_every-{self.stride_um.value():.0f}-um"
        return PredictConfig(
            model=session.model_path,
            section=f"{self._desk.cohort_file()}#{session.source.name}",
            out=data_folder() / "predictions" / f"{file_stem(stem)}.h5ad",
            stride_um=self.stride_um.value() if self.on_grid.isChecked() else None,
            device=self.device.value(),
            resume=self.on_grid.isChecked(),
        )

    def stopped(self) -> str:
        """Return what is left of a prediction that was just cancelled, in a sentence; empty where nothing is."""
        if self._growing.table is None:
            return ""
        covered = float(self._growing.table.uns["geneglass"]["covered"])
        return f"Stopped: {percent(covered)} of the tissue is predicted, and kept. Press {GO_ON} for the rest."

    def _on_load(self) -> None:
        path = choose_file(self, "Load a model", "Models (*.safetensors)")
        if path is not None:
            with self._desk.reporting():
                self._desk.session.set_model(path)

    def _on_predict(self) -> None:
        with self._desk.reporting():
            config = self.config()
            config.out.parent.mkdir(parents=True, exist_ok=True)
            name = self._desk.session.source.name if self._desk.session.source else ""
            title, job = f"Predicting {name}", predict(config, self._growing.in_view())
            if self.check.pending:
                self._desk.run(title, self.check.before(job), self.show_compared)
            else:
                self._desk.run(title, job, self._growing.show)

    def show_compared(self, compared: Compared) -> None:
        """Show what a prediction has come to before which the slide was compared: the maps, or what speaks against it.

        Raises
        ------
        InputError
            When the prediction is of another section than the open one.
        """
        self.check.take(compared.key, compared.concerns)
        if compared.result is None:
            self._desk.messages.warn(NOT_YET)
        else:
            self._growing.show(compared.result)

    def _on_started(self, _: str) -> None:
        self._growing.begin()
        self._on_busy_changed()

    def _on_progressed(self, events: Sequence[Event]) -> None:
        self._growing.take(events)

    def _on_model_changed(self) -> None:
        session = self._desk.session
        if session.model_info is None or session.model_path is None:
            self.facts.hide()
        else:
            self.model.setText(session.model_path.name)
            self.model.setToolTip(str(session.model_path))
            self.facts.setText(model_facts(session.model_info))
            self.facts.show()
        self._on_busy_changed()

    def _on_section_changed(self) -> None:
        section = self._desk.session.section
        has_spots = section is None or section.spots is not None
        if has_spots and not self.on_spots.isEnabled():
            # The grid was no choice of anybody's: there was nothing else.
            self.on_spots.setChecked(True)
        self.on_spots.setEnabled(has_spots)
        if not has_spots:
            self.on_grid.setChecked(True)
        self._on_busy_changed()

    def _on_busy_changed(self) -> None:
        session = self._desk.session
        ready = session.model_path is not None and session.section is not None
        self.predict.setEnabled(ready and self._desk.runner.running is None)
        self._name_button()

    def _name_button(self, *_: object) -> None:
        if self._is_partial():
            self.predict.setText(GO_ON)
        else:
            self.predict.setText(PREDICT_ANYWAY if self.check.concerns else PREDICT)

    def _is_partial(self) -> bool:
        """Return whether pressing the button would go on with a prediction that was stopped."""
        session, stated = self._desk.session, self._desk.session.provenance
        same_model = session.model_path is not None and stated.get("model") == session.model_path.name
        same_step = self.on_grid.isChecked() and float(stated.get("stride_um", 0)) == self.stride_um.value()
        return same_model and same_step and float(stated.get("covered", 1.0)) < 1


def model_facts(info: ModelInfo) -> str:
    """Return what a model file says of itself, in one line."""
    names = ", ".join(section.name for section in info.sections)
    text = f"{info.recipe} · {info.encoder.partition('@')[0]} · {len(info.genes):,} genes · trained on {names}"
    trust = np.asarray(info.trust.get("r", ()), float)
    if np.isfinite(trust).any():
        text += f" · held-out r: median {np.nanmedian(trust):.2f}, best {np.nanmax(trust):.2f}"
        text += " (leaking: sections of one patient)" if info.leaks else ""
    return text + (" · holds pictures of its reference spots: patient tissue" if info.thumbnail_um else "")
