"""Menus of recipes and devices, with the words a person knows them by."""

import inspect

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from geneglass.model.recipes import RECIPES
from geneglass.viewer.look import let_shrink
from geneglass.workflow.config import DEFAULT_RECIPE
from geneglass.workflow.device import device_choices

TIP = Qt.ItemDataRole.ToolTipRole
IN_PLAIN_WORDS = {
    "geneglass": "Regression and look-up of similar spots, blended as left-out tissue says; a good first choice.",
    "ridge": "A linear model of what is seen. Trains in seconds.",
    "mclstexp": "Learns which tissue and which expression belong together, then looks up the most similar spots.",
}
"""Other recipes are shown with the first sentence of their own documentation."""


class RecipeMenu(QComboBox):
    """Every registered recipe, and its published form where that differs."""

    def __init__(self) -> None:
        super().__init__()
        let_shrink(self)
        self.setToolTip("The method by which a model learns; the first of the menu is a good choice for most studies")
        names = sorted(RECIPES, key=lambda name: (name != DEFAULT_RECIPE, RECIPES[name].control, name))
        for name in names:
            self._add(name, name, IN_PLAIN_WORDS.get(name) or _first_sentence(RECIPES[name]))
            if RECIPES[name].published() != RECIPES[name].Config():
                self._add(f"{name}, as published", f"{name}:faithful", "As its authors ran it, its defects included")

    def _add(self, label: str, value: str, tooltip: str) -> None:
        self.addItem(label, value)
        self.setItemData(self.count() - 1, tooltip, TIP)

    @property
    def summary(self) -> str:
        """Return what the chosen recipe is, in one sentence."""
        return str(self.currentData(TIP))

    def default_config(self) -> object:
        """Return the config that the chosen recipe starts from."""
        name, _, form = str(self.currentData()).partition(":")
        return RECIPES[name].published() if form else RECIPES[name].Config()


class DeviceMenu(QComboBox):
    """The devices of this machine, by name."""

    def __init__(self) -> None:
        super().__init__()
        let_shrink(self)
        self.setToolTip("Where to compute; a graphics card is many times faster for networks")
        for value, label in device_choices():
            self.addItem(label, value)
            self.setItemData(self.count() - 1, label, TIP)

    def value(self) -> str:
        """Return the device's name, as jobs take it."""
        return str(self.currentData())


def _first_sentence(recipe: type) -> str:
    return (inspect.getdoc(recipe) or "").partition("\n\n")[0].replace("\n", " ")
