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
        Lower-case file endings, with the dot, that may be this format; none where only folders are.
    open
        Opens counts (and the positions file, where the format has one) as `Spots`; raises `InputError`
        with the true reason where it can not.
    companions
        Patterns of file names that belong to a table of this format and are none themselves.
    is_folder
        Whether a folder is a table of this format, judged by what lies in it; most formats are files.
    is_file
        Whether a file is part of a table of this format, judged by its whole name and what lies beside it;
        formats that only share its ending are then not asked.
    tried_on_real_file
        False is shown as "untested on a real file".
    """

    suffixes: tuple[str, ...]
    open: Callable[[Path, Path | None], Spots]
    companions: tuple[str, ...] = ()
    is_folder: Callable[[Path], bool] = lambda _: False
    is_file: Callable[[Path], bool] = lambda _: False
    tried_on_real_file: bool = True


SPOT_FORMATS: Registry[SpotFormat] = Registry("spot format", __name__)


def is_spots(path: Path) -> bool:
    """Return whether a folder, or a file by its name, is a spot table, and not what goes with one."""
    name = path.name.lower()
    formats = SPOT_FORMATS.values()
    if path.is_dir():
        return any(item.is_folder(path) for item in formats)
    if any(item.is_file(path) for item in formats):
        return True
    goes_with = any(fnmatch(name, pattern) for item in formats for pattern in item.companions)
    return not goes_with and any(name.endswith(item.suffixes) for item in formats)


def ends_as_spots(path: Path) -> bool:
    """Return whether a file that a person names as input is meant as a spot table, by its ending alone."""
    return path.name.lower().endswith(tuple(suffix for item in SPOT_FORMATS.values() for suffix in item.suffixes))


def open_spots(path: Path, positions: Path | None = None) -> Spots:
    """Open a spot table in the first format that its ending and content fit.

    Parameters
    ----------
    path
        The counts: a file, or a folder such as the `outs` of Space Ranger.
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
    fitting = _fitting(path)
    if not fitting:
        endings = ", ".join(sorted({suffix for item in SPOT_FORMATS.values() for suffix in item.suffixes}))
        raise InputError(
            f"{path} is no spot table that geneglass knows; give a file that ends in {endings}, or the folder that "
            "Space Ranger wrote."
        )
    causes: dict[str, str] = {}
    for name, item in fitting.items():
        try:
            return item.open(path, positions)
        except InputError as error:
            causes[name] = str(error)
    if _goes_with(path):
        raise InputError(f"{path} goes with a table of counts and is none itself; give the counts, which find it.")
    if len(causes) == 1:
        raise InputError(next(iter(causes.values())))
    raise InputError(f"{path} can not be opened: " + " ".join(f"As {name}: {why}" for name, why in causes.items()))


def _goes_with(path: Path) -> bool:
    """Return whether a file's name, and not its ending alone, says that it belongs to a spot table."""
    patterns = {pattern for item in SPOT_FORMATS.values() for pattern in item.companions}
    endings = {f"*{suffix}" for item in SPOT_FORMATS.values() for suffix in item.suffixes}
    return any(fnmatch(path.name.lower(), pattern) for pattern in patterns - endings)


def _fitting(path: Path) -> dict[str, SpotFormat]:
    if path.is_dir():
        return {name: item for name, item in SPOT_FORMATS.items() if item.is_folder(path)}
    known = {name: item for name, item in SPOT_FORMATS.items() if item.is_file(path)}
    return known or {name: item for name, item in SPOT_FORMATS.items() if path.name.lower().endswith(item.suffixes)}
