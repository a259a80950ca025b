"""Writing tiled pyramids with bounded memory: each level is made from bands of the one before."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from numpy.typing import NDArray

from geneglass.data.atomic import atomic_path
from geneglass.data.threads import worker_count
from geneglass.data.types import UInt8Array

Compression = Literal["jpeg", "zstd", "deflate"]

TOP_LEVEL_PX = 1000
"""Levels are added until the longer edge is at most this: what an overview shows."""

_IN_MEMORY_BYTES = 64 * 2**20
"""Above this the next level waits in a temporary file beside the target instead of in memory."""


_BUFFER_BYTES = 32 * 2**20
"""Tiles that wait for the encoding threads."""


@dataclass(frozen=True)
class RowBands:
    """An image that arrives from the top in bands of rows, of any height each.

    Attributes
    ----------
    bands
        (rows, width_px, 3) uint8 arrays that together have `height_px` rows; read once.
    """

    height_px: int
    width_px: int
    bands: Iterable[UInt8Array]


def write_pyramid(
    path: Path,
    image: UInt8Array | RowBands,
    mpp: float | None,
    *,
    tile: int = 256,
    compression: Compression = "jpeg",
    quality: int = 90,
) -> None:
    """Write a tiled pyramidal OME-TIFF (levels as sub-IFDs, each the 2 x 2 mean of the one before).

    An odd last row or column is dropped in the next level, so that level k is exactly 2**k times coarser.

    Parameters
    ----------
    path
        The file to write, atomically; should end in `.ome.tif`.
    image
        (height, width, 3) uint8 RGB, or the same in bands of rows when it is too large for memory.
    mpp
        Micrometres per pixel for the file's tags; None writes none.
    tile
        Edge of a tile in pixels, a multiple of 16.
    compression
        "jpeg" is small; "zstd" and "deflate" keep every pixel as it is.
    quality
        Of JPEG, 1 to 100.
    """
    source = image if isinstance(image, RowBands) else RowBands(image.shape[0], image.shape[1], _slices(image, tile))
    shapes = level_shapes(source.height_px, source.width_px)
    with atomic_path(path) as temporary:
        options = _options(mpp, tile, compression, quality)
        # The same picture under the same name gives the same bytes: tifffile's own identifier is random.
        options["metadata"]["UUID"] = str(uuid5(NAMESPACE_URL, f"{path.name} {shapes[0]}"))
        _write_levels(temporary, source, shapes, options)


def level_shapes(height_px: int, width_px: int) -> list[tuple[int, int]]:
    """Return (height, width) of every level of a pyramid that starts at this size."""
    shapes = [(height_px, width_px)]
    while max(shapes[-1]) > TOP_LEVEL_PX:
        height, width = shapes[-1]
        shapes.append((max(height // 2, 1), max(width // 2, 1)))
    return shapes


def halve(image: UInt8Array) -> UInt8Array:
    """Return the rounded mean of every 2 x 2 block of an (h, w, 3) image; an odd last row or column is dropped."""
    height, width = (max(n // 2 * 2, 1) for n in image.shape[:2])
    rows: NDArray[np.uint16] = image[:height].astype(np.uint16)
    rows = rows[0::2] + rows[1::2] if height > 1 else rows * np.uint16(2)
    rows = rows[:, :width]
    total = rows[:, 0::2] + rows[:, 1::2] if width > 1 else rows * np.uint16(2)
    total += 2
    total >>= 2
    return total.astype(np.uint8)


def _options(mpp: float | None, tile: int, compression: Compression, quality: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "YXS"}
    if mpp is not None:
        metadata |= {"PhysicalSizeX": mpp, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": mpp, "PhysicalSizeYUnit": "µm"}
    jpeg = compression == "jpeg"
    return {
        "tile": (tile, tile),
        "compression": compression,
        "compressionargs": {"level": quality} if jpeg else None,
        "predictor": None if jpeg else True,
        "photometric": "rgb",
        "dtype": "uint8",
        "maxworkers": worker_count(),
        "buffersize": _BUFFER_BYTES,
        "metadata": metadata,
    }


def _write_levels(path: Path, source: RowBands, shapes: list[tuple[int, int]], options: dict[str, Any]) -> None:
    import tifffile

    tile = options["tile"][0]
    metadata = options.pop("metadata")
    big = source.height_px * source.width_px * 3 > 2**31
    with ExitStack() as stack:
        writer = stack.enter_context(tifffile.TiffWriter(path, ome=True, bigtiff=big))
        bands = _even_bands(source, tile)
        for index, (height, width) in enumerate(shapes):
            spill: IO[bytes] | None = None
            if index + 1 < len(shapes):
                spill = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(path.parent)))
            writer.write(
                _tiles(bands, tile, spill),
                shape=(height, width, 3),
                subifds=len(shapes) - 1 if index == 0 else None,
                subfiletype=1 if index else None,
                metadata=metadata if index == 0 else None,
                **options,
            )
            for _ in bands:  # tifffile takes no more tiles than it needs: let the source see its end
                pass
            if spill is not None:
                bands = _spilled(spill, *shapes[index + 1], tile)


def _slices(image: UInt8Array, rows: int) -> Iterator[UInt8Array]:
    for top in range(0, image.shape[0], rows):
        yield image[top : top + rows]


def _even_bands(source: RowBands, rows: int) -> Iterator[UInt8Array]:
    """Yield the image in bands of exactly `rows` rows (the last may be lower), whatever bands it came in."""
    waiting: list[UInt8Array] = []
    seen = n_waiting = 0
    for band in source.bands:
        if band.ndim != 3 or band.shape[1:] != (source.width_px, 3) or band.dtype != np.uint8:
            raise ValueError(f"a band must be (rows, {source.width_px}, 3) uint8, got {band.shape} {band.dtype}")
        seen += band.shape[0]
        waiting.append(band)
        n_waiting += band.shape[0]
        if n_waiting >= rows:
            joined = np.concatenate(waiting) if len(waiting) > 1 else band
            whole = n_waiting // rows * rows
            yield from _slices(joined[:whole], rows)
            waiting, n_waiting = [joined[whole:]], n_waiting - whole
    if n_waiting:
        yield np.concatenate(waiting)
    if seen != source.height_px:
        raise ValueError(f"the bands have {seen} rows, not {source.height_px}")


def _tiles(bands: Iterable[UInt8Array], tile: int, spill: IO[bytes] | None) -> Iterator[UInt8Array]:
    """Yield whole tiles row by row (the edge repeated), writing the halved bands to `spill` on the way."""
    for band in bands:
        if spill is not None and (band.shape[0] > 1 or spill.tell() == 0):
            spill.write(halve(band).tobytes())
        for left in range(0, band.shape[1], tile):
            part = band[:, left : left + tile]
            missing = ((0, tile - part.shape[0]), (0, tile - part.shape[1]), (0, 0))
            yield np.pad(part, missing, mode="edge") if part.shape[:2] != (tile, tile) else np.ascontiguousarray(part)


def _spilled(spill: IO[bytes], height: int, width: int, rows: int) -> Iterator[UInt8Array]:
    spill.seek(0)
    for top in range(0, height, rows):
        n_rows = min(rows, height - top)
        yield np.frombuffer(spill.read(n_rows * width * 3), dtype=np.uint8).reshape(n_rows, width, 3)
    spill.close()
