"""Menus of recipes, encoders and devices, with the words a person knows them by."""

import inspect
from pathlib import Path

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from geneglass.errors import InputError
from geneglass.model.recipes import RECIPES
from geneglass.viewer.desk import choose_file
from geneglass.viewer.look import Elided, add_row
from geneglass.workflow.config import DEFAULT_RECIPE
from geneglass.workflow.device import device_choices

TEXTURE, NETWORK, NETWORK_FILE = "texture", "network", "file"
NETWORKS = ("densenet121", "resnet50", "mobilenetv3_small_100", "vit_small_patch16_224")
IN_PLAIN_WORDS = {
    "geneglass": "Regression and look-up of similar spots, blended as left-out tissue says; a good first choice.",
    "ridge": "A linear model of what is seen. Trains in seconds.",
    "mclstexp": "Learns which tissue and which expression belong together, then looks up the most similar spots.",
}
"""Other recipes are shown with the first sentence of their own documentation."""
WEIGHTS = "Network weights (*.safetensors *.pth *.pt *.bin);;All files (*)"


class RecipeMenu(QComboBox):
    """Every registered recipe, and its published form where that differs."""

    def __init__(self) -> None:
        super().__init__()
        _let_shrink(self)
        names = sorted(RECIPES, key=lambda name: (name != DEFAULT_RECIPE, RECIPES[name].control, name))
        for name in names:
            self._add(name, name, IN_PLAIN_WORDS.get(name) or _first_sentence(RECIPES[name]))
            if RECIPES[name].published() != RECIPES[name].Config():
                self._add(f"{name}, as published", f"{name}:faithful", "As its authors ran it, its defects included")

    def _add(self, label: str, value: str, tooltip: str) -> None:
        self.addItem(label, value)
        self.setItemData(self.count() - 1, tooltip, 3)

    @property
    def summary(self) -> str:
        """Return what the chosen recipe is, in one sentence."""
        return str(self.currentData(3))

    def default_config(self) -> object:
        """Return the config that the chosen recipe starts from."""
        name, _, form = str(self.currentData()).partition(":")
        return RECIPES[name].published() if form else RECIPES[name].Config()


class EncoderChoice(QObject):
    """The encoder: built in, a pretrained network by name, or one with weights from a file; rows of a form."""

    def __init__(self, layout: QFormLayout) -> None:
        super().__init__()
        self.kind = QComboBox()
        _let_shrink(self.kind)
        self.kind.addItem("Colour and texture (built in)", TEXTURE)
        self.kind.addItem("Pretrained network (timm)", NETWORK)
        self.kind.addItem("Network (own weights)", NETWORK_FILE)
        self.kind.setToolTip("What turns a patch of the slide into numbers; the built-in one needs no weights")
        self.network = QComboBox()
        self.network.setEditable(True)
        self.network.addItems(NETWORKS)
        self.network.setToolTip("Any network name of the timm library")
        _let_shrink(self.network)
        self.download = QCheckBox("Download if missing")
        self.download.setToolTip(
            "Only then is anything fetched from the internet; the weights have a licence of their own"
        )
        self.file = QPushButton("Choose…")
        self.file.clicked.connect(self._on_file)
        self.file_name = Elided("no file yet")
        self.file_row = _beside(self.file_name, self.file)
        self._file: Path | None = None
        self._form = layout
        add_row(layout, "Looks with", self.kind)
        add_row(layout, "Network", self.network)
        add_row(layout, "", self.download)
        add_row(layout, "Weights", self.file_row)
        self.kind.currentIndexChanged.connect(self._show_rows)
        self._show_rows()

    def value(self) -> str:
        """Return the encoder's name, as jobs take it.

        Raises
        ------
        InputError
            When a file is wanted and none was chosen.
        """
        kind, network = self.kind.currentData(), self.network.currentText().strip()
        if kind == TEXTURE:
            return TEXTURE
        if not network:
            raise InputError("The network has no name: choose one of the menu, or type one of the timm library.")
        if kind == NETWORK:
            return f"timm:{network}"
        if self._file is None:
            raise InputError("No weights file was chosen: press Choose weights, or take the built-in encoder.")
        return f"timm:{network}@{self._file}"

    def may_download(self) -> bool:
        """Return whether published weights may be fetched."""
        return self.kind.currentData() == NETWORK and self.download.isChecked()

    def set_file(self, path: Path) -> None:
        """Take a weights file; a network of that name is chosen too."""
        self._file = path
        self.file_name.setText(path.name)
        matches = [name for name in NETWORKS if path.name.startswith(name)]
        if matches:
            self.network.setCurrentText(matches[0])

    def _on_file(self) -> None:
        path = choose_file(self.file, "Weights of the network", WEIGHTS)
        if path is not None:
            self.set_file(path)

    def _show_rows(self) -> None:
        kind = self.kind.currentData()
        self._form.setRowVisible(self.network, kind != TEXTURE)
        self._form.setRowVisible(self.download, kind == NETWORK)
        self._form.setRowVisible(self.file_row, kind == NETWORK_FILE)


class DeviceMenu(QComboBox):
    """The devices of this machine, by name."""

    def __init__(self) -> None:
        super().__init__()
        _let_shrink(self)
        self.setToolTip("Where to compute; a graphics card is many times faster for networks")
        for value, label in device_choices():
            self.addItem(label, value)

    def value(self) -> str:
        """Return the device's name, as jobs take it."""
        return str(self.currentData())


def _let_shrink(menu: QComboBox) -> None:
    """Let a menu be narrower than its longest entry, which may be a device's full name."""
    menu.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    menu.setMinimumWidth(120)


def _beside(wide: QWidget, narrow: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(wide, 1)
    layout.addWidget(narrow)
    return row


def _first_sentence(recipe: type) -> str:
    return (inspect.getdoc(recipe) or "").partition("\n\n")[0].replace("\n", " ")
