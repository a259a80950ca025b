"""Trainings that were killed or cancelled half-way, and can go on."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from geneglass.data.cache import cache_folder
from geneglass.errors import UsageError
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.config_text import config_of
from geneglass.workflow.run_folder import KIND, NOTE, changed, claim


@dataclass(frozen=True)
class StoppedRun:
    """A training that nobody works on.

    Attributes
    ----------
    folder
        Where its finished fits and its last snapshot are.
    config
        What it was asked to do; it is gone on with by training that, which says `resume`.
    stopped
        When it last wrote something, in seconds since 1970.
    """

    folder: Path
    config: TrainConfig
    stopped: float


def stopped_runs(cohort: Path | None = None) -> tuple[StoppedRun, ...]:
    """Return the trainings that can go on, the latest first.

    Parameters
    ----------
    cohort
        Only those on this cohort.toml; None for all.
    """
    runs = [run for run in _all_runs() if cohort is None or run.config.cohort == cohort.expanduser().absolute()]
    latest = sorted(runs, key=lambda run: run.stopped, reverse=True)
    # Of the same training only the latest can be gone on with.
    return tuple({repr(run.config): run for run in reversed(latest)}.values())[::-1]


def give_up(run: StoppedRun) -> None:
    """Remove what a stopped training has left, unless it has been taken over meanwhile."""
    lock = claim(run.folder)
    if lock is not None:
        shutil.rmtree(run.folder, ignore_errors=True)
        lock.release()


def _all_runs() -> Iterator[StoppedRun]:
    for folder in cache_folder(KIND).iterdir():
        config = _config(folder / NOTE)
        if config is None:
            continue
        lock = claim(folder)
        if lock is not None:
            lock.release()
            yield StoppedRun(folder, replace(config, resume=True), changed(folder))


def _config(note: Path) -> TrainConfig | None:
    """Return what a run was asked to do; None where that can not be read, or its cohort is gone."""
    try:
        config = config_of(json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, UsageError):
        return None
    return config if config.cohort.is_file() else None
