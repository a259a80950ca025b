"""Decoding one tile or strip of a TIFF: what its header claims is compared with the page before it is believed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.pixels import rgb_from_ycbcr
from geneglass.data.tiff_file import UnfitTiffError

Decoder = Callable[[bytes, int], NDArray[Any]]
"""(stored bytes, number of the segment) -> (h, w, samples), at least as large as the part of the picture in it."""

MAX_SEGMENT_BYTES = 64 * 2**20
"""A tile or strip of more than this, decoded, must be at most `_MAX_RATIO` times as large as it is stored."""

_MAX_RATIO = 1100
_LARGEST_SEGMENT_BYTES = 2**30
_JPEG, _JPEG2000, _WEBP = (7, 34892, 33007), (33003, 33004, 33005, 34712), (50001,)
_JPEG2000_YCBCR = 33003
_OTHER_PICTURES = (6, 22610, 34933, 34934, 48124, 50002, 52546, 65000, 65001, 65002)
"""Compressions whose decoders allocate by what each tile claims."""

_MAX_JPEG2000_TILES = 64


def decoder_of(page: Any, segment_yx: tuple[int, int]) -> Decoder:
    """Return the function that decodes the segments of a tifffile page of this size.

    Raises
    ------
    UnfitTiffError
        When it is compressed in a way that is not read here, or states segments larger than any.
    """
    import tifffile

    compression = int(page.compression)
    if compression in _OTHER_PICTURES or (compression != 1 and compression not in tifffile.TIFF.DECOMPRESSORS):
        name = getattr(page.compression, "name", compression)
        raise UnfitTiffError(f"its pixels are compressed as {name}, which is not read here")
    _check_segment(page, segment_yx)
    if page.is_subsampled and compression not in (*_JPEG, *_JPEG2000, *_WEBP):
        return _subsampled(page, segment_yx)
    decode, tables = page.decode, {}
    if compression in _JPEG:
        tables = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
    size_of = next((size for kinds, size in _SIZES if compression in kinds), None)

    def decoded(data: bytes, index: int) -> NDArray[Any]:
        if size_of is not None:
            _check_size(size_of(data), segment_yx)
        segment = decode(data, index, **tables)[0][0]
        if compression == _JPEG2000_YCBCR and not _is_subsampled_jpeg2000(data):
            return rgb_from_ycbcr(segment[..., :3])
        return segment  # type: ignore[no-any-return]

    return decoded


def _check_segment(page: Any, segment_yx: tuple[int, int]) -> None:
    samples = int(page.samplesperpixel) if page.planarconfig == 1 else 1
    n_bytes = segment_yx[0] * segment_yx[1] * samples * page.dtype.itemsize
    stored = max(page.databytecounts, default=0)
    if n_bytes > _LARGEST_SEGMENT_BYTES or n_bytes > max(MAX_SEGMENT_BYTES, _MAX_RATIO * stored):
        what = "tiles" if page.is_tiled else "strips"
        raise UnfitTiffError(f"it states {what} of {segment_yx[1]:,} x {segment_yx[0]:,} px, more than it can hold")
    if min(segment_yx) < 1:
        raise ValueError(f"a tile of {segment_yx[1]} x {segment_yx[0]} px")


def _check_size(size_yx: tuple[int, int] | None, segment_yx: tuple[int, int]) -> None:
    if size_yx is not None and (size_yx[0] > segment_yx[0] or size_yx[1] > segment_yx[1]):
        raise ValueError(f"it claims {size_yx[1]} x {size_yx[0]} px")


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return (height, width) of a JPEG stream, or None where it has no frame header (Hamamatsu's tiles)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
        if marker == 0xDA:
            return None
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _jpeg2000_header(data: bytes) -> bytes:
    start = data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0:
        raise ValueError("no JPEG 2000 header")
    return data[start + 4 : start + 4 + 38 + 3 * 4]


def _jpeg2000_size(data: bytes) -> tuple[int, int]:
    """Return (height, width) of a JPEG 2000 stream, in which each part is as large as the whole or nearly so."""
    header = _jpeg2000_header(data)
    x_end, y_end, x, y, tile_x, tile_y = (int.from_bytes(header[i : i + 4], "big") for i in range(4, 28, 4))
    height, width = y_end - y, x_end - x
    if min(height, width, tile_x, tile_y) < 1 or -(-width // tile_x) * -(-height // tile_y) > _MAX_JPEG2000_TILES:
        raise ValueError(f"it claims {width} x {height} px in parts of {tile_x} x {tile_y}")
    return height, width


def _is_subsampled_jpeg2000(data: bytes) -> bool:
    """Return whether the colours are stored coarser than the light: the decoder then gives RGB, else YCbCr."""
    header = _jpeg2000_header(data)
    return len(header) > 43 and max(header[42:44]) > 1


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[27:30], "little") + 1, int.from_bytes(data[24:27], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    return int.from_bytes(data[28:30], "little") & 0x3FFF, int.from_bytes(data[26:28], "little") & 0x3FFF


_SIZES: tuple[tuple[tuple[int, ...], Callable[[bytes], tuple[int, int] | None]], ...] = (
    (_JPEG, jpeg_size),
    (_JPEG2000, _jpeg2000_size),
    (_WEBP, _webp_size),
)


def _subsampled(page: Any, segment_yx: tuple[int, int]) -> Decoder:
    """Return the decoder of YCbCr without JPEG whose colours are stored once for a block of pixels."""
    import tifffile

    across, down = page.subsampling or (2, 2)
    blocks_yx = -(-segment_yx[0] // down), -(-segment_yx[1] // across)
    unit = across * down + 2
    n_bytes = blocks_yx[0] * blocks_yx[1] * unit
    if page.predictor != 1 or page.planarconfig != 1 or page.dtype != np.uint8:
        raise UnfitTiffError("its YCbCr colours are stored in a way that is not read here")
    decompress = None if page.compression == 1 else tifffile.TIFF.DECOMPRESSORS[page.compression]

    def decoded(data: bytes, index: int) -> NDArray[Any]:
        plain = data if decompress is None else decompress(data, out=n_bytes)
        # The last strip of a page may have fewer rows.
        rows = min(blocks_yx[0], len(plain) // (blocks_yx[1] * unit))
        units = np.frombuffer(plain, np.uint8, rows * blocks_yx[1] * unit).reshape(rows, blocks_yx[1], unit)
        blocks = units[..., :-2].reshape(rows, blocks_yx[1], down, across).swapaxes(1, 2)
        light = blocks.reshape(rows * down, blocks_yx[1] * across)
        colour = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
        return np.concatenate([light[..., None], colour], axis=-1)[:, : segment_yx[1]]

    return decoded
