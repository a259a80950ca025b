"""Global heaps of HDF5 files, where texts lie: a damaged one sends the HDF5 library round for ever."""

import mmap
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import Struct

_SIGNATURE = b"GCOL\x01\0\0\0"
_COLLECTION_SIZE = Struct("<Q")
_OBJECT = Struct("<HHIQ")
"""Index, reference count, reserved, size; index 0 is the free space at the end, counted with this header."""

_TEXT_TYPE = re.compile(rb"\x19\x01[\x00\x01]\x00\x10\x00\x00\x00", re.DOTALL)
"""A type message that says "text of any length", as the header of an attribute has it; its value follows soon."""

_REFERENCE = Struct("<IQI")
"""Length, address of the heap and index of a text."""

_REACH = 120

_ONE_VALUE = (b"\x01\0\0\0\0\0\0\0", b"\x02\0\0\0")
"""A dataspace of one value, of version 1 and 2: an attribute's text follows it at once."""

_BASE_TYPE_BYTES = (12, 16)
"""What stands between the type message and the dataspace: a type of one byte, filled up or not."""

_HEADER = len(_SIGNATURE) + _COLLECTION_SIZE.size


def check_heaps(path: Path) -> None:
    """Refuse a file with a heap whose objects do not lie within it, or an attribute whose text is longer than its heap.

    Reading any text of the first would never end; of the second it would first make room for up to 4 GB.

    The layout is that of the HDF5 file format specification, section III.E.

    Raises
    ------
    ValueError
        When there is such a heap.
    """
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        heaps: dict[int, int] = {}
        start = content.find(_SIGNATURE)
        while start >= 0:
            if not all(_objects(content, start)):
                raise ValueError(f"its text heap at byte {start:,} is damaged")
            if start + _HEADER <= len(content):
                heaps[start] = _COLLECTION_SIZE.unpack_from(content, start + len(_SIGNATURE))[0]
            start = content.find(_SIGNATURE, start + _HEADER)
        for found in _TEXT_TYPE.finditer(content):
            _check_one_value(content, found.end())
            _check_references(content, found.end(), heaps)


def _check_one_value(content: mmap.mmap, place: int) -> None:
    """Refuse the one text of an attribute where it states more bytes than the file has, wherever it says to lie."""
    for before in _BASE_TYPE_BYTES:
        for space in _ONE_VALUE:
            start = place + before
            value = start + len(space)
            if content[start:value] == space and value + _REFERENCE.size <= len(content):
                length = _REFERENCE.unpack_from(content, value)[0]
                if length > len(content):
                    raise ValueError(f"a text at byte {value:,} states {length:,} bytes, more than the file holds")


def _check_references(content: mmap.mmap, place: int, heaps: Mapping[int, int]) -> None:
    """Refuse references to a heap, in an attribute's value, that state more text than the heap holds."""
    end = min(place + _REACH, len(content) - _REFERENCE.size)
    while place <= end:
        length, heap, _ = _REFERENCE.unpack_from(content, place)
        if heap not in heaps:
            place += 1
            continue
        if length > heaps[heap]:
            raise ValueError(f"a text at byte {place:,} states {length:,} bytes, more than its heap holds")
        place += _REFERENCE.size
        end = min(place, len(content) - _REFERENCE.size)


def _objects(content: mmap.mmap, start: int) -> Iterator[bool]:
    """Yield whether each object of one collection lies within it, as far as a whole header fits."""
    if start + _HEADER > len(content):
        return
    (collection_bytes,) = _COLLECTION_SIZE.unpack_from(content, start + len(_SIGNATURE))
    end, place = start + collection_bytes, start + _HEADER
    if end > len(content):
        return
    while place + _OBJECT.size <= end:
        index, _, _, size = _OBJECT.unpack_from(content, place)
        if index == 0:
            yield 0 < size <= end - place
            return
        place += _OBJECT.size + -(-size // 8) * 8
        yield place <= end
