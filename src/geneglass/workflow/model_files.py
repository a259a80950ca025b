"""Model files on this machine: those in a folder and those used lately, with what each was trained on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, read_info
from geneglass.model.trust import BETTER, verdict_texts

MOST_REMEMBERED = 30
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class ModelFile:
    """One model file.

    Attributes
    ----------
    path
        Where it is.
    info
        What it says of itself; None where it can not be read.
    fault
        Why not, in one sentence; empty where it can.
    written
        When, in seconds since 1970.
    """

    path: Path
    info: ModelInfo | None
    fault: str
    written: float


def model_paths(folder: Path, remembered: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the model files of a folder and those remembered that still exist, the latest written first."""
    found = {path.absolute() for path in folder.glob(f"*{SUFFIX}")} if folder.is_dir() else set()
    found |= {path.absolute() for path in remembered if path.is_file()}
    return tuple(sorted(found, key=lambda path: (-_written(path), path.name)))


def read_model_file(path: Path) -> ModelFile:
    """Return what a model file says of itself, or why it can not be used."""
    try:
        return ModelFile(path, read_info(path), "", _written(path))
    except InputError as error:
        return ModelFile(path, None, str(error), _written(path))


def remembered_models(note: Path) -> tuple[Path, ...]:
    """Return the model files that were used lately, the last one first; none where the note can not be read."""
    try:
        names = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(Path(name) for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def remember_model(note: Path, model: Path) -> None:
    """Put a model file at the head of the note.

    Raises
    ------
    InputError
        When the note can not be written.
    """
    _write(note, [model.absolute(), *(path for path in remembered_models(note) if path != model.absolute())])


def forget_model(note: Path, model: Path) -> None:
    """Take a model file off the note; the file stays."""
    _write(note, [path for path in remembered_models(note) if path != model.absolute()])


def trained_on_text(info: ModelInfo) -> str:
    """Return the sections a model was trained on, with how many patients they are from and how many spots they have."""
    names = [section.name for section in info.sections]
    patients = {section.patient for section in info.sections if section.patient is not None}
    spots = sum(section.n_spots for section in info.sections)
    people = f" of {_count(len(patients), 'patient')}" if patients else ""
    return f"{', '.join(names)} ({_count(len(names), 'section')}{people}, {_count(spots, 'spot')})"


def trust_text(info: ModelInfo) -> str:
    """Return what a model's held-out check says, in a few words; that there was none, where there was none."""
    r = np.asarray(info.trust.get("r", ()), float)
    if not np.isfinite(r).any():
        return "not checked on tissue left out"
    verdicts = verdict_texts(info.trust, len(info.genes))
    better = int((verdicts == BETTER).sum())
    told = f"held-out r: median {np.nanmedian(r):.2f}, best {np.nanmax(r):.2f}"
    told += f"; {_count(better, 'gene')} better than without the image" if "verdict" in info.trust and better else ""
    return told + (" (leaking: sections of one patient)" if info.leaks else "")


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def _write(note: Path, models: Sequence[Path]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(note) as temporary:
        temporary.write_text(json.dumps([str(path) for path in models[:MOST_REMEMBERED]]), encoding="utf-8")


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
