"""HDF5 files of any origin: looked at before anything in them is allocated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

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


def check_stored(node: h5py.Group | h5py.Dataset) -> None:
    """Refuse arrays that state a size which the file can not hold, and types that no table of ours has.

    Reading a variable-length type that is no text, as a damaged header may state, can end the process.

    Parameters
    ----------
    node
        The part of a file that will be read; everything in it is looked at.

    Raises
    ------
    ValueError
        When an array or one of its chunks is larger than its stored bytes could unpack to, or when an array or
        attribute is of another type than numbers, text and records of them.
    """
    _check_types(node)
    if isinstance(node, h5py.Dataset):
        _check_array(node)
        return
    seen = 0

    def check(_: str, inner: h5py.Group | h5py.Dataset) -> None:
        nonlocal seen
        seen += 1
        if seen > MAX_NODES:
            raise ValueError(f"{node.name} has more than {MAX_NODES:,} parts")
        _check_types(inner)
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
    if array.dtype.kind == "O":
        _check_texts(array)


_REFERENCES = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])


def _check_texts(array: h5py.Dataset) -> None:
    """Refuse texts that together are said to be longer than the file; compressed ones have a checksum of their own."""
    path, places = array.file.filename, [(array.id.get_offset(), array.size)]
    if array.chunks is not None:
        chunks = [array.id.get_chunk_info(number) for number in range(array.id.get_num_chunks())]
        plain = array.id.get_create_plist().get_nfilters() == 0
        places = [(chunk.byte_offset, chunk.size // _REFERENCES.itemsize) for chunk in chunks if plain]
    stated = sum(
        int(np.fromfile(path, _REFERENCES, count=count, offset=offset)["length"].astype(np.int64).sum())
        for offset, count in places
        if offset is not None and count
    )
    if stated > Path(path).stat().st_size:
        raise ValueError(f"{array.name} states texts of {stated:,} bytes, more than the file can hold")


_PLAIN = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING, h5py.h5t.ENUM)


def _check_types(node: h5py.Group | h5py.Dataset) -> None:
    if isinstance(node, h5py.Dataset):
        _check_type(node.id.get_type(), node.name)
    for number in range(h5py.h5a.get_num_attrs(node.id)):
        attribute = h5py.h5a.open(node.id, index=number)
        _check_type(attribute.get_type(), f"an attribute of {node.name}")


def _check_type(kind: h5py.h5t.TypeID, name: str | None) -> None:
    of = kind.get_class()
    if of == h5py.h5t.ARRAY:
        _check_type(kind.get_super(), name)
    elif of == h5py.h5t.COMPOUND:
        for number in range(kind.get_nmembers()):
            _check_type(kind.get_member_type(number), name)
    elif of not in _PLAIN:
        raise ValueError(f"{name} is neither numbers nor text")
