"""Global heaps of HDF5 files, where texts lie: a damaged one sends the HDF5 library round for ever."""

import mmap
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

_SIGNATURE = b"GCOL\x01\0\0\0"
_COLLECTION_SIZE = Struct("<Q")
_OBJECT = Struct("<HHIQ")
"""Index, reference count, reserved, size; index 0 is the free space at the end, counted with this header."""

_HEADER = len(_SIGNATURE) + _COLLECTION_SIZE.size


def check_heaps(path: Path) -> None:
    """Refuse a file with a heap whose free space has no size: reading any text in it would never end.

    The layout is that of the HDF5 file format specification, section III.E.

    Raises
    ------
    ValueError
        When there is such a heap.
    """
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(_SIGNATURE)
        while start >= 0:
            if any(index == 0 and size == 0 for index, size in _objects(content, start)):
                raise ValueError(f"its text heap at byte {start:,} is damaged")
            start = content.find(_SIGNATURE, start + _HEADER)


def _objects(content: mmap.mmap, start: int) -> Iterator[tuple[int, int]]:
    """Yield index and size of the objects of one collection, as far as a whole header fits."""
    if start + _HEADER > len(content):
        return
    (collection_bytes,) = _COLLECTION_SIZE.unpack_from(content, start + len(_SIGNATURE))
    end = min(start + collection_bytes, len(content)) - _OBJECT.size
    place = start + _HEADER
    while place <= end:
        index, _, _, size = _OBJECT.unpack_from(content, place)
        yield index, size
        if index == 0:
            return
        place += _OBJECT.size + -(-size // 8) * 8
