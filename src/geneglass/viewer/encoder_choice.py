"""The menu of what looks at the tissue: built in, a pathology network, or any network of timm."""

from pathlib import Path

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QPushButton

from geneglass.errors import InputError
from geneglass.model.pathology_networks import PATHOLOGY_NETWORKS
from geneglass.model.published import PublishedNetwork
from geneglass.viewer.desk import choose_file
from geneglass.viewer.look import Elided, add_row, beside, let_shrink, quiet

TEXTURE, PATHOLOGY, NETWORK, NETWORK_FILE = "texture", "pathology", "network", "file"
NETWORKS = ("densenet121", "resnet50", "mobilenetv3_small_100", "vit_small_patch16_224")
WEIGHTS = "Network weights (*.safetensors *.pth *.pt *.bin);;All files (*)"
PUBLISHED, NO_FILE = "as published", "no file yet"
TIP = Qt.ItemDataRole.ToolTipRole


class EncoderChoice(QObject):
    """The encoder: built in, a pathology network by its short name, or one of timm; rows of a form."""

    def __init__(self, layout: QFormLayout) -> None:
        super().__init__()
        self.kind = _menu("What looks at the stained tissue for the model; the built-in one needs no download")
        for title, kind, tip in (
            ("Colour and texture (built in)", TEXTURE, "Needs nothing; trains in minutes on a laptop"),
            ("Pathology network", PATHOLOGY, "Trained on many slides by others; their licences hold"),
            ("Pretrained network (timm)", NETWORK, "Trained on photographs"),
            ("Network (own weights)", NETWORK_FILE, "A network of timm with weights from a file"),
        ):
            _add(self.kind, title, kind, tip)
        self.pathology = _menu(
            "Networks that others trained on many slides; each needs its weights and has a licence of its own"
        )
        for name, entry in PATHOLOGY_NETWORKS.items():
            _add(self.pathology, f"{name} · {entry.title.partition(',')[0]}", name, network_tip(entry))
        self.terms = quiet()
        self.network = _menu("A network trained on photographs: choose one, or type any name of the timm library")
        self.network.setEditable(True)
        self.network.addItems(NETWORKS)
        self.download = QCheckBox("Download if missing")
        self.download.setToolTip(
            "Only then is anything fetched from the internet; the weights have a licence of their own"
        )
        self.file = QPushButton("Choose…")
        self.file.setToolTip("Take the weights from a file on this computer")
        self.file.clicked.connect(self._on_file)
        self.file_name = Elided(NO_FILE)
        self.file_row = beside(self.file_name, self.file)
        self._file: Path | None = None
        self._form = layout
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._show_rows)
        self.pathology.currentIndexChanged.connect(self._show_rows)
        self._show_rows()

    def _lay_out(self) -> None:
        add_row(self._form, "Looks with", self.kind)
        add_row(self._form, "Network", self.pathology)
        self._form.addRow(self.terms)
        add_row(self._form, "Network", self.network)
        add_row(self._form, "Weights", self.file_row)
        add_row(self._form, "", self.download)

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
        if kind == PATHOLOGY:
            return f"pathology:{self.pathology.currentData()}" + ("" if self._file is None else f"@{self._file}")
        if not network:
            raise InputError("The network has no name: choose one of the menu, or type one of the timm library.")
        if kind == NETWORK:
            return f"timm:{network}"
        if self._file is None:
            raise InputError("No weights file was chosen: press Choose weights, or take the built-in encoder.")
        return f"timm:{network}@{self._file}"

    def may_download(self) -> bool:
        """Return whether published weights may be fetched."""
        published = self.kind.currentData() == NETWORK or (self.kind.currentData() == PATHOLOGY and self._file is None)
        return published and self.download.isChecked()

    def set_file(self, path: Path | None) -> None:
        """Take a weights file, None for the published ones; a timm network of that name is chosen too."""
        self._file = path
        matches = [] if path is None else [name for name in NETWORKS if path.name.startswith(name)]
        if matches:
            self.network.setCurrentText(matches[0])
        self._show_rows()

    def _on_file(self) -> None:
        path = choose_file(self.file, "Weights of the network", WEIGHTS)
        if path is not None:
            self.set_file(path)

    def _show_rows(self) -> None:
        kind = self.kind.currentData()
        for row, kinds in (
            (self.pathology, (PATHOLOGY,)),
            (self.terms, (PATHOLOGY,)),
            (self.network, (NETWORK, NETWORK_FILE)),
            (self.file_row, (PATHOLOGY, NETWORK_FILE)),
        ):
            self._form.setRowVisible(row, kind in kinds)
        published = kind == NETWORK or (kind == PATHOLOGY and self._file is None)
        self._form.setRowVisible(self.download, published)
        without = PUBLISHED if kind == PATHOLOGY else NO_FILE
        self.file_name.setText(without if self._file is None else self._file.name)
        self.terms.setText(network_terms(PATHOLOGY_NETWORKS[self.pathology.currentData()]))


def network_terms(entry: PublishedNetwork) -> str:
    """Return licence, gate and size of a network in one line."""
    gate = "gated: its owner gives access on the hub" if entry.gated else "open to everybody"
    return f"{entry.licence} · {gate} · {entry.parameters_m:,.0f} M parameters"


def network_tip(entry: PublishedNetwork) -> str:
    """Return what is to be known before a network is chosen, in lines."""
    terms = entry.hub_weights("").terms
    return f"{entry.title}\n{terms[:1].upper()}{terms[1:]}\n{entry.dim:,} features of each patch"


def _menu(tip: str) -> QComboBox:
    menu = QComboBox()
    let_shrink(menu)
    menu.setToolTip(tip)
    return menu


def _add(menu: QComboBox, title: str, value: str, tip: str) -> None:
    menu.addItem(title, value)
    menu.setItemData(menu.count() - 1, tip, TIP)
