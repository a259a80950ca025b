"""Atomic writes: a kill, a full disk or an error leaves the old file or the new one, never half of one."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geneglass.errors import InputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_TEXTS = ("No space left on device", "Disk quota exceeded", "os error 28", "errno = 28")
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path in the target's folder that becomes the target when the block ends well.

    The temporary file exists and is empty when the block starts, so a folder that cannot be written is
    reported before any work is done; it keeps the target's ending, since some writers go by it. When the
    block raises, the temporary file is removed and the target stays as it was.

    Parameters
    ----------
    target
        The file to write; a symbolic link is followed, an existing file keeps its permissions.

    Raises
    ------
    InputError
        When the folder is missing or can not be written, the target is write-protected or a folder, or
        the disk is full.
    """
    final = Path(os.path.realpath(target))
    _check(final, target)
    temporary = _temporary(final)
    done = False
    try:
        _create(temporary, final)
        mode = stat.S_IMODE(temporary.stat().st_mode)
        yield temporary
        temporary.chmod(mode)  # some writers put a private file of their own in its place
        _sync(temporary)
        temporary.replace(final)
        done = True
        _sync(final.parent)
    except Exception as error:
        reason = _reason(error, target, {os.fspath(temporary), os.fspath(final)})
        if reason is None:
            raise
        raise InputError(reason) from error
    finally:
        if not done:
            with suppress(OSError):
                temporary.unlink()


def require_writable(target: Path) -> None:
    """Check that a target can be written, before the long work of making what goes into it.

    Raises
    ------
    InputError
        As `atomic_path` does.
    """
    final = Path(os.path.realpath(target))
    _check(final, target)
    temporary = _temporary(final)
    try:
        _create(temporary, final)
        temporary.unlink()
    except OSError as error:
        raise InputError(_reason(error, target, {os.fspath(temporary)}) or str(error)) from error


def require_folder(folder: Path) -> None:
    """Make a folder where it is missing, and check that files can be written into it.

    Raises
    ------
    InputError
        With the reason why not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} can not be made: {error.strerror}; choose another folder.") from error
    require_writable(folder / "any file")


def require_space(target: Path, n_bytes: int) -> None:
    """Check that a file of this size fits on the target's disk, for writers that fail untidily on a full one.

    Raises
    ------
    InputError
        With the size needed and the size that is free.
    """
    if not target.parent.is_dir():
        return
    free = shutil.disk_usage(target.parent).free
    if free < n_bytes:
        raise InputError(
            f"Cannot write {target}: it needs {n_bytes / 1e6:,.1f} MB and the disk has {free / 1e6:,.1f} MB of space "
            "left; free some or write elsewhere. Nothing was changed."
        )


def _temporary(final: Path) -> Path:
    return final.with_name(f".{final.stem[:80]}.{secrets.token_hex(4)}.part{final.suffix}")


def _check(final: Path, target: Path) -> None:
    if not final.parent.is_dir():
        raise InputError(f"Cannot write {target}: the folder {final.parent} does not exist; create it first.")
    if final.is_dir():
        raise InputError(f"Cannot write {target}: it is a folder; give the name of a file.")
    if final.exists() and not os.access(final, os.W_OK):
        raise InputError(f"Cannot write {target}: the file is write-protected; choose another name or unprotect it.")


def _create(temporary: Path, final: Path) -> None:
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    if final.exists():
        temporary.chmod(stat.S_IMODE(final.stat().st_mode))


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":  # Windows cannot open a folder
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: Exception, target: Path, ours: set[str]) -> str | None:
    """Return the sentence for an error of writing the target, or None where it is about something else."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or (not isinstance(error, InputError) and any(text in str(error) for text in _FULL_TEXTS)):
        return f"Cannot write {target}: the disk is full; free some space or write elsewhere. Nothing was changed."
    if not isinstance(error, OSError) or (error.filename is not None and os.fspath(error.filename) not in ours):
        return None
    if number in _DENIED:
        return (
            f"Cannot write {target}: no permission to write in the folder {target.parent.absolute()}; "
            "choose another folder or ask for write permission."
        )
    if number is None or error.filename is None:
        return None
    return f"Cannot write {target}: {error.strerror or error}; choose another place."
