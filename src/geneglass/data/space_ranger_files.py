"""Which file of a Space Ranger output lies where, in every generation and as downloaded with a prefix."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geneglass.errors import InputError

POSITIONS = (
    "tissue_positions.parquet",
    "tissue_positions.csv",
    "tissue_positions_list.csv",
    "tissue_positions.csv.gz",
    "tissue_positions_list.csv.gz",
)
_SCALEFACTORS = ("scalefactors_json.json", "scalefactors_json.json.gz")
_MATRIX = "feature_bc_matrix"
_FILTERED = (f"filtered_{_MATRIX}.h5", f"filtered_{_MATRIX}")
_RAW = (f"raw_{_MATRIX}.h5", f"raw_{_MATRIX}")
MTX = ("matrix.mtx.gz", "matrix.mtx")

_PARTS = (*POSITIONS, *_SCALEFACTORS, *MTX, _FILTERED[0], _RAW[0])


@dataclass(frozen=True)
class SpaceRangerFiles:
    """The files of one section.

    Attributes
    ----------
    counts
        A 10x .h5 file, or the matrix.mtx of a folder.
    positions
        Spot positions: .csv with or without a header line, or .parquet.
    scalefactors
        None where it is missing.
    pictures
        Path of the preview by name ("hires", "lowres"), as far as they exist.
    """

    counts: Path
    positions: Path
    scalefactors: Path | None
    pictures: dict[str, Path]

    @property
    def is_raw(self) -> bool:
        """Return whether the counts are of every spot of the array, on tissue or not."""
        return any(name.lower().endswith(ending) for name in _own_names(self.counts) for ending in _RAW)

    @property
    def is_filtered(self) -> bool:
        """Return whether the counts are, by their name, of spots on tissue only."""
        return any(name.lower().endswith(ending) for name in _own_names(self.counts) for ending in _FILTERED)


def _own_names(counts: Path) -> tuple[str, ...]:
    return (counts.name, counts.parent.name) if counts.name.lower().endswith(MTX) else (counts.name,)


def is_part(path: Path) -> bool:
    """Return whether a file is, by its name, part of a Space Ranger output."""
    return path.name.lower().endswith(_PARTS)


def home_of(path: Path) -> Path | None:
    """Return the folder that holds `spatial` and the counts, for that folder, its parent, or a part of it."""
    if path.is_dir():
        inner = (path.parent,) if _is_inner(path) else (path, path / "outs")
        return next((folder for folder in inner if _is_home(folder)), None)
    return path.parent.parent if _is_inner(path.parent) else path.parent


def _is_inner(folder: Path) -> bool:
    name = folder.name.lower()
    return name == "spatial" or name.endswith(f"_{_MATRIX}")


def _is_home(folder: Path) -> bool:
    spatial = _listed(folder / "spatial", (*POSITIONS, *_SCALEFACTORS))
    return bool(spatial or _listed(folder, (*POSITIONS, *_SCALEFACTORS, *_FILTERED)))


def find_files(path: Path, positions: Path | None = None) -> SpaceRangerFiles:
    """Return the files of the section that a path means.

    Parameters
    ----------
    path
        The folder, its parent, or one of its files; a matrix named directly is the one that is taken.
    positions
        Spot positions that lie elsewhere.

    Raises
    ------
    InputError
        When the counts or the positions are missing, or more than one file could be meant.
    """
    home = home_of(path) or path
    prefix = _prefix(path)
    counts = path if path.is_file() and path.name.lower().endswith((".h5", *MTX)) else _find_counts(home, prefix)
    prefix = _prefix(counts) if counts is not None and not prefix else prefix
    beside = (home / "spatial", home)
    if positions is None:
        named = path.is_file() and path.name.lower().endswith(POSITIONS)
        positions = path if named else _one(beside, POSITIONS, prefix)
    if counts is None:
        have = "" if positions is None else f" has spot positions ({positions.name}) but"
        raise InputError(
            f"{home}{have or ' has'} no counts: {_FILTERED[0]}, or the folder {_FILTERED[1]}, is missing; put it there."
        )
    if positions is None:
        raise InputError(
            f"{counts} has counts but no spot positions: {POSITIONS[1]} ({POSITIONS[2]} in older versions, "
            f"{POSITIONS[0]} for Visium HD) is missing in {home / 'spatial'}; put it there or give it as `positions`."
        )
    return SpaceRangerFiles(counts, positions, _one(beside, _SCALEFACTORS, prefix), _pictures(beside, prefix))


def _find_counts(home: Path, prefix: str) -> Path | None:
    for endings in (_FILTERED, MTX, _RAW):
        found = _one((home,), endings, prefix)
        if found is not None:
            return _one((found,), MTX, prefix) if found.is_dir() else found
    return None


def _pictures(folders: tuple[Path, ...], prefix: str) -> dict[str, Path]:
    found = {name: _one(folders, (f"tissue_{name}_image.png",), prefix) for name in ("hires", "lowres")}
    return {name: path for name, path in found.items() if path is not None}


def _one(folders: Iterable[Path], endings: tuple[str, ...], prefix: str) -> Path | None:
    for folder in folders:
        for ending in endings:
            found = _listed(folder, (ending,))
            own = [item for item in found if item.name.lower() == f"{prefix}{ending}"]
            if len(found) > 1 and not own:
                names = ", ".join(item.name for item in found[:5])
                raise InputError(f"{folder} has {len(found)} files of one kind ({names}); name the counts you mean.")
            if found:
                return (own or found)[0]
    return None


def _listed(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    try:
        items = sorted(folder.iterdir())
    except OSError:
        return []
    return [item for item in items if item.name.lower().endswith(endings) and not item.name.startswith(".")]


def _prefix(path: Path) -> str:
    """Return what stands before a part's own name ("V1_Section_1_"), in lower case."""
    name = path.name.lower()
    known = [ending for ending in (*_PARTS, *_FILTERED, *_RAW) if name.endswith(ending)]
    return name.removesuffix(max(known, key=len)) if known else ""
