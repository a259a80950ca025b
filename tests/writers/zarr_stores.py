"""Small OME-Zarr stores, as bioformats2raw, ome-zarr-py and SpatialData lay them out."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import zarr

IMAGE = np.random.default_rng(3).integers(0, 256, (301, 470, 3), dtype=np.uint8)
"""Not square, no multiple of a chunk."""
V5 = {"zarr_format": 3, "version": "0.5"}
"""Options of `write_ome_zarr` for the newest generation."""
V04_AXES = [
    {"name": "t", "type": "time"},
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]


def halved(image: np.ndarray) -> np.ndarray:
    """Return the mean of 2 x 2 pixels of a (h, w, c) picture."""
    height, width = (n // 2 * 2 for n in image.shape[:2])
    blocks = image[:height, :width].reshape(height // 2, 2, width // 2, 2, -1)
    return blocks.mean(axis=(1, 3)).round().astype(image.dtype)


def arranged(image: np.ndarray, axes: str) -> np.ndarray:
    """Return a (h, w, c) picture with its axes in this order, others of length 1."""
    kept = [axis for axis in axes if axis in "yxc"]
    if "c" not in axes:
        image = image[..., 0]
    image = image.transpose(["yxc".index(axis) for axis in kept])
    for i, axis in enumerate(axes):
        if axis not in "yxc":
            image = np.expand_dims(image, i)
    return image


def write_ome_zarr(
    path: Path,
    image: np.ndarray,
    *,
    zarr_format: int = 2,
    version: str = "0.4",
    axes: str = "tczyx",
    n_levels: int = 2,
    chunk_px: int = 256,
    mpp: float | None = 0.5,
    key: str = "",
    extra: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    """Write a (h, w, c) picture as an OME-Zarr group with `n_levels` levels, and return the path."""
    root = zarr.open_group(path, mode="a", zarr_format=zarr_format)
    group = root.require_group(key) if key else root
    datasets = []
    for level in range(n_levels):
        array = arranged(image, axes)
        chunks = tuple(chunk_px if axis in "yx" else 1 for axis in axes)
        made = group.create_array(
            str(level), shape=array.shape, dtype=array.dtype, **{"chunks": chunks, "fill_value": 0, **options}
        )
        made[...] = array
        scale = [(mpp or 1) * 2**level if axis in "yxz" else 1 for axis in axes]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
        image = halved(image)
    named = [axis for axis in V04_AXES if axis["name"] in axes]
    named.sort(key=lambda axis: axes.index(axis["name"]))
    if mpp is None:
        named = [{k: v for k, v in axis.items() if k != "unit"} for axis in named]
    stated: Any = {"0.1": None, "0.3": list(axes)}.get(version, named)
    scales = {"version": version, "datasets": datasets, "name": "tissue", **({"axes": stated} if stated else {})}
    ome = {"multiscales": [scales], **(extra or {})}
    group.attrs.update({"ome": {"version": version, **ome}} if version == "0.5" else ome)
    return path


def write_spatialdata_image(store: Path, image: np.ndarray, *, name: str = "tissue", zarr_format: int = 2) -> Path:
    """Write an image element as SpatialData does, transformations into a named coordinate system included."""
    root = zarr.open_group(store, mode="a", zarr_format=zarr_format)
    root.attrs.update({"spatialdata_attrs": {"version": "0.2" if zarr_format == 2 else "0.3"}})
    path = store / "images" / name
    write_ome_zarr(
        store,
        image,
        zarr_format=zarr_format,
        version="0.4" if zarr_format == 2 else "0.5",
        axes="cyx",
        mpp=None,
        key=f"images/{name}",
        extra={"omero": {"channels": [{"label": label} for label in ("r", "g", "b")]}},
    )
    file = path / (".zattrs" if zarr_format == 2 else "zarr.json")
    node = json.loads(file.read_text())
    attributes = node if zarr_format == 2 else node["attributes"]["ome"]
    attributes["multiscales"][0]["coordinateTransformations"] = [
        {
            "type": "scale",
            "scale": [1.0, 7.0, 7.0],
            "input": {"axes": attributes["multiscales"][0]["axes"], "name": "cyx"},
            "output": {"axes": attributes["multiscales"][0]["axes"], "name": "global"},
        }
    ]
    file.write_text(json.dumps(node))
    return path


def zipped(folder: Path, path: Path) -> Path:
    """Write a folder into a ZIP file without compression, and return the file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for each in sorted(folder.rglob("*")):
            file.write(each, each.relative_to(folder.parent))
    return path


def node_file(path: Path) -> Path:
    """Return the file that describes an array."""
    return path / (".zarray" if (path / ".zarray").exists() else "zarr.json")


def edited(file: Path, **changes: object) -> None:
    """Change entries of a JSON file."""
    node = json.loads(file.read_text())
    file.write_text(json.dumps({**node, **changes}))


def chunk_files(path: Path) -> list[Path]:
    """Return the files of a store that hold pixels."""
    return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith((".z", "zarr.")))
