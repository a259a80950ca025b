"""Spot formats: one file each, found at the first look-up."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from geneglass.data.spots import Spots
from geneglass.errors import InputError
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
    companions
        Patterns of file names that belong to a table of this format and are none themselves.
    tried_on_real_file
        False is shown as "untested on a real file".
    """

    suffixes: tuple[str, ...]
    open: Callable[[Path, Path | None], Spots]
    companions: tuple[str, ...] = ()
    tried_on_real_file: bool = True


SPOT_FORMATS: Registry[SpotFormat] = Registry("spot format", __name__)


def is_spots_file(path: Path) -> bool:
    """Return whether a file's name is that of a spot table, and not of a file that goes with one."""
    name = path.name.lower()
    formats = SPOT_FORMATS.values()
    goes_with = any(fnmatch(name, pattern) for item in formats for pattern in item.companions)
    return not goes_with and any(name.endswith(item.suffixes) for item in formats)


def open_spots(path: Path, positions: Path | None = None) -> Spots:
    """Open a spot table in the first format that its ending and content fit.

    Parameters
    ----------
    path
        The counts.
    positions
        The file with the spots' centres, where the format keeps them apart and they do not lie where the
        format looks.

    Raises
    ------
    InputError
        When a file does not exist, or no format can open it; the sentence gives the reason of each.
    """
    for file in (path, positions):
        if file is not None and not file.exists():
            raise InputError(f"No such file: {file}; check the path.")
    fitting = {name: item for name, item in SPOT_FORMATS.items() if path.name.lower().endswith(item.suffixes)}
    if not fitting or path.is_dir():
        endings = ", ".join(sorted({suffix for item in SPOT_FORMATS.values() for suffix in item.suffixes}))
        raise InputError(f"{path} is no spot table that geneglass knows; give a file that ends in {endings}.")
    causes: dict[str, str] = {}
    for name, item in fitting.items():
        try:
            return item.open(path, positions)
        except InputError as error:
            causes[name] = str(error)
    if len(causes) == 1:
        raise InputError(next(iter(causes.values())))
    raise InputError(f"{path} can not be opened: " + " ".join(f"As {name}: {why}" for name, why in causes.items()))
