"""A small DICOM whole-slide image, written from the standard: uncompressed RGB in full tiles, one file a level."""

import struct
from pathlib import Path

import numpy as np

_WSI = "1.2.840.10008.5.1.4.1.1.77.1.6"
_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_LONG = ("OB", "OW", "SQ", "UN")


def _element(tag: tuple[int, int], kind: str, value: bytes | str | int | list) -> bytes:
    if kind == "SQ":
        items = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in value)
        value = items
    elif isinstance(value, str):
        value = value.encode()
        value += (b"\0" if kind == "UI" else b" ") * (len(value) % 2)
    elif isinstance(value, int):
        value = struct.pack("<H" if kind == "US" else "<I", value)
    head = struct.pack("<HH", *tag) + kind.encode()
    return head + (struct.pack("<HI", 0, len(value)) if kind in _LONG else struct.pack("<H", len(value))) + value


def _joined(*elements: tuple[tuple[int, int], str, object]) -> bytes:
    return b"".join(_element(*each) for each in sorted(elements, key=lambda each: each[0]))


def write_dicom(
    path: Path, image: np.ndarray, *, mpp: float = 0.5, tile: int = 128, series: str = "1.2.3.1", number: int = 1
) -> Path:
    """Write a (h, w, 3) uint8 picture as one level of the series, and return the path.

    Parameters
    ----------
    mpp
        Of this level.
    number
        Of the level in its series; 1 is the finest, coarser ones are marked as resampled.
    """
    height, width = image.shape[:2]
    down, across = -(-height // tile), -(-width // tile)
    padded = np.full((down * tile, across * tile, 3), 255, np.uint8)
    padded[:height, :width] = image
    frames = padded.reshape(down, tile, across, tile, 3).swapaxes(1, 2).tobytes()
    identity = f"{series}.{number}"
    spacing = _joined(((0x28, 0x30), "DS", f"{mpp / 1000:.7f}\\{mpp / 1000:.7f}"))
    shared = _joined(((0x28, 0x9110), "SQ", [spacing]))
    path_of_light = _joined(((0x48, 0x106), "SH", "1"))
    flavour = "NONE" if number == 1 else "RESAMPLED"
    body = _joined(
        ((0x08, 0x08), "CS", f"{'ORIGINAL' if number == 1 else 'DERIVED'}\\PRIMARY\\VOLUME\\{flavour}"),
        ((0x08, 0x16), "UI", _WSI),
        ((0x08, 0x18), "UI", identity),
        ((0x08, 0x60), "CS", "SM"),
        ((0x20, 0x0D), "UI", "1.2.3"),
        ((0x20, 0x0E), "UI", series),
        ((0x20, 0x13), "IS", str(number)),
        ((0x20, 0x52), "UI", "1.2.3.9"),
        ((0x20, 0x9311), "CS", "TILED_FULL"),
        ((0x28, 0x02), "US", 3),
        ((0x28, 0x04), "CS", "RGB"),
        ((0x28, 0x06), "US", 0),
        ((0x28, 0x08), "IS", str(down * across)),
        ((0x28, 0x10), "US", tile),
        ((0x28, 0x11), "US", tile),
        ((0x28, 0x100), "US", 8),
        ((0x28, 0x101), "US", 8),
        ((0x28, 0x102), "US", 7),
        ((0x28, 0x103), "US", 0),
        ((0x48, 0x06), "UL", width),
        ((0x48, 0x07), "UL", height),
        ((0x48, 0x105), "SQ", [path_of_light]),
        ((0x48, 0x303), "UL", 1),
        ((0x5200, 0x9229), "SQ", [shared]),
        ((0x7FE0, 0x10), "OW", frames),
    )
    meta = _joined(
        ((0x02, 0x01), "OB", b"\0\1"),
        ((0x02, 0x02), "UI", _WSI),
        ((0x02, 0x03), "UI", identity),
        ((0x02, 0x10), "UI", _EXPLICIT_LITTLE_ENDIAN),
        ((0x02, 0x12), "UI", "1.2.3.4"),
    )
    path.write_bytes(bytes(128) + b"DICM" + _element((0x02, 0x00), "UL", len(meta)) + meta + body)
    return path
