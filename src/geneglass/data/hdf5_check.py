"""What an HDF5 file states of its arrays, held against what it stores, before anything is allocated."""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

import h5py

MAX_CHUNK_BYTES = 2**28
_MAX_DEFLATE = 1100
"""No deflated byte unpacks to more (1,032, and a little for what lies around it)."""
_SMALL_BYTES = 2**20
_MAX_DEPTH = 8

_HEAP = b"GCOL\x01\x00\x00\x00"
_HEAP_HEADER = 16
"""Bytes before the first object of a heap, and before each object."""
_MIN_HEAP = 4096


def size_problem(group: h5py.Group) -> str | None:
    """Return which array below a group states a size that it can not have, in words; None where all can be read.

    A damaged header may state arrays of any size, and reading one allocates what it states.

    Raises
    ------
    OSError, KeyError, RuntimeError, ValueError, TypeError
        As h5py does, where the file is damaged further.
    """
    for name, dataset in _datasets(group, _MAX_DEPTH):
        stated = dataset.size * dataset.dtype.itemsize if dataset.shape is not None else 0
        stored = dataset.id.get_storage_size()
        chunk = dataset.dtype.itemsize
        for edge in dataset.chunks or ():
            chunk *= edge
        if stated > _SMALL_BYTES + _MAX_DEFLATE * stored or chunk > MAX_CHUNK_BYTES:
            return f"{name} states {stated:,} bytes (in chunks of {chunk:,}) but stores {stored:,}"
    return None


def heap_problem(group: h5py.Group) -> str | None:
    """Return what is wrong with the texts of varying length in a file, in words; None where they can be read.

    libhdf5 steps through a heap of such texts by the sizes that stand in it, and never ends where one is 0.
    """
    if not any(h5py.check_string_dtype(dataset.dtype) for _, dataset in _datasets(group, _MAX_DEPTH)):
        return None
    with Path(group.file.filename).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(_HEAP)
        while start >= 0:
            if not _heap_ends(content, start):
                return f"the texts at byte {start:,} have no end"
            start = content.find(_HEAP, start + 1)
    return None


def _heap_ends(content: mmap.mmap, start: int) -> bool:
    """Return whether a walk through a heap comes to its end; what only looks like a heap passes."""
    if start + _HEAP_HEADER > len(content):
        return True
    (size,) = struct.unpack_from("<Q", content, start + 8)
    end, place = start + size, start + _HEAP_HEADER
    if size < _MIN_HEAP or end > len(content):
        return True
    while place + _HEAP_HEADER <= end:
        number, _, used = struct.unpack_from("<HH4xQ", content, place)
        step = used if number == 0 else _HEAP_HEADER + -(-used // 8) * 8
        if step == 0 or place + step > end:
            return False
        place += step
    return True


def _datasets(group: h5py.Group, depth: int) -> Iterator[tuple[str, h5py.Dataset]]:
    if depth == 0:
        raise ValueError(f"groups lie deeper than {_MAX_DEPTH}")
    for item in group.values():
        if isinstance(item, h5py.Dataset):
            yield str(item.name), item
        elif isinstance(item, h5py.Group):
            yield from _datasets(item, depth - 1)
        else:
            raise ValueError(f"an entry of {group.name} leads nowhere")
