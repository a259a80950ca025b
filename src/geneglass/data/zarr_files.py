"""The files of a zarr store, in a folder or in one ZIP, read by key. Nothing is taken for smaller than it says."""

import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from geneglass.data.content import file_digest
from geneglass.data.folder_content import folder_digest

_MAX_METADATA_BYTES = 64 * 2**20


class DamagedStoreError(ValueError):
    """Something that was once in the store is missing or can not be read."""


class ZarrFiles(Protocol):
    """Where the keys of a store are read from; safe to use from several threads."""

    path: Path

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """Return the content under a key, or None where it is missing; ValueError where it is too large."""

    def read_part(self, key: str, offset: int, count: int) -> bytes | None:
        """Return bytes from `offset`, counted from the end where it is negative; None where the key is missing."""

    def children(self, key: str) -> list[str]:
        """Return the names directly under a key, sorted."""

    def keys(self, key: str) -> Iterator[str]:
        """Yield every key below."""

    def digest(self, keys: Sequence[str]) -> str:
        """Return a digest of everything below these keys."""

    def close(self) -> None:
        """Release the files."""


class ZarrFolder:
    """A store in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """Return the content under a key (see `ZarrFiles`)."""
        try:
            with _inside(self.path, key).open("rb", buffering=0) as file:
                return _checked_read(file, os.fstat(file.fileno()).st_size, max_bytes, key)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def read_part(self, key: str, offset: int, count: int) -> bytes | None:
        """Return a part of the content (see `ZarrFiles`)."""
        try:
            with _inside(self.path, key).open("rb", buffering=0) as file:
                return _part(file, os.fstat(file.fileno()).st_size, offset, count)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def children(self, key: str) -> list[str]:
        """Return the names directly under a key (see `ZarrFiles`)."""
        with suppress(OSError):
            return sorted(child.name for child in _inside(self.path, key).iterdir())
        return []

    def keys(self, key: str) -> Iterator[str]:
        """Yield every key below (see `ZarrFiles`)."""
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(_inside(self.path, key)) as entries:
            for entry in entries:
                name = f"{key}/{entry.name}" if key else entry.name
                if entry.is_dir():
                    yield from self.keys(name)
                else:
                    yield name

    def digest(self, keys: Sequence[str]) -> str:
        """Return a digest of everything below these keys (see `ZarrFiles`)."""
        return folder_digest(self.path, (name for key in keys for name in self.keys(key)))

    def close(self) -> None:
        """Nothing is held open."""


class ZarrZip:
    """A store in one ZIP file, at its top or in one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path)
        self._sizes = {info.filename: info.file_size for info in self._zip.infolist() if not info.is_dir()}
        tops = {name.partition("/")[0] for name in self._sizes}
        self._top = f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in self._sizes) else ""

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """Return the content under a key (see `ZarrFiles`)."""
        size = self._sizes.get(self._top + key)
        if size is None:
            return None
        with self._zip.open(self._top + key) as file:
            return _checked_read(file, size, max_bytes, key)

    def read_part(self, key: str, offset: int, count: int) -> bytes | None:
        """Return a part of the content (see `ZarrFiles`)."""
        size = self._sizes.get(self._top + key)
        if size is None:
            return None
        with self._zip.open(self._top + key) as file:
            return _part(file, size, offset, count)

    def children(self, key: str) -> list[str]:
        """Return the names directly under a key (see `ZarrFiles`)."""
        prefix = f"{self._top}{key}/" if key else self._top
        return sorted({name[len(prefix) :].partition("/")[0] for name in self._sizes if name.startswith(prefix)})

    def keys(self, key: str) -> Iterator[str]:
        """Yield every key below (see `ZarrFiles`)."""
        prefix = f"{self._top}{key}/" if key else self._top
        for name in self._sizes:
            if name.startswith(prefix):
                yield name[len(self._top) :]

    def digest(self, keys: Sequence[str]) -> str:
        """Return a digest of the whole file."""
        return file_digest(self.path)

    def close(self) -> None:
        """Close the ZIP."""
        self._zip.close()


def metadata(files: ZarrFiles, key: str) -> dict[str, Any] | None:
    """Return a JSON object of the store, or None where it is missing.

    Raises
    ------
    DamagedStoreError
        When it is no JSON object.
    """
    content = files.read(key, _MAX_METADATA_BYTES)
    if content is None:
        return None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedStoreError(f"its {key} cannot be read") from error
    if not isinstance(found, dict):
        raise DamagedStoreError(f"its {key} holds no JSON object")
    return found


def attributes(files: ZarrFiles, key: str) -> dict[str, Any]:
    """Return the attributes of a group or array of either version of zarr; empty where there are none."""
    prefix = f"{key}/" if key else ""
    node = metadata(files, f"{prefix}zarr.json")
    found = (node or {}).get("attributes") if node is not None else metadata(files, f"{prefix}.zattrs")
    return found if isinstance(found, dict) else {}


def _inside(folder: Path, key: str) -> Path:
    if key.startswith("/") or ".." in key.split("/") or "\\" in key or "\0" in key:
        raise ValueError(f"it names {key!r}, which lies outside it")
    return folder / key


def _checked_read(file: Any, size: int, max_bytes: int, key: str) -> bytes:
    if size > max_bytes:
        raise ValueError(f"its {key} has {size:,} bytes, more than the {max_bytes:,} that it can have")
    return bytes(file.read(size))


def _part(file: Any, size: int, offset: int, count: int) -> bytes:
    start = offset if offset >= 0 else size + offset
    if start < 0 or start + count > size:
        raise ValueError("it is cut short")
    file.seek(start)
    return bytes(file.read(count))
