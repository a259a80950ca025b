"""A cohort: sections with patient ids, written in a `cohort.toml`."""

import json
import math
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geneglass.data.atomic import atomic_path
from geneglass.data.orientation import ORIENTATIONS
from geneglass.data.slide_formats import SLIDE_FORMATS, is_slide_folder
from geneglass.data.spot_formats import ends_as_spots, is_spots
from geneglass.data.spots import repeated_names
from geneglass.errors import InputError


@dataclass(frozen=True)
class SectionSource:
    """Where the parts of one section lie; nothing is opened yet. Paths are absolute."""

    name: str
    patient: str | None = None
    slide: Path | None = None
    spots: Path | None = None
    positions: Path | None = None
    mpp: float | None = None
    scale: float = 1.0
    """Slide pixels per spot-file pixel, where the slide is a reduced copy."""
    orientation: str | None = None
    """How the spots are turned or mirrored onto the slide, a name in `ORIENTATIONS`; None where nobody said."""
    annotations: Path | None = None


@dataclass(frozen=True)
class Cohort:
    """Sections of one study; section names are unique."""

    path: Path
    sections: tuple[SectionSource, ...]


_PATHS = ("slide", "spots", "positions", "annotations")
_NUMBERS = ("mpp", "scale")
_KEYS = ("name", "patient", "slide", "spots", "positions", "mpp", "scale", "orientation", "annotations")

_SAME_IN_ALL = re.compile(r"outs|spatial|binned_outputs|square_\d+um|(filtered|raw)_feature_bc_matrix")

_SECTION_LINE = re.compile(r"^\s*\[\[\s*section\s*\]\]", re.MULTILINE)


def is_cohort(path: Path) -> bool:
    """Return whether a file is a cohort, perhaps a faulty one; any other TOML is left to other readers."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    try:
        sections = tomllib.loads(text).get("section")
    except tomllib.TOMLDecodeError:
        return _SECTION_LINE.search(text) is not None
    return isinstance(sections, list) and any(
        isinstance(item, dict) and ("slide" in item or "spots" in item) for item in sections
    )


def read_cohort(path: Path) -> Cohort:
    """Return the cohort of a `cohort.toml`; paths in it are relative to the file.

    Raises
    ------
    InputError
        When the file can not be read or is no TOML, has no `[[section]]`, or a section has an unknown
        key, a value of the wrong kind, a name that is taken, or a file that does not exist.
    """
    path = path.absolute()
    raw = _read_toml(path)
    unknown = sorted(set(raw) - {"section"})
    if unknown:
        raise InputError(f"{path}: unknown key {', '.join(unknown)}; a cohort has [[section]] tables only.")
    items = raw.get("section")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path} has no section; write one [[section]] table for each.")
    sections = tuple(_section(path, number, item) for number, item in enumerate(items, start=1))
    repeated = repeated_names([section.name for section in sections])
    if repeated:
        raise InputError(f"{path}: more than one section is named {', '.join(repeated)}; a name stands only once.")
    missing = [
        f"{key} of {section.name} ({file})"
        for section in sections
        for key in _PATHS
        if (file := getattr(section, key)) is not None and not file.exists()
    ]
    if missing:
        raise InputError(f"{path}: no such file: {', '.join(missing)}; correct the path, relative to the cohort file.")
    return Cohort(path, sections)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; a cohort is a TOML file with [[section]] tables.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None


def _section(path: Path, number: int, item: Mapping[str, Any]) -> SectionSource:
    name = item.get("name")
    where = f"{path}, section {number if name is None else name}"
    _check_keys(where, item)
    values: dict[str, Any] = {"name": _text(where, "name", name)}
    if "patient" in item:
        values["patient"] = _text(where, "patient", item["patient"])
    for key in _PATHS:
        if key in item:
            values[key] = Path(os.path.normpath(path.parent / Path(_text(where, key, item[key])).expanduser()))
    for key in _NUMBERS:
        if key in item:
            values[key] = _positive(where, key, item[key])
    if "orientation" in item:
        values["orientation"] = _orientation(where, item["orientation"])
    return SectionSource(**values)


def _check_keys(where: str, item: Mapping[str, Any]) -> None:
    unknown = sorted(set(item) - set(_KEYS))
    if unknown:
        raise InputError(f"{where}: unknown key {', '.join(unknown)}; allowed are {', '.join(_KEYS)}.")
    if "name" not in item:
        raise InputError(f"{where}: `name` is missing; give every section a name.")
    if "slide" not in item and "spots" not in item:
        raise InputError(f"{where} has neither `slide` nor `spots`; give at least one.")
    if "positions" in item and "spots" not in item:
        raise InputError(f"{where} has `positions` without `spots`; give the counts too.")


def _text(where: str, key: str, value: object) -> str:
    number = isinstance(value, int) and not isinstance(value, bool) and key in ("name", "patient")
    if not (isinstance(value, str) or number) or not str(value).strip():
        raise InputError(f"{where}: `{key}` must be text, got {value!r}; write it in quotes.")
    return str(value)


def _positive(where: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise InputError(f"{where}: `{key}` must be a number above 0, got {value!r}.")
    return float(value)


def _orientation(where: str, value: object) -> str:
    if not isinstance(value, str) or value not in ORIENTATIONS:
        raise InputError(f"{where}: `orientation` must be one of {', '.join(ORIENTATIONS)}; got {value!r}.")
    return value


def write_cohort(cohort: Cohort, *, head: Sequence[str] = (), notes: Mapping[str, str] | None = None) -> None:
    """Write a cohort to its path; files below the cohort's folder are written relative to it.

    Parameters
    ----------
    cohort
        What to write.
    head
        Lines of comment for the top of the file.
    notes
        A line of comment for each section that has one, by its name.
    """
    notes = {} if notes is None else notes
    tables = [_table(section, cohort.path.parent, notes.get(section.name)) for section in cohort.sections]
    top = ["".join(f"{_comment(line)}\n" for line in head)] if head else []
    with atomic_path(cohort.path) as temporary:
        temporary.write_text("\n".join(top + tables), encoding="utf-8")


def _comment(text: str) -> str:
    """Return a line of comment; TOML allows no control characters in it."""
    return "# " + "".join(character if character.isprintable() else " " for character in text)


def _table(section: SectionSource, folder: Path, note: str | None) -> str:
    lines = ["[[section]]", *([] if note is None else [_comment(note)])]
    for key in _KEYS:
        value = getattr(section, key)
        if value is None or (key == "scale" and value == 1.0):
            continue
        if isinstance(value, Path):
            base = folder.absolute()
            value = (value.relative_to(base) if value.is_relative_to(base) else value).as_posix()
        # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
        written = repr(value) if key in _NUMBERS else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{key} = {written}")
    return "\n".join(lines) + "\n"


def find_section(text: str | Path) -> SectionSource:
    """Return the section that a user means.

    Parameters
    ----------
    text
        A slide, a spot table (either may be a folder), a folder with one of each, a `cohort.toml` with one
        section, or `cohort.toml#name`.

    Raises
    ------
    InputError
        When nothing is there, or more than one section could be meant; the sentence lists the choices.
    """
    text = str(text)
    path = Path(os.path.normpath(Path(text).expanduser().absolute()))
    if not path.exists() and "#" in text:
        file, _, name = text.rpartition("#")
        return _named(read_cohort(Path(file).expanduser()), name)
    if not path.exists():
        raise InputError(
            f"No such file: {text}; give a slide, a spot table, a folder, a cohort.toml or cohort.toml#name."
        )
    if path.is_dir():
        return _from_folder(path)
    if path.suffix.lower() == ".toml":
        return _only(read_cohort(path))
    if is_spots(path) or ends_as_spots(path):
        return SectionSource(folder_name(path.parent) if is_spots(path.parent) else _stem(path), spots=path)
    return SectionSource(_stem(path), slide=path)


def _stem(path: Path) -> str:
    return path.name.split(".")[0] or path.name


def _named(cohort: Cohort, name: str) -> SectionSource:
    for section in cohort.sections:
        if section.name == name:
            return section
    raise InputError(f"{cohort.path} has no section {name!r}; it has {_names(cohort.sections)}.")


def _only(cohort: Cohort) -> SectionSource:
    if len(cohort.sections) == 1:
        return cohort.sections[0]
    raise InputError(
        f"{cohort.path} has {len(cohort.sections)} sections; name one as {cohort.path.name}#NAME, "
        f"with NAME one of {_names(cohort.sections)}."
    )


def _names(sections: Sequence[SectionSource]) -> str:
    return ", ".join(section.name for section in sections)


def folder_name(folder: Path) -> str:
    """Return what a person would call the section: the folders of Space Ranger have the same names in all."""
    named = folder
    while _SAME_IN_ALL.fullmatch(named.name):
        named = named.parent
    return _stem(named) if named.suffix.lower() == ".zarr" else named.name


def _from_folder(folder: Path) -> SectionSource:
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    cohorts = [file for file in files if file.suffix.lower() == ".toml" and is_cohort(file)]
    if len(cohorts) == 1:
        return _only(read_cohort(cohorts[0]))
    suffixes = tuple(suffix for item in SLIDE_FORMATS.values() for suffix in item.suffixes)
    slides = [file for file in files if file.name.lower().endswith(suffixes)]
    if is_spots(folder):
        return SectionSource(folder_name(folder), spots=folder, slide=slides[0] if len(slides) == 1 else None)
    if is_slide_folder(folder):
        return SectionSource(folder_name(folder), slide=folder)
    spots = [file for file in files if is_spots(file)]
    if len(cohorts) > 1 or len(slides) > 1 or len(spots) > 1 or not (slides or spots):
        raise InputError(
            f"{folder} has {len(slides)} slides, {len(spots)} spot tables and {len(cohorts)} cohort files; "
            "give a folder with one section, or name the file."
        )
    return SectionSource(folder.name, slide=slides[0] if slides else None, spots=spots[0] if spots else None)
