"""Keyboard shortcuts: bound once, in the canvas and in the panel, and listed for the help."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod, ref

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QWidget

QT_NAMES = {"Control": "Ctrl", "PageDown": "PgDown", "PageUp": "PgUp"}
"""What Qt calls the keys that napari names otherwise."""


@dataclass(frozen=True)
class Shortcut:
    """A key and what it does.

    Attributes
    ----------
    keys
        As napari writes them: "Control-PageDown".
    words
        What it does, for a reader.
    group
        Where the help lists it.
    """

    keys: str
    words: str
    group: str

    @property
    def shown(self) -> str:
        """Return the keys as a keyboard has them: "Ctrl+PgDown"."""
        return "+".join(" ".join(QT_NAMES.get(word, word) for word in key.split(" ")) for key in self.keys.split("-"))


Held = WeakMethod[Callable[[], None]]
_BOUND: "WeakKeyDictionary[Any, dict[str, tuple[Shortcut, Held]]]" = WeakKeyDictionary()


def shortcuts_of(viewer: Any) -> list[Shortcut]:
    """Return the shortcuts that are bound in a viewer."""
    return [shortcut for shortcut, _ in _BOUND.get(getattr(viewer, "__wrapped__", viewer), {}).values()]


def bind(viewer: Any, widget: QWidget, shortcut: Shortcut, answer: Callable[[], None]) -> None:
    """Answer a key in the canvas, and in the panel (`answer_in`), as long as the widget lives.

    Parameters
    ----------
    viewer
        Whose canvas it is.
    widget
        What answers.
    shortcut
        The key.
    answer
        A method of the widget or of what lives with it; it is held weakly.
    """
    model = getattr(viewer, "__wrapped__", viewer)
    held = WeakMethod(answer)

    # A function, for napari asks for its name.
    def on_key(_viewer: Any) -> None:
        _answer(held)

    model.bind_key(shortcut.keys, on_key, overwrite=True)
    _BOUND.setdefault(model, {})[shortcut.keys] = (shortcut, held)
    widget.destroyed.connect(partial(_unbind, ref(model), shortcut.keys, held))


def answer_in(panel: QWidget, viewer: Any) -> None:
    """Answer all keys that are bound in a viewer while anything in a panel has the focus, whatever tab is shown."""
    for shortcut, held in _BOUND.get(getattr(viewer, "__wrapped__", viewer), {}).values():
        key = QShortcut(QKeySequence(shortcut.shown), panel)
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(partial(_answer, held))


def _answer(held: Held) -> None:
    answer = held()
    if answer is not None:
        answer()


def _unbind(model: ref[Any], keys: str, held: Held, *_: object) -> None:
    """Let a key go, unless somebody else has bound it since."""
    viewer = model()
    bound = {} if viewer is None else _BOUND.get(viewer, {})
    if viewer is not None and keys in bound and bound[keys][1] is held:
        viewer.bind_key(keys, None)
        del bound[keys]
