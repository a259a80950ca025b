"""What an HDF5 file states of its arrays, held against what it stores, before anything is allocated."""

from collections.abc import Iterator

import h5py

MAX_CHUNK_BYTES = 2**28
_MAX_DEFLATE = 1100
"""No deflated byte unpacks to more (1,032, and a little for what lies around it)."""
_SMALL_BYTES = 2**20
_MAX_DEPTH = 8


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


def _datasets(group: h5py.Group, depth: int) -> Iterator[tuple[str, h5py.Dataset]]:
    if depth == 0:
        raise ValueError(f"groups lie deeper than {_MAX_DEPTH}")
    for item in group.values():
        if isinstance(item, h5py.Dataset):
            yield str(item.name), item
        elif isinstance(item, h5py.Group):
            yield from _datasets(item, depth - 1)
