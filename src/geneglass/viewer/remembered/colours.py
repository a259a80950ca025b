"""The look of both maps: colour map, limits, threshold, opacity."""

from dataclasses import asdict, fields
from typing import Any

from geneglass.viewer.compare import compare_of
from geneglass.viewer.remembered import REMEMBERED, Remembered


def save(viewer: Any) -> dict[str, Any]:
    """Return the fields of the look."""
    return asdict(compare_of(viewer).look)


def restore(viewer: Any, saved: Any) -> None:
    """Take the fields that this version knows."""
    compare = compare_of(viewer)
    known = {field.name for field in fields(compare.look)}
    changes = {
        name: tuple(value) if isinstance(value, list) else value for name, value in saved.items() if name in known
    }
    compare.set_look(**changes)


REMEMBERED.register("colours")(Remembered(save, restore))
