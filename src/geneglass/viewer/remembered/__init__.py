"""What parts of the window keep in a saved session: one file is one part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from geneglass.registry import Registry


@dataclass(frozen=True)
class Remembered:
    """A part of the window that a session file brings back.

    Attributes
    ----------
    save
        napari viewer -> something JSON can hold.
    restore
        napari viewer and what was saved; called when the files of the session are open. A value that makes no sense
        raises `InputError`, `TypeError`, `ValueError` or `KeyError`, and is then told and left out.
    """

    save: Callable[[Any], Any]
    restore: Callable[[Any, Any], None]


REMEMBERED: Registry[Remembered] = Registry("remembered part", __name__)
