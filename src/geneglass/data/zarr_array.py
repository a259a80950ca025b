"""One array of a zarr store of version 2 or 3, read chunk by chunk.

zarr itself reads a chunk through its event loop, one to two milliseconds each and one at a time, however many
threads ask: on the small chunks of a slide that is four times the work of decoding them here.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.zarr_codecs import ChunkCodec, codec_of_v2, codec_of_v3, shard_of_v3
from geneglass.data.zarr_files import DamagedStoreError, ZarrFiles, metadata

MAX_CHUNK_BYTES = 512 * 2**20
"""A chunk is decoded in one piece; a picture in larger ones must be written anew."""

_MAX_AXIS = 2**31
_MAX_AXES = 8
_MAX_SHARD_CHUNKS = 2**20
_MAX_INDICES = 256
_ABSENT = 2**64 - 1


@dataclass(frozen=True)
class _Shards:
    shape: tuple[int, ...]
    """Chunks of a shard, along each axis."""
    index_codec: ChunkCodec
    index_bytes: int
    at_end: bool


@dataclass(frozen=True, eq=False)
class ZarrArray:
    """An array of numbers in chunks of one shape.

    Attributes
    ----------
    shape, chunk_shape
        Of the array, and of the pieces that are decoded one by one.
    fill_value
        What a chunk that is not in the store consists of.
    """

    files: ZarrFiles
    key: str
    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    fill_value: float
    codec: ChunkCodec
    prefix: str
    separator: str
    shards: _Shards | None = None
    _indices: dict[tuple[int, ...], NDArray[Any] | None] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.codec.dtype

    @property
    def n_files(self) -> int:
        """Files that hold the whole array, where none is left out."""
        per_file = self.shards.shape if self.shards else (1,) * len(self.shape)
        edges = zip(self.shape, self.chunk_shape, per_file, strict=True)
        return math.prod(-(-size // (chunk * n)) for size, chunk, n in edges)

    def chunk(self, place: tuple[int, ...]) -> NDArray[Any]:
        """Return one chunk in full shape, also where it reaches beyond the array.

        Raises
        ------
        ValueError
            When it is damaged.
        """
        data = self._stored(place)
        if data is None:
            return np.full(self.chunk_shape, self.fill_value, dtype=self.dtype)
        return self.codec.decode(data, self.chunk_shape)

    def _stored(self, place: tuple[int, ...]) -> bytes | None:
        if self.shards is None:
            return self.files.read(self._file(place), self._max_bytes)
        n = self.shards.shape
        shard = tuple(i // k for i, k in zip(place, n, strict=True))
        index = self._index(shard, self.shards)
        if index is None:
            return None
        offset, count = (int(v) for v in index[tuple(i % k for i, k in zip(place, n, strict=True))])
        if offset == _ABSENT and count == _ABSENT:
            return None
        if count > self._max_bytes:
            raise ValueError(f"it states {count:,} bytes")
        return self.files.read_part(self._file(shard), offset, count)

    def _index(self, shard: tuple[int, ...], shards: _Shards) -> NDArray[Any] | None:
        if shard not in self._indices:
            data = self.files.read_part(
                self._file(shard), -shards.index_bytes if shards.at_end else 0, shards.index_bytes
            )
            index = None if data is None else shards.index_codec.decode(data, (*shards.shape, 2))
            if len(self._indices) >= _MAX_INDICES:
                self._indices.clear()
            self._indices[shard] = index
            return index
        return self._indices.get(shard)

    @property
    def _max_bytes(self) -> int:
        return 2 * math.prod(self.chunk_shape) * self.dtype.itemsize + 65_536

    def _file(self, place: tuple[int, ...]) -> str:
        return f"{self.key}/{self.prefix}{self.separator.join(map(str, place))}"


def zarr_array(files: ZarrFiles, key: str) -> ZarrArray:
    """Return the array under a key.

    Raises
    ------
    ValueError
        With a clause that says what is wrong with it.
    """
    node = metadata(files, f"{key}/zarr.json")
    try:
        if node is not None:
            return _of_v3(files, key, node)
        node = metadata(files, f"{key}/.zarray")
        if node is None:
            raise DamagedStoreError(f"its array {key!r} is missing")
        return _of_v2(files, key, node)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"the description of its array {key!r} cannot be understood") from error


def _of_v2(files: ZarrFiles, key: str, node: dict[str, Any]) -> ZarrArray:
    shape, chunks = _shapes(key, node["shape"], node["chunks"])
    codec = codec_of_v2(node, len(shape))
    _check_chunk(key, chunks, codec)
    separator = node.get("dimension_separator", ".")
    return ZarrArray(files, key, shape, chunks, _fill(node.get("fill_value"), codec), codec, "", _separator(separator))


def _of_v3(files: ZarrFiles, key: str, node: dict[str, Any]) -> ZarrArray:
    grid, encoding = node["chunk_grid"], node.get("chunk_key_encoding") or {}
    if grid["name"] != "regular":
        raise ValueError(f"its array {key!r} has chunks of several sizes")
    shape, chunks = _shapes(key, node["shape"], grid["configuration"]["chunk_shape"])
    v2_keys = encoding.get("name") == "v2"
    separator = (encoding.get("configuration") or {}).get("separator", "." if v2_keys else "/")
    stages, shards = node["codecs"], None
    found = shard_of_v3(stages)
    if found is not None:
        shards, chunks = _shards(key, found, chunks)
        stages = found["codecs"]
    codec = codec_of_v3(stages, node["data_type"], len(shape))
    _check_chunk(key, chunks, codec)
    prefix = "" if v2_keys else f"c{_separator(separator)}"
    fill = _fill(node.get("fill_value"), codec)
    return ZarrArray(files, key, shape, chunks, fill, codec, prefix, _separator(separator), shards)


def _shards(key: str, found: dict[str, Any], outer: tuple[int, ...]) -> tuple[_Shards, tuple[int, ...]]:
    _, inner = _shapes(key, outer, found["chunk_shape"])
    if any(whole % part for whole, part in zip(outer, inner, strict=True)):
        raise ValueError(f"the shards of its array {key!r} are no whole number of chunks")
    n = tuple(whole // part for whole, part in zip(outer, inner, strict=True))
    if math.prod(n) > _MAX_SHARD_CHUNKS:
        raise ValueError(f"the shards of its array {key!r} state {math.prod(n):,} chunks each")
    stages = found.get("index_codecs") or ["bytes", "crc32c"]
    codec = codec_of_v3(stages, "uint64", len(n) + 1)
    if any(step.codec_id != "crc32c" for step in codec.steps):
        raise ValueError(f"the index of the shards of its array {key!r} is compressed")
    size = 16 * math.prod(n) + 4 * len(codec.steps)
    return _Shards(n, codec, size, found.get("index_location", "end") == "end"), inner


def _shapes(key: str, shape: Any, chunks: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    sizes = (tuple(shape), tuple(chunks))
    whole = all(type(n) is int and 1 <= n < _MAX_AXIS for size in sizes for n in size)
    if not whole or len(sizes[0]) != len(sizes[1]) or not 1 <= len(sizes[0]) <= _MAX_AXES:
        raise ValueError(f"its array {key!r} states the shape {str(shape)[:80]} in chunks of {str(chunks)[:80]}")
    return sizes


def _check_chunk(key: str, chunks: tuple[int, ...], codec: ChunkCodec) -> None:
    n_bytes = math.prod(chunks) * codec.dtype.itemsize
    if n_bytes > MAX_CHUNK_BYTES:
        raise ValueError(
            f"its array {key!r} is stored in chunks of {n_bytes / 2**20:,.0f} MiB, more than {MAX_CHUNK_BYTES >> 20}"
        )


def _fill(value: Any, codec: ChunkCodec) -> float:
    if not isinstance(value, int | float):
        return 0
    whole = np.iinfo(codec.dtype) if codec.dtype.kind in "ui" else None
    return value if whole is None or whole.min <= value <= whole.max else 0


def _separator(text: Any) -> str:
    if text not in (".", "/"):
        raise ValueError(f"it separates chunk numbers by {text!r}")
    return str(text)
