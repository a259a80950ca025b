"""Slide formats: one file each, found at the first look-up."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.registry import Registry


@dataclass(frozen=True)
class SlideFormat:
    """How one kind of slide file is recognised and opened.

    Attributes
    ----------
    suffixes
        Lower-case file endings, with the dot, that may be this format.
    open
        Opens a file as a `Slide`; raises `InputError` with the true reason where it can not.
    tried_on_real_file
        False is shown as "untested on a real file".
    """

    suffixes: tuple[str, ...]
    open: Callable[[Path], Slide]
    tried_on_real_file: bool = True


SLIDE_FORMATS: Registry[SlideFormat] = Registry("slide format", __name__)
