"""Large slides for the benchmarks: painted grain of tissue, and a very large one of a few repeated tiles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.pyramid import RowBands, write_pyramid
from geneglass.data.types import UInt8Array

MPP = 0.5


def tissue_tile(edge_px: int) -> UInt8Array:
    """Return an (edge, edge, 3) picture with the grain of stained tissue, that repeats without a seam."""
    rng = np.random.default_rng(0)
    density = sum(_grain(rng, edge_px, cells) for cells in (16, 128, 512)) / 3
    nuclei = _grain(rng, edge_px, 256) > 0.72
    colour = np.stack([225 - 70 * density, 160 - 90 * density, 205 - 45 * density], axis=-1)
    colour[nuclei] = (85, 60, 130)
    return (colour + rng.normal(0, 6, colour.shape)).clip(0, 255).astype(np.uint8)


def _grain(rng: np.random.Generator, edge_px: int, cells: int) -> np.ndarray:
    from scipy import ndimage

    coarse = rng.random((cells, cells))
    return np.clip(ndimage.zoom(coarse, edge_px / cells, order=1, mode="grid-wrap", grid_mode=True), 0, 1)


def bands(height_px: int, width_px: int, tile: UInt8Array) -> Iterator[UInt8Array]:
    """Yield a slide of that tile in bands, turned by a few pixels in each so that no two tiles are equal."""
    edge = tile.shape[0]
    repeats = -(-width_px // edge) + 1
    for index, top in enumerate(range(0, height_px, 256)):
        rows = tile[top % edge : top % edge + 256]
        wide = np.tile(np.roll(rows, 37 * index, axis=1), (1, repeats, 1))
        yield wide[: height_px - top, :width_px]


def paint(path: Path, height_px: int, width_px: int) -> None:
    """Write a JPEG-tiled pyramid of that size, in which no two tiles are equal."""
    source = bands(height_px, width_px, tissue_tile(2048))
    write_pyramid(path, RowBands(height_px, width_px, source), MPP, quality=80)


def repeat(path: Path, height_px: int, width_px: int, *, tile_px: int = 512) -> None:
    """Write a pyramid of plain TIFF pages quickly: 16 encoded JPEG tiles, repeated over every level."""
    import tifffile
    from imagecodecs import jpeg8_encode

    picture = tissue_tile(4 * tile_px)
    parts = [
        picture[y : y + tile_px, x : x + tile_px]
        for y in range(0, 4 * tile_px, tile_px)
        for x in range(0, 4 * tile_px, tile_px)
    ]
    encoded = [jpeg8_encode(np.ascontiguousarray(part), level=30) for part in parts]
    options: dict[str, Any] = {"tile": (tile_px, tile_px), "photometric": "ycbcr", "compression": "jpeg"}
    options |= {
        "resolution": (1e4 / MPP, 1e4 / MPP),
        "resolutionunit": "CENTIMETER",
        "metadata": None,
        "dtype": "uint8",
    }
    options |= {"subsampling": (2, 2)}
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        level = 0
        while level == 0 or max(height_px, width_px) > 700:
            n_tiles = -(-height_px // tile_px) * -(-width_px // tile_px)
            tiles = (encoded[(7 * i) % 16] for i in range(n_tiles))
            writer.write(tiles, shape=(height_px, width_px, 3), subfiletype=int(level > 0), **options)
            height_px, width_px, level = height_px // 2, width_px // 2, level + 1


def write_zarr(path: Path, height_px: int, width_px: int, *, chunk_px: int = 512) -> None:
    """Write an OME-Zarr of one level as scanners' converters do: one channel a chunk, compressed with Blosc."""
    import numcodecs
    import zarr

    group = zarr.open_group(path, mode="w", zarr_format=2)
    array = group.create_array(
        "0",
        shape=(1, 3, 1, height_px, width_px),
        chunks=(1, 1, 1, chunk_px, chunk_px),
        dtype="uint8",
        compressors=numcodecs.Blosc(cname="lz4", shuffle=numcodecs.Blosc.SHUFFLE),
    )
    rows, top = [], 0
    for band in bands(height_px, width_px, tissue_tile(2048)):
        rows.append(band)
        if sum(map(len, rows)) >= chunk_px or top + sum(map(len, rows)) == height_px:
            whole = np.concatenate(rows)
            array[0, :, 0, top : top + len(whole)] = np.moveaxis(whole, -1, 0)
            rows, top = [], top + len(whole)
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, MPP, MPP]}]}]
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "tczyx"]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
