"""HDF5 files of any origin: looked at before anything in them is allocated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from geneglass.data.hdf5_heap import check_heaps
from geneglass.errors import InputError

SMALL_BYTES = 64 * 2**20
"""An array up to this size is read whatever the file says of it."""

MAX_RATIO = 1100
"""gzip packs no more than about 1,030 bytes into one; an array said to be larger than that does not exist."""

MAX_NODES = 100_000


@contextmanager
def open_hdf5(path: Path, kind: str) -> Iterator[h5py.File]:
    """Open an HDF5 file to read; any failure inside the block that is the file's is one sentence.

    Parameters
    ----------
    path
        The file.
    kind
        What it should be, for the message ("an AnnData file").

    Raises
    ------
    InputError
        When the file does not exist, is no HDF5 file, is damaged, or does not hold what the block asks it for.
    """
    try:
        check_heaps(path)
        with h5py.File(path, "r") as file:
            yield file
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except DAMAGE as error:
        raise unreadable(path, kind, error) from None


DAMAGE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError, MemoryError)
"""What libraries raise on files that are damaged or hold something else."""


def unreadable(path: Path, kind: str, error: Exception) -> InputError:
    """Return the sentence for a store that a library could not read, with its reason."""
    said = str(error).strip().splitlines()
    reason = said[0].strip().rstrip(".")[:200] if said else type(error).__name__
    return InputError(f"{path} can not be read as {kind}: {reason}; copy or write it again.")


def check_sizes(node: h5py.Group | h5py.Dataset) -> None:
    """Refuse arrays that state a size which the file can not hold.

    Parameters
    ----------
    node
        The part of a file that will be read; everything in it is looked at.

    Raises
    ------
    ValueError
        When an array or one of its chunks is larger than its stored bytes could unpack to.
    """
    if isinstance(node, h5py.Dataset):
        _check_array(node)
        return
    seen = 0

    def check(_: str, inner: h5py.Group | h5py.Dataset) -> None:
        nonlocal seen
        seen += 1
        if seen > MAX_NODES:
            raise ValueError(f"{node.name} has more than {MAX_NODES:,} parts")
        if isinstance(inner, h5py.Dataset):
            _check_array(inner)

    node.visititems(check)


def _check_array(array: h5py.Dataset) -> None:
    if array.shape is None:
        return
    held = max(SMALL_BYTES, MAX_RATIO * array.id.get_storage_size())
    chunk = array.dtype.itemsize
    for length in array.chunks or ():
        chunk *= length
    wanted = array.dtype.itemsize
    for length in array.shape:
        wanted *= length
    if max(wanted, chunk) > held:
        raise ValueError(f"{array.name} states {max(wanted, chunk):,} bytes, more than the file can hold")
