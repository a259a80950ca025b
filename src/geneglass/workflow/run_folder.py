"""The folder of a training run: one run alone works in it, and what was never resumed is removed after a while."""

import hashlib
import json
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geneglass.data.atomic import atomic_path
from geneglass.data.cache import cache_folder
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.config_text import config_values
from geneglass.workflow.resume import RunFolder

if TYPE_CHECKING:
    from filelock import BaseFileLock

KEPT_DAYS = 14
"""A stopped run that nobody resumes for so long is given up."""

LOCK = ".lock"
NOTE = "run.json"
"""In a run's folder: what it was asked to do."""
KIND = "fits"
"""Of the cache."""
_DAY_S = 86_400


@contextmanager
def run_folder(config: TrainConfig) -> Iterator[RunFolder]:
    """Give a run a folder that no other run works in; it is removed when the run is done, kept when it is stopped.

    With `resume` it is the last one of a stopped run of the same settings. Folders older than `KEPT_DAYS` go.
    """
    remove_old()
    settled = json.dumps(config_values(replace(config, resume=False, snapshot_s=0)), sort_keys=True)
    key = hashlib.sha256(settled.encode()).hexdigest()[:24]
    folder, lock = (_earlier(key) if config.resume else None) or _fresh(key)
    try:
        with atomic_path(folder / NOTE) as temporary:
            temporary.write_text(json.dumps(config_values(config)), encoding="utf-8")
        yield RunFolder(folder, config.snapshot_s)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.release()
    with suppress(OSError):
        folder.rmdir()  # where an open lock file could not be removed before


def remove_old() -> None:
    """Remove the folders of runs that were stopped longer ago than `KEPT_DAYS` and are not going on."""
    limit = time.time() - KEPT_DAYS * _DAY_S
    for folder in cache_folder(KIND).iterdir():
        if not folder.is_dir() or changed(folder) > limit:
            continue
        lock = claim(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _earlier(key: str) -> "tuple[Path, BaseFileLock] | None":
    """Return the latest folder of the same run that nobody works in, claimed."""
    for folder in sorted(cache_folder(KIND).glob(f"{key}-*"), key=changed, reverse=True):
        lock = claim(folder)
        if lock is not None:
            return folder, lock
    return None


def _fresh(key: str) -> "tuple[Path, BaseFileLock]":
    while True:
        folder = cache_folder(KIND) / f"{key}-{secrets.token_hex(4)}"
        folder.mkdir(exist_ok=True)
        lock = claim(folder)
        if lock is not None:
            return folder, lock


def claim(folder: Path) -> "BaseFileLock | None":
    """Return the lock of a folder, or None where another run has it; a killed process loses its lock."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    except (NotImplementedError, OSError):
        pass  # a network disk may have no locks
    if folder.is_dir():
        return lock
    lock.release()
    return None


def changed(folder: Path) -> float:
    """Return when something was last written in a folder; 0 where it has just gone."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
