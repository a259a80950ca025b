"""A frozen config dataclass as a form, and back: names, limits and tooltips are written once, in the dataclass."""

import math
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from magicgui.widgets import create_widget
from magicgui.widgets.bases import ValueWidget
from qtpy.QtWidgets import QSizePolicy, QWidget

from geneglass.viewer.look import add_row, form

Config = TypeVar("Config")

LARGEST = 1_000_000
_OPTIONS = ("min", "max", "step", "tooltip", "label")
_UNITS = {"um": "µm", "px": "px"}


class Form(QWidget, Generic[Config]):
    """A form over the simple fields of a frozen dataclass.

    Parameters
    ----------
    default
        An instance: what the form shows first; fields without an editor keep its values.
    only
        Names of the fields to show; all that have an editor by default.
    labels
        Words to show instead of a field's name.
    """

    def __init__(
        self, default: Config, only: Collection[str] | None = None, labels: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._default = default
        self._editors: dict[str, ValueWidget[Any]] = {}
        layout = form()
        self.setLayout(layout)
        hints = typing.get_type_hints(type(default), include_extras=True)
        for field in fields(default):  # type: ignore[arg-type]
            if only is not None and field.name not in only:
                continue
            editor = _editor(field.name, hints[field.name], getattr(default, field.name))
            if editor is not None:
                self._editors[field.name] = editor
                label = (labels or {}).get(field.name) or _label(field.name, hints[field.name])
                add_row(layout, label, _tidy(editor))

    def __len__(self) -> int:
        return len(self._editors)

    def editor(self, name: str) -> ValueWidget[Any]:
        """Return the editor of one field."""
        return self._editors[name]

    def config(self) -> Config:
        """Return the dataclass as the form now stands.

        Raises
        ------
        InputError
            From the dataclass's own checks.
        """
        return replace(self._default, **{name: editor.value for name, editor in self._editors.items()})

    def changed(self) -> dict[str, Any]:
        """Return the fields that differ from the default instance."""
        values = {name: editor.value for name, editor in self._editors.items()}
        return {name: value for name, value in values.items() if value != getattr(self._default, name)}


def _editor(name: str, hint: Any, value: Any) -> ValueWidget[Any] | None:
    """Return a magicgui widget for a simple field, or None for what a form can not edit."""
    plain, options = _plain(hint), _options(hint)
    if get_origin(plain) is Literal:
        options = {"choices": list(get_args(plain))} | options
        options.pop("min", None)
        return create_widget(value, annotation=str, name=name, widget_type="ComboBox", options=options)
    if plain not in (int, float, bool, str) or value is None:
        return None
    if plain in (int, float):
        options = {"min": 0 if value >= 0 else -LARGEST, "max": LARGEST} | options
        options.setdefault("step", _step(plain, value))
    if plain is bool:
        options = {"text": " "} | options
    return create_widget(value, annotation=plain, name=name, options=options)


def _plain(hint: Any) -> Any:
    """Return the type of a field, without what is annotated and without `| None`."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        return _plain(rest[0]) if len(rest) == 1 else hint
    return hint


def _options(hint: Any) -> dict[str, Any]:
    if get_origin(hint) is not Annotated:
        return {}
    found: dict[str, Any] = {}
    for extra in get_args(hint)[1:]:
        if isinstance(extra, dict):
            found |= {key: value for key, value in extra.items() if key in _OPTIONS and key != "label"}
    return found


def _label(name: str, hint: Any) -> str:
    given = [extra["label"] for extra in get_args(hint)[1:] if isinstance(extra, dict) and "label" in extra]
    if given:
        return str(given[0])
    *words, last = name.split("_")
    text = " ".join([*words, f"({_UNITS[last]})"] if words and last in _UNITS else [*words, last])
    return text[:1].upper() + text[1:]


def _step(kind: type, value: float) -> float:
    """Return a step of the value's own size, so that 0.0001 is neither rounded away nor tedious to change."""
    if kind is int:
        return 1
    return 0.1 if value == 0 else float(10.0 ** math.floor(math.log10(abs(value)) - 1))


def _tidy(editor: ValueWidget[Any]) -> QWidget:
    widget: QWidget = editor.native
    widget.setMinimumWidth(60)
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return widget
