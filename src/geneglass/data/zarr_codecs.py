"""Undoing the codecs of a zarr chunk: the codecs are those of numcodecs, their order in zarr 2 and 3 stands here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOSC_HEADER = 16


@dataclass(frozen=True)
class ChunkCodec:
    """How the bytes of one chunk become an array.

    Attributes
    ----------
    steps
        numcodecs codecs in the order of decoding.
    dtype
        Of the stored numbers, with their byte order.
    order
        The axes in the order they are stored.
    """

    steps: tuple[Any, ...]
    dtype: np.dtype[Any]
    order: tuple[int, ...]

    def decode(self, data: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return the array of this shape; ValueError, or what a codec raises, where the bytes are damaged."""
        expected = int(np.prod(shape)) * self.dtype.itemsize
        values: Any = data
        for step in self.steps:
            if step.codec_id == "blosc":
                _check_blosc(values, expected)
            values = step.decode(values)
        flat = np.frombuffer(memoryview(values).cast("B"), dtype=np.uint8)
        if flat.nbytes != expected:
            raise ValueError(f"{flat.nbytes:,} bytes instead of {expected:,}")
        stored = flat.view(self.dtype).reshape([shape[axis] for axis in self.order])
        return stored.transpose(np.argsort(self.order))


def _check_blosc(data: Any, expected: int) -> None:
    """Blosc reads no more than it is given, but makes room for what its header says."""
    header = bytes(memoryview(data).cast("B")[:_BLOSC_HEADER])
    stated = int.from_bytes(header[4:8], "little")
    if len(header) < _BLOSC_HEADER or stated > expected:
        raise ValueError(f"it states {stated:,} bytes instead of {expected:,}")


def codec_of_v2(node: dict[str, Any], n_axes: int) -> ChunkCodec:
    """Return the codec that a `.zarray` states."""
    stages = [*(node.get("filters") or []), *([node["compressor"]] if node.get("compressor") else [])]
    order = tuple(range(n_axes))
    if node.get("order", "C") == "F":
        order = order[::-1]
    return ChunkCodec(_steps(stages), _numbers(np.dtype(str(node["dtype"]))), order)


def codec_of_v3(stages: Sequence[Any], data_type: str, n_axes: int) -> ChunkCodec:
    """Return the codec that the `codecs` of a `zarr.json` state, one without shards."""
    dtype = np.dtype(str(data_type))
    order = np.arange(n_axes)
    compressors = []
    for stage in stages:
        name, configuration = _named(stage)
        if name == "transpose":
            order = order[_permutation(configuration.get("order"), n_axes)]
        elif name in ("bytes", "endian"):
            dtype = dtype.newbyteorder("<" if configuration.get("endian", "little") == "little" else ">")
        else:
            compressors.append(_as_numcodecs(name, configuration))
    return ChunkCodec(_steps(compressors), _numbers(dtype), tuple(int(axis) for axis in order))


def shard_of_v3(stages: Sequence[Any]) -> dict[str, Any] | None:
    """Return the configuration of the shards, or None where the chunks lie in files of their own."""
    found = [configuration for name, configuration in map(_named, stages) if name == "sharding_indexed"]
    if found and len(stages) > 1:
        raise ValueError("its shards are themselves encoded, which geneglass does not read")
    return found[0] if found else None


def _steps(stages: Sequence[Any]) -> tuple[Any, ...]:
    import numcodecs

    steps = []
    for stage in reversed(stages):
        try:
            steps.append(numcodecs.get_codec(dict(stage)))
        except Exception as error:
            name = stage.get("id") if isinstance(stage, dict) else stage
            raise ValueError(f"it is compressed with {name!r}, which geneglass does not read") from error
    return tuple(steps)


def _as_numcodecs(name: str, configuration: dict[str, Any]) -> dict[str, Any]:
    if name in ("blosc", "zstd", "gzip", "crc32c"):  # what they need to decode stands in the chunk
        return {"id": name}
    return {**configuration, "id": name.removeprefix("numcodecs.")}


def _named(stage: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(stage, str):
        return stage, {}
    return str(stage["name"]), dict(stage.get("configuration") or {})


def _permutation(order: Any, n_axes: int) -> list[int]:
    if order in ("C", "F"):
        return list(range(n_axes))[:: 1 if order == "C" else -1]
    if sorted(order) != list(range(n_axes)):
        raise ValueError(f"its axes are transposed by {order}, which is no order of {n_axes} axes")
    return [int(axis) for axis in order]


def _numbers(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise ValueError(f"its pixels are of the type {dtype}")
    return dtype
