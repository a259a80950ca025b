"""Unpacking what was fetched: only files that are wanted, each whole or not at all."""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Generator
from pathlib import Path, PurePosixPath
from typing import IO

from geneglass.data.atomic import atomic_path, require_space
from geneglass.data.download import Progress
from geneglass.errors import InputError

_BLOCK = 2**20
_DAMAGED = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error)

Place = Callable[[str], str | None]
"""Where a member of an archive goes, below the folder, or None to leave it."""


def unpack(archive: Path, folder: Path, place: Place) -> Generator[Progress, None, tuple[Path, ...]]:
    """Unpack the wanted members of a tar or tar.gz archive, or one gz file, and return the files written.

    A member whose name ends in .gz is decompressed where it goes to a name that does not, or written as it is where
    it is plain text in spite of its name, as in some deposits. Links and devices are
    never made, and nothing is written outside the folder.

    Raises
    ------
    InputError
        When the archive is damaged, a wanted member is no ordinary file or would leave the folder, or the disk
        is full.
    """
    is_tar = archive.name.endswith((".tar", ".tar.gz", ".tgz"))
    try:
        if is_tar:
            return (yield from _unpack_tar(archive, folder, place))
        return (yield from _unpack_gz(archive, folder, place))
    except _DAMAGED as error:
        raise InputError(
            f"{archive} is damaged and can not be unpacked ({error}); delete it and fetch it again."
        ) from error


def _unpack_tar(archive: Path, folder: Path, place: Place) -> Generator[Progress, None, tuple[Path, ...]]:
    written = []
    total = archive.stat().st_size
    packed = archive.name.endswith("gz")
    if packed:
        yield from _check(archive, total)
    with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:gz" if packed else "r:") as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            wanted = place(name) if not member.isdir() else None
            if wanted is None:
                continue
            content = tar.extractfile(member) if member.isreg() else None
            if content is None:
                raise InputError(f"{archive} holds {name} as a link, which is not unpacked; fetch the set elsewhere.")
            target = _inside(folder, wanted, archive)
            require_space(target, member.size)
            for _ in _write(content, target, decompress=_is_packed(name, wanted)):
                yield Progress(raw.tell(), total)
            written.append(target)
    return tuple(written)


def _check(archive: Path, total: int) -> Generator[Progress]:
    """Read a gz file to its checksum, which tarfile does not: it stops at the last member."""
    with archive.open("rb") as raw, gzip.GzipFile(fileobj=raw) as file:
        while file.read(_BLOCK):
            yield Progress(raw.tell(), total)


def _unpack_gz(archive: Path, folder: Path, place: Place) -> Generator[Progress, None, tuple[Path, ...]]:
    wanted = place(archive.name)
    if wanted is None:
        return ()
    target = _inside(folder, wanted, archive)
    with archive.open("rb") as raw:
        for _ in _write(raw, target, decompress=True):
            yield Progress(raw.tell(), archive.stat().st_size)
    return (target,)


def _is_packed(name: str, wanted: str) -> bool:
    return name.endswith(".gz") and not wanted.endswith(".gz")


def _inside(folder: Path, wanted: str, archive: Path) -> Path:
    path = PurePosixPath(wanted)
    if path.is_absolute() or ".." in path.parts or "\\" in wanted or ":" in wanted:
        raise InputError(f"{archive} holds a file named {wanted!r}, outside its folder; it is not unpacked.")
    return folder / path


def _is_gzip(content: IO[bytes]) -> bool:
    begins = content.read(2)
    content.seek(0)
    return begins == b"\x1f\x8b"


def _write(content: IO[bytes], target: Path, *, decompress: bool) -> Generator[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    packed = decompress and _is_gzip(content)
    source: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=content) if packed else content
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        while block := source.read(_BLOCK):
            file.write(block)
            yield
