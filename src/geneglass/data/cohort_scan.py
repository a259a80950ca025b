"""What lies in a folder that could belong to a cohort: spot tables, slides, annotations, tables of samples."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from geneglass.data.cohort_sniff import why_no_spots
from geneglass.data.slide_choice import role_of
from geneglass.data.slide_formats import SLIDE_FORMATS, is_slide_folder
from geneglass.data.spot_formats import SPOT_FORMATS, is_spots
from geneglass.errors import InputError

MAX_DEPTH = 8
"""Folders nested deeper are not looked into."""

MAX_FILES = 200_000
"""More files are a disk, not a study."""

LABELS = "_labeled_coordinates.tsv"
POSITIONS = re.compile(
    r"(?P<before>.+)_selection\.tsv|alignment_table_(?P<after>.+)\.tsv|.*spot_data-selection-(?P<last>.+)\.tsv",
    re.IGNORECASE,
)
"""Spot files of her2st, of STUtility and of the cSCC deposit; each may be gzipped."""

SAMPLES = re.compile(r"(meta_?data|samples?|sections?|sample_?sheet|patients?|hest_.*)\.(csv|tsv)", re.IGNORECASE)

_SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv", "cache", "caches"}
_NO_SLIDE = {
    *("mask", "masks", "lowres", "hires", "downscaled", "fiducials", "detected", "segmentation", "seg", "contours"),
    *("heatmap", "overlay", "prediction", "predictions", "predicted", "annotated", "plot", "plots", "vis"),
    *("screenshot", "report"),
}
_NO_DOMAINS = {"seg", "segmentation", "cellvit", "nuclei", "cells", "contours", "stardist", "cellpose"}
"""GeoJSON of cells or of the outline of the tissue, found by a program."""

_PREVIEW = "a preview, label, mask or figure, by its name"
_OUR_RESULTS = {"metrics.json", "per_gene.csv"}


@dataclass
class Scan:
    """What was found below a folder, in the order of the names; `left_out` says why of what is not used."""

    root: Path
    spots: list[Path] = field(default_factory=list)
    slides: list[Path] = field(default_factory=list)
    domains: list[Path] = field(default_factory=list)
    labels: list[Path] = field(default_factory=list)
    positions: list[Path] = field(default_factory=list)
    samples: list[Path] = field(default_factory=list)
    left_out: dict[Path, str] = field(default_factory=dict)


def words(text: str) -> list[str]:
    """Return the words of a file's name, in lower case."""
    return [word for word in re.split(r"[\W_]+", text.lower()) if word]


def stem(path: Path) -> str:
    """Return a name without the ending of its format ("A1" of A1.ome.tif or A1.tsv.gz, and "A1.2" of A1.2.svs)."""
    endings = [suffix for item in SLIDE_FORMATS.values() for suffix in item.suffixes]
    endings += [suffix for item in SPOT_FORMATS.values() for suffix in item.suffixes]
    fitting = [
        ending for ending in (*endings, ".geojson", ".geojson.gz", ".zarr") if path.name.lower().endswith(ending)
    ]
    return path.name[: -len(max(fitting, key=len))] if fitting else path.name


def place_of(path: Path) -> str:
    """Return the section that a spot file is of ("A1" of A1_selection.tsv); empty where it is none."""
    fits = POSITIONS.fullmatch(path.name.removesuffix(".gz"))
    return "" if fits is None else next(name for name in fits.groups() if name)


def scan(root: Path) -> Scan:
    """Look through a folder; hidden folders, caches and what geneglass wrote are passed over.

    Raises
    ------
    InputError
        When it is no folder, or holds more than `MAX_FILES` files.
    """
    root = Path(os.path.normpath(root.expanduser().absolute()))
    if not root.is_dir():
        raise InputError(f"{root} is no folder; give the folder in which the sections lie.")
    found = Scan(root)
    seen: set[str] = set()
    n_files = 0
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        files, folders = _look_into(folder, found)
        n_files += len(files)
        if n_files > MAX_FILES:
            raise InputError(f"{root} holds more than {MAX_FILES:,} files; give the folder of one study.")
        for path in files:
            _sort_in(path, found)
        if folders and depth == MAX_DEPTH:
            found.left_out[folder] = f"its folders lie deeper than {MAX_DEPTH} levels"
        else:
            waiting.extend((path, depth + 1) for path in reversed(folders))
    return found


def _look_into(folder: Path, found: Scan) -> tuple[list[Path], list[Path]]:
    """Return the files and the folders in a folder; none where it is a spot table or a slide as a whole."""
    if is_spots(folder) and not is_spots(folder / "outs"):
        return _beside_spots(folder, found), []
    if is_slide_folder(folder):
        _take(folder, found, found.slides, _NO_SLIDE, _PREVIEW)
        return [], []
    inside = _inside(folder, found)
    if {path.name for path in inside} >= _OUR_RESULTS:
        found.left_out[folder] = "results of a geneglass evaluation"
        return [], []
    return [path for path in inside if path.is_file()], [path for path in inside if path.is_dir()]


def _beside_spots(folder: Path, found: Scan) -> list[Path]:
    """Take a folder as a spot table; a slide may lie in it, beside what belongs to the table."""
    reason = why_no_spots(folder)
    if reason is None:
        found.spots.append(folder)
    else:
        found.left_out[folder] = reason
    return [path for path in _inside(folder, found) if path.is_file() and not is_spots(path)]


def _inside(folder: Path, found: Scan) -> list[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        found.left_out[folder] = f"it can not be read ({error.strerror})"
        return []
    if folder != found.root and any(path.name == "CACHEDIR.TAG" for path in inside):
        return []
    return [path for path in inside if not path.name.startswith(".") and path.name.lower() not in _SKIPPED]


def _sort_in(path: Path, found: Scan) -> None:
    name = path.name.lower()
    if name.endswith(LABELS):
        found.labels.append(path)
    elif place_of(path):
        found.positions.append(path)
    elif SAMPLES.fullmatch(name):
        found.samples.append(path)
    elif name.endswith((".geojson", ".geojson.gz")):
        _take(path, found, found.domains, _NO_DOMAINS, "outlines of cells or tissue, by its name, not drawn domains")
    elif is_spots(path):
        reason = why_no_spots(path)
        if reason is None:
            found.spots.append(path)
        else:
            found.left_out[path] = reason
    elif name.endswith(tuple(suffix for item in SLIDE_FORMATS.values() for suffix in item.suffixes)):
        _take(path, found, found.slides, _NO_SLIDE, _PREVIEW)


def _take(path: Path, found: Scan, kind: list[Path], telling: set[str], reason: str) -> None:
    """Take a file, unless its name, or a folder's on the way to it, tells that it is something else."""
    relative = path.relative_to(found.root)
    said = {word for part in (*relative.parts[:-1], stem(path)) for word in words(part)}
    other_role = kind is found.slides and any(role_of(part) for part in (*relative.parts[:-1], stem(path)))
    if telling & said or other_role:
        found.left_out[path] = reason
    else:
        kind.append(path)
