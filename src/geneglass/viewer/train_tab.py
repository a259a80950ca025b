"""Train a model on the open cohort."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from geneglass.data.cohort import SectionSource
from geneglass.viewer.choices import DeviceMenu, RecipeMenu
from geneglass.viewer.desk import Desk, choose_target, cohort_name, data_folder, file_stem, listen, unused
from geneglass.viewer.encoder_choice import EncoderChoice
from geneglass.viewer.form import Form
from geneglass.viewer.look import Elided, Fold, add_row, form, heading, primary, quiet
from geneglass.viewer.resume_offer import ResumeOffer
from geneglass.viewer.section_tab import section_label
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.train import train

ROWS_SHOWN = 6
OF_THE_RECIPE = "Of the recipe: change these only with a reason, such as its paper."
MORE = "How many genes to learn, which spots to use, and the settings of the recipe; they are good as they stand"
LABELS = {
    "panel_size": "Genes to learn",
    "min_counts": "Fewest counts",
    "cross_fit": "Measure trust",
    "store_thumbnails": "Keep pictures",
    "seed": "Seed",
}


class TrainTab(QWidget):
    """Recipe, encoder, sections, settings; the panel puts the Train button below, where it never scrolls away."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.resume = ResumeOffer(desk)
        self.recipe = RecipeMenu()
        self.summary = quiet()
        self.device = DeviceMenu()
        self._form = form()
        self.encoder = self._fill_form()
        self.sections = QListWidget()
        self.sections.setToolTip(
            "Ticked sections are trained on. Take the tick from all of a patient to test the model on that patient"
        )
        self.settings = Form(_blank_config(), only=LABELS, labels=LABELS)
        self._inner = _column(self.settings, quiet(OF_THE_RECIPE))
        self.more = Fold("More settings", self._inner, MORE)
        self.recipe_settings: Form[Any] | None = None
        self.target = Elided()
        self.change = QPushButton("Change…")
        self.change.setToolTip("Choose another folder or name for the model file")
        self.train = primary("Train")
        self.train.setToolTip(
            "Learn from the ticked sections how tissue and genes belong together; Cancel stops it safely"
        )
        self._target: Path | None = None
        self._lay_out()
        self.recipe.currentIndexChanged.connect(self._on_recipe_changed)
        self.change.clicked.connect(self._on_change_target)
        self.train.clicked.connect(self._on_train)
        self.resume.chosen.connect(self._start)
        listen(desk.session.cohort_changed, self, self._on_cohort_changed)
        desk.runner.started.connect(self._on_busy_changed)
        desk.runner.finished.connect(self._on_busy_changed)
        self._on_recipe_changed()
        self._on_cohort_changed()

    def _fill_form(self) -> EncoderChoice:
        add_row(self._form, "Recipe", self.recipe)
        self._form.addRow(self.summary)
        encoder = EncoderChoice(self._form)
        add_row(self._form, "Compute on", self.device)
        return encoder

    def _lay_out(self) -> None:
        target = QHBoxLayout()
        target.addWidget(self.target, 1)
        target.addWidget(self.change)
        layout = QVBoxLayout(self)
        layout.setSpacing(6)
        layout.addWidget(self.resume)
        layout.addWidget(heading("Model"))
        layout.addLayout(self._form)
        layout.addWidget(heading("Sections to train on"))
        layout.addWidget(self.sections)
        layout.addWidget(self.more)
        layout.addWidget(heading("Save the model as"))
        layout.addLayout(target)
        layout.addStretch(1)

    def config(self) -> TrainConfig:
        """Return what Train would run.

        Raises
        ------
        InputError
            When something is missing, or a setting is not allowed.
        """
        if self.recipe_settings is not None:
            self.recipe_settings.config()
        given = self.settings.config()
        return TrainConfig(
            cohort=self._desk.cohort_file(),
            out=self._target or self._default_target(),
            recipe=str(self.recipe.currentData()),
            encoder=self.encoder.value(),
            hold_out=tuple(f"section:{name}" for name in self._held_out()),
            panel_size=given.panel_size,
            settings={} if self.recipe_settings is None else self.recipe_settings.changed(),
            min_counts=given.min_counts,
            cross_fit=given.cross_fit,
            store_thumbnails=given.store_thumbnails,
            device=self.device.value(),
            seed=given.seed,
            download=self.encoder.may_download(),
        )

    def set_target(self, path: Path) -> None:
        """Save the model there instead of in the user's data folder."""
        self._target = path.with_suffix(".safetensors")
        self._show_target()

    def _on_train(self) -> None:
        with self._desk.reporting():
            self._start(self.config())

    def _start(self, config: TrainConfig) -> None:
        config.out.parent.mkdir(parents=True, exist_ok=True)
        self._desk.run(f"Training {config.recipe}", train(config), self._on_trained)

    def _on_trained(self, path: Path) -> None:
        self._desk.session.set_model(path)
        self._target = None
        self._desk.messages.note(f"Trained and saved as {path.name}. Press Predict genes to use it.")

    def _on_change_target(self) -> None:
        start = self._target or self._default_target()
        path = choose_target(self, "Save the model as", start, "Models (*.safetensors)")
        if path is not None:
            self.set_target(path)

    def _on_recipe_changed(self) -> None:
        self.summary.setText(self.recipe.summary)
        if self.recipe_settings is not None:
            self.recipe_settings.deleteLater()
        self.recipe_settings = Form(self.recipe.default_config())
        self._inner.layout().addWidget(self.recipe_settings)
        self._show_target()

    def _on_cohort_changed(self) -> None:
        self.sections.clear()
        cohort = self._desk.session.cohort
        for source in () if cohort is None else cohort.sections:
            self.sections.addItem(_section_item(source))
        rows = min(max(self.sections.count(), 1), ROWS_SHOWN)
        self.sections.setFixedHeight(rows * max(self.sections.sizeHintForRow(0), 22) + 10)
        self._target = None
        self._show_target()
        self._on_busy_changed()

    def _on_busy_changed(self) -> None:
        self.train.setEnabled(self._desk.session.cohort is not None and self._desk.runner.running is None)

    def _held_out(self) -> list[str]:
        items = [self.sections.item(row) for row in range(self.sections.count())]
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() != Qt.CheckState.Checked]

    def _default_target(self) -> Path:
        cohort = self._desk.session.cohort
        folder = "cohort" if cohort is None else cohort_name(cohort)
        name = file_stem(f"{folder}_{self.recipe.currentData()}")
        return unused(data_folder() / "models" / f"{name}.safetensors")

    def _show_target(self) -> None:
        target = self._target or self._default_target()
        self.target.setText(target.name)
        self.target.setToolTip(str(target))


def _blank_config() -> TrainConfig:
    return TrainConfig(cohort=Path("cohort.toml"), out=Path("model.safetensors"))


def _column(*parts: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)
    return column


def _section_item(source: SectionSource) -> QListWidgetItem:
    item = QListWidgetItem(section_label(source))
    item.setData(Qt.ItemDataRole.UserRole, source.name)
    if source.spots is None:
        item.setText(f"{section_label(source)} · no measured spots")
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setCheckState(Qt.CheckState.Unchecked)
    else:
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked)
    return item
