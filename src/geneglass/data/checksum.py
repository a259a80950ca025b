"""Checksums as publishers give them: sha256, md5, or the id of a git blob."""

import hashlib
from pathlib import Path

from geneglass.errors import InputError

_BLOCK = 2**20


def matches(path: Path, known_hash: str) -> bool:
    """Return whether a file has a hash given as "sha256:...", "md5:..." or "git:..."."""
    algorithm, _, wanted = known_hash.partition(":")
    found = _git_blob_id(path) if algorithm == "git" else _file_hash(path, algorithm)
    return found == wanted.lower()


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    return _file_hash(path, "sha256")


def _file_hash(path: Path, algorithm: str) -> str:
    import pooch

    try:
        return str(pooch.file_hash(str(path), alg=algorithm))
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}; check its permissions.") from error


def _git_blob_id(path: Path) -> str:
    """Return the sha1 that git names a file's content by: of "blob", its size, a zero byte and the content."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
