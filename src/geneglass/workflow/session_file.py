"""A session as one JSON file: which files, which section and gene, and what each part of the window keeps."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from geneglass import __version__
from geneglass.data.atomic import atomic_path
from geneglass.data.cohort import SectionSource
from geneglass.data.orientation import ORIENTATIONS
from geneglass.errors import InputError

SUFFIX = ".geneglass.json"
KEY, FORMAT = "geneglass_session", 1
_PARTS = ("slide", "spots", "positions", "annotations")
_HEAD_BYTES = 64


@dataclass(frozen=True)
class SavedSession:
    """What a session file holds; paths are absolute in memory, relative in the file where they lie below it.

    Attributes
    ----------
    cohort
        The cohort's file; it need not exist, since `sections` says all.
    sections
        Where the parts of every section lie.
    section, gene
        What was open, by name; None for nothing.
    model
        The model file.
    predictions, domains
        A prediction (.h5ad) and drawn domains (.geojson) for each section that has them, by its name.
    window
        What the parts of the window keep, by their names: colours, view, places with notes.
    """

    cohort: Path
    sections: tuple[SectionSource, ...]
    section: str | None = None
    gene: str | None = None
    model: Path | None = None
    predictions: Mapping[str, Path] = field(default_factory=dict)
    domains: Mapping[str, Path] = field(default_factory=dict)
    window: Mapping[str, Any] = field(default_factory=dict)


def is_session(path: Path) -> bool:
    """Return whether a file is a saved session, by its name or how it begins; damaged ones with the name count."""
    if path.name.lower().endswith(SUFFIX):
        return True
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return f'"{KEY}"'.encode() in file.read(_HEAD_BYTES)


def write_session(path: Path, saved: SavedSession) -> None:
    """Write a session file, atomically.

    Raises
    ------
    InputError
        When it can not be written.
    """
    base = path.absolute().parent
    content = {
        KEY: FORMAT,
        "version": __version__,
        "cohort": _written(saved.cohort, base),
        "section": saved.section,
        "gene": saved.gene,
        "model": None if saved.model is None else _written(saved.model, base),
        "sections": [_source_as_json(source, base) for source in saved.sections],
        "predictions": {name: _written(file, base) for name, file in saved.predictions.items()},
        "domains": {name: _written(file, base) for name, file in saved.domains.items()},
        "window": dict(saved.window),
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def read_session(path: Path) -> tuple[SavedSession, str]:
    """Return a session, and one sentence that names the files that are missing (empty where all are there).

    What is missing is left out: a section without its slide keeps its spots, one without both is gone.

    Raises
    ------
    InputError
        When the file can not be read, is no session, or is damaged.
    """
    content = _content(path)
    try:
        saved = _session(content, path.absolute().parent)
    except InputError:
        raise
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"The session {path.name} is damaged ({error}): save it again from the window.") from error
    return _without_missing(saved)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"The session {path.name} can not be read ({error}): save it again.") from error
    if not isinstance(content, dict) or KEY not in content:
        raise InputError(f"{path.name} is no session of geneglass: choose a file that Save session wrote.")
    if content[KEY] != FORMAT:
        raise InputError(
            f"The session {path.name} has the format {content[KEY]!r}, this geneglass {__version__} reads {FORMAT}: "
            "open it with the version that wrote it."
        )
    return content


def _session(content: Mapping[str, Any], base: Path) -> SavedSession:
    model, window = content.get("model"), content.get("window", {})
    if not isinstance(window, dict):
        raise TypeError("`window` is no table")
    return SavedSession(
        cohort=_path(content["cohort"], base),
        sections=tuple(_source(item, base) for item in content["sections"]),
        section=_text_or_none(content.get("section")),
        gene=_text_or_none(content.get("gene")),
        model=None if model is None else _path(model, base),
        predictions={name: _path(text, base) for name, text in content.get("predictions", {}).items()},
        domains={name: _path(text, base) for name, text in content.get("domains", {}).items()},
        window=window,
    )


def _source(item: Mapping[str, Any], base: Path) -> SectionSource:
    values: dict[str, Any] = {}
    for known in fields(SectionSource):
        value = item.get(known.name)
        if value is None:
            continue
        if known.name in _PARTS:
            values[known.name] = _path(value, base)
        elif known.name in ("mpp", "scale"):
            values[known.name] = _positive(known.name, value)
        else:
            values[known.name] = _text_or_none(value)
    if values.get("orientation") not in (None, *ORIENTATIONS):
        raise ValueError(f"orientation {values['orientation']!r} is unknown")
    return SectionSource(**{"name": item["name"], **values})


def _source_as_json(source: SectionSource, base: Path) -> dict[str, Any]:
    given = {known.name: getattr(source, known.name) for known in fields(source)}
    return {
        name: _written(value, base) if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }


def _without_missing(saved: SavedSession) -> tuple[SavedSession, str]:
    gone: list[Path] = []

    def there(path: Path) -> bool:
        if not path.exists():
            gone.append(path)
            return False
        return True

    sections = []
    for source in saved.sections:
        given = {part: getattr(source, part) for part in _PARTS}
        absent: dict[str, Any] = {part: None for part, path in given.items() if path is not None and not there(path)}
        kept = replace(source, **absent)
        if kept.slide is not None or kept.spots is not None:
            sections.append(kept)
    names = {source.name for source in sections}
    saved = replace(
        saved,
        sections=tuple(sections),
        section=saved.section if saved.section in names else next((source.name for source in sections), None),
        model=saved.model if saved.model is not None and there(saved.model) else None,
        predictions={name: path for name, path in saved.predictions.items() if name in names and there(path)},
        domains={name: path for name, path in saved.domains.items() if name in names and there(path)},
    )
    return saved, _sentence(list(dict.fromkeys(gone)))


def _sentence(gone: list[Path]) -> str:
    if not gone:
        return ""
    return f"No such file: {', '.join(map(str, gone))}; the rest of the session was opened."


def _written(path: Path, base: Path) -> str:
    absolute = path.absolute()
    return (absolute.relative_to(base) if absolute.is_relative_to(base) else absolute).as_posix()


def _path(text: Any, base: Path) -> Path:
    if not isinstance(text, str) or not text:
        raise TypeError(f"{text!r} is no path")
    return base / Path(text).expanduser()


def _text_or_none(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"`{name}` must be a number above 0, got {value!r}")
    return float(value)
