"""The look of both maps: colour map, limits, threshold, opacity."""

from dataclasses import asdict, fields
from typing import Any

from geneglass.viewer.colour_scale import Look
from geneglass.viewer.compare import compare_of
from geneglass.viewer.remembered import REMEMBERED, Remembered


def save(viewer: Any) -> dict[str, Any]:
    """Return the fields of the look."""
    return asdict(compare_of(viewer).look)


def restore(viewer: Any, saved: Any) -> None:
    """Take the fields that this version knows."""
    usual = {field.name: getattr(Look(), field.name) for field in fields(Look)}
    changes = {name: _checked(name, value, usual[name]) for name, value in saved.items() if name in usual}
    compare_of(viewer).set_look(**changes)


def _checked(name: str, value: Any, usual: Any) -> Any:
    """Return a saved value, pairs as tuples, if it is of the kind that the field usually has."""
    if isinstance(usual, bool | str):
        fits = type(value) is type(usual)
    elif isinstance(value, list):
        value, fits = tuple(value), len(value) == 2 and all(map(_is_number, value))
    else:
        fits = value is None or _is_number(value)
    if not fits:
        raise TypeError(f"{name} is {value!r}")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


REMEMBERED.register("colours")(Remembered(save, restore))
