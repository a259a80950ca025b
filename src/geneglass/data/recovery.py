"""Domains kept beside the user's data while they are drawn, so that neither a crash nor a closed window loses any.

Each window that has a slide open writes a file of its own into the slide's folder and holds a lock on it. A file
whose lock is free was left behind by a window that is closed or was killed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from geneglass.data.annotation import Domain
from geneglass.data.atomic import require_folder
from geneglass.data.geojson import read_domains, write_domains
from geneglass.errors import InputError

ENDING, LOCK, ASIDE = ".geojson", ".lock", ".discarded"


@dataclass(frozen=True)
class Kept:
    """Domains that were left behind on a slide.

    Attributes
    ----------
    domains
        The newest form of each, by its id.
    saved_at
        When the newest file was written, in local time; None where nothing was left.
    files
        Where they were found.
    """

    domains: tuple[Domain, ...] = ()
    saved_at: datetime | None = None
    files: tuple[Path, ...] = ()


class Recovery:
    """The file of one window for one slide.

    Parameters
    ----------
    folder
        Where the files of all slides lie; made where it is missing.
    key
        Of the slide, its digest.

    Raises
    ------
    InputError
        When the folder can not be made or written.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder / key
        require_folder(self.folder)
        self.file = self.folder / f"{uuid.uuid4().hex}{ENDING}"
        self._lock = _lock_of(self.file)
        self._lock.acquire(timeout=0)

    def left_behind(self) -> Kept:
        """Return what earlier windows left of this slide; a file that can not be read stays where it is."""
        found: list[tuple[float, Path, tuple[Domain, ...]]] = []
        for path in self.folder.glob(f"*{ENDING}"):
            if path == self.file or path.name.startswith(".") or not _is_free(path):
                continue
            try:
                found.append((path.stat().st_mtime, path, read_domains(path)[0]))
            except (InputError, OSError):
                continue
        if not found:
            return Kept()
        found.sort(key=lambda item: item[0])
        by_id = {domain.id: domain for _, _, domains in found for domain in domains}
        saved_at = datetime.fromtimestamp(found[-1][0], UTC).astimezone()
        return Kept(tuple(by_id.values()), saved_at, tuple(path for _, path, _ in found))

    def write(self, domains: Sequence[Domain]) -> None:
        """Keep domains in place of those kept before; nothing is kept of none.

        Raises
        ------
        InputError
            When the file can not be written.
        """
        if domains:
            write_domains(self.file, domains)
        else:
            self.file.unlink(missing_ok=True)

    def forget(self, files: Sequence[Path]) -> None:
        """Remove files that were taken over."""
        for path in files:
            path.unlink(missing_ok=True)
            path.with_suffix(LOCK).unlink(missing_ok=True)

    def put_aside(self, files: Sequence[Path]) -> None:
        """Stop offering files, without deleting them: only those put aside before are."""
        for old in self.folder.glob(f"*{ASIDE}"):
            old.unlink(missing_ok=True)
        for path in files:
            if path.exists():
                path.replace(path.with_suffix(ASIDE))
            path.with_suffix(LOCK).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the file for the next window that opens the slide."""
        self._lock.release()
        if not self.file.exists():
            self.file.with_suffix(LOCK).unlink(missing_ok=True)


def _lock_of(path: Path) -> FileLock:
    # Locks of one process must keep each other out too: two of its windows may show one slide.
    return FileLock(path.with_suffix(LOCK), is_singleton=False, thread_local=False)


def _is_free(path: Path) -> bool:
    lock = _lock_of(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True
