"""The predictions made of the open section: one over the whole tissue does not put away that at the spots."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy

from geneglass.data.cohort import SectionSource
from geneglass.viewer.desk import listen
from geneglass.viewer.session import Session

if TYPE_CHECKING:
    from anndata import AnnData

MOST_KEPT = 4
"""Of a section over its whole tissue: one may take a gigabyte."""
AT_SPOTS = "At the measured spots"
TIP = "Every prediction made of this section while the window was open: choose which one the maps show"


class PredictionChoice(QComboBox):
    """Lists the predictions of the open section by places and model; hidden while there are fewer than two.

    Parameters
    ----------
    session
        Whose predictions are listed.

    Attributes
    ----------
    is_new
        Whether the prediction that was shown last had not been shown before.
    """

    chosen = Signal(object)
    """The prediction that is wanted."""
    listed = Signal()
    """Others are there than before."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._kept: dict[SectionSource, dict[str, AnnData]] = {}
        self.is_new = False
        self.setToolTip(TIP)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._on_activated)
        listen(session.cohort_changed, self, self._on_cohort_changed)
        listen(session.prediction_changed, self, self._on_prediction_changed)
        self._on_prediction_changed()

    def _here(self) -> "dict[str, AnnData]":
        source = self._session.source
        return {} if source is None else self._kept.setdefault(source, {})

    def _on_cohort_changed(self) -> None:
        self._kept = {}
        self._show()

    def _on_prediction_changed(self) -> None:
        prediction, here = self._session.prediction, self._here()
        self.is_new = prediction is not None and all(prediction is not kept for kept in here.values())
        if prediction is not None and self.is_new:
            here[label(self._session.provenance)] = prediction
            for name in [name for name in here if not name.startswith(AT_SPOTS)][:-MOST_KEPT]:
                del here[name]
        self._show()

    def _show(self) -> None:
        here = self._here()
        self.clear()
        for name, prediction in here.items():
            self.addItem(name)
            if prediction is self._session.prediction:
                self.setCurrentIndex(self.count() - 1)
        self.setVisible(len(here) > 1)
        self.listed.emit()

    def _on_activated(self, index: int) -> None:
        prediction = list(self._here().values())[index]
        if prediction is not self._session.prediction:
            self.chosen.emit(prediction)


def label(stated: dict[str, Any]) -> str:
    """Return a prediction as the menu names it: where it was made, and with which model."""
    stride_um = float(stated.get("stride_um", 0))
    where = f"Whole tissue, every {stride_um:.0f} µm" if stride_um else AT_SPOTS
    model = str(stated.get("model", "")).removesuffix(".safetensors")
    return f"{where} · {model}" if model else where
