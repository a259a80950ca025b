"""A small tiled TIFF of any kind that tifffile writes."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

RNG = np.random.default_rng(11)
IMAGE = np.kron(RNG.integers(30, 226, (21, 31, 3), dtype=np.uint8), np.ones((10, 10, 1), dtype=np.uint8))[:205]
"""205 x 310 px: not square, no multiple of the tile."""


def write_tiled(path: Path, image: np.ndarray = IMAGE, **options: Any) -> Path:
    """Write a picture in tiles of 64 x 48 px, unless told otherwise, and return the path."""
    tifffile.imwrite(path, image, **{"tile": (64, 48), "photometric": "rgb", **options})
    return path
