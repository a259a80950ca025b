"""Spot formats: one file each, found at the first look-up."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geneglass.data.spots import Spots
from geneglass.registry import Registry


@dataclass(frozen=True)
class SpotFormat:
    """How one kind of spot table is recognised and opened.

    Attributes
    ----------
    suffixes
        Lower-case file endings, with the dot, that may be this format.
    open
        Opens counts (and the positions file, where the format has one) as `Spots`; raises `InputError`
        with the true reason where it can not.
    tried_on_real_file
        False is shown as "untested on a real file".
    """

    suffixes: tuple[str, ...]
    open: Callable[[Path, Path | None], Spots]
    tried_on_real_file: bool = True


SPOT_FORMATS: Registry[SpotFormat] = Registry("spot format", __name__)
