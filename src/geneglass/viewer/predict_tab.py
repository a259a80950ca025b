"""Choose a model and predict the genes of the open section."""

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
from geneglass.viewer.look import Elided, Fold, add_row, form, heading, primary, quiet
from geneglass.viewer.model_list import ModelList
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.predict import predict


class PredictTab(QWidget):
    """The session's model, and where to predict; the panel puts the Predict button below."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.model = Elided("No model yet: train one, or load one.")
        self.facts = quiet()
        self.load = QPushButton("Load model…")
        self.load.setToolTip("A model file written by training (.safetensors)")
        self.on_spots = QRadioButton("At the measured spots")
        self.on_spots.setToolTip("Predicted and measured values can then be compared spot by spot")
        self.on_grid = QRadioButton("Over the whole tissue, every")
        self.on_grid.setToolTip("Also where nothing was measured")
        self.on_spots.setChecked(True)
        self.stride_um = QDoubleSpinBox()
        self.stride_um.setRange(5, 2000)
        self.stride_um.setDecimals(0)
        self.stride_um.setValue(100)
        self.stride_um.setSuffix(" µm")
        self.device = DeviceMenu()
        self.predict = primary("Predict genes")
        self._lay_out()
        self.load.clicked.connect(self._on_load)
        self.predict.clicked.connect(self._on_predict)
        self.on_grid.toggled.connect(self.stride_um.setEnabled)
        self.stride_um.setEnabled(False)
        session = desk.session
        listen(session.model_changed, self, self._on_model_changed)
        listen(session.section_changed, self, self._on_section_changed)
        desk.runner.started.connect(self._on_busy_changed)
        desk.runner.finished.connect(self._on_busy_changed)
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
        layout.addWidget(Fold("Models on this computer", self.models))
        layout.addWidget(heading("Where to predict"))
        layout.addWidget(self.on_spots)
        layout.addLayout(grid)
        layout.addLayout(compute)
        layout.addStretch(1)

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
        )

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
            self._desk.run(f"Predicting {name}", predict(config), self._desk.session.set_prediction)

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
        self.on_spots.setEnabled(has_spots)
        if not has_spots:
            self.on_grid.setChecked(True)
        self._on_busy_changed()

    def _on_busy_changed(self) -> None:
        session = self._desk.session
        ready = session.model_path is not None and session.section is not None
        self.predict.setEnabled(ready and self._desk.runner.running is None)


def model_facts(info: ModelInfo) -> str:
    """Return what a model file says of itself, in one line."""
    names = ", ".join(section.name for section in info.sections)
    text = f"{info.recipe} · {info.encoder.partition('@')[0]} · {len(info.genes):,} genes · trained on {names}"
    trust = np.asarray(info.trust.get("r", ()), float)
    if np.isfinite(trust).any():
        text += f" · held-out r: median {np.nanmedian(trust):.2f}, best {np.nanmax(trust):.2f}"
        text += " (leaking: sections of one patient)" if info.leaks else ""
    return text
