"""Pictures of a SpatialData store, and the pixels in which the centres of its shapes are told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.ngff_transform import Matrix, matrix_of, pure_scale, systems_of
from geneglass.data.slide_choice import named_otherwise, role_of
from geneglass.data.spots import Picture
from geneglass.data.zarr_tables import open_zarr
from geneglass.errors import InputError

_COLOUR_CHANNELS = (3, 4)


@dataclass(frozen=True)
class Frame:
    """The picture that positions belong to.

    Attributes
    ----------
    to_pixels
        From the shapes' own coordinates to pixels of that picture.
    pictures
        Pictures on that scale, largest first.
    warnings
        Pictures that were left out, one sentence each.
    """

    to_pixels: Matrix
    pictures: tuple[Picture, ...]
    warnings: tuple[str, ...]


def frame_of(store: Path, shapes: dict[str, Matrix]) -> Frame:
    """Return the frame of shapes that share a coordinate system with the pictures of a store.

    Centres are told in pixels of the picture that shows most detail. Where every picture is a smaller copy of one
    that is not there (Visium's hires and lowres without the full resolution), they stay in pixels of that one.

    Parameters
    ----------
    store
        The SpatialData folder.
    shapes
        Matrix from the shapes' own coordinates to each coordinate system that they are set in.
    """
    found, told = _found(store / "images", shapes)
    scales = [pure_scale(matrix) for _, matrix in found]
    if all(scale is not None and scale < 1 for scale in scales):
        to_pixels = np.eye(3)
    else:
        to_pixels = max((matrix for _, matrix in found), key=lambda matrix: abs(np.linalg.det(matrix)))
    pictures = []
    for path, matrix in found:
        scale = pure_scale(matrix @ np.linalg.inv(to_pixels))
        if scale is None:
            told.append(f"The picture {path.name} was left out: it is turned or shifted against the largest one.")
        else:
            pictures.append(Picture(path.name, scale, path=path))
    return Frame(to_pixels, tuple(sorted(pictures, key=lambda picture: -picture.scale)), tuple(told))


def _found(folder: Path, shapes: dict[str, Matrix]) -> tuple[list[tuple[Path, Matrix]], list[str]]:
    """Return the pictures that share a coordinate system with the shapes, and why others were left out."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    paths = [path for path in paths if path.is_dir() and not path.name.startswith(".")]
    found, told = [], list(named_otherwise((path.name for path in paths), folder.parent.name))
    for path in paths:
        if role_of(path.name):
            continue
        try:
            found.append((path, _to_pixels(path, shapes)))
        except (InputError, _LeftOutError) as why:
            told.append(f"The picture {path.name} was left out: {str(why).rstrip('.')}.")
    return found, told


class _LeftOutError(Exception):
    """Why a picture has nothing to do with the shapes."""


def _to_pixels(path: Path, shapes: dict[str, Matrix]) -> Matrix:
    """Return the matrix from the shapes' own coordinates to pixels of level 0 of a picture."""
    with open_zarr(path, "an OME-Zarr picture") as group:
        attributes: Any = group.attrs.asdict()
        multiscale = attributes.get("ome", attributes)["multiscales"][0]
        if role_of(str(multiscale.get("name", ""))):
            raise _LeftOutError(f"it calls itself {str(multiscale['name'])!r}")
        level = multiscale["datasets"][0]
        axes = [str(axis["name"]) for axis in multiscale["axes"]]
        array: Any = group[level["path"]]
        channels = array.shape[axes.index("c")] if "c" in axes else 1
        if channels not in _COLOUR_CHANNELS:
            raise _LeftOutError(f"it has {channels} channels, and H&E has 3")
        pixels = np.eye(3)
        for step in level.get("coordinateTransformations", ()):
            pixels = matrix_of(step, axes) @ pixels
        systems = systems_of(multiscale.get("coordinateTransformations", ()), axes)
    shared = [name for name in systems if name in shapes]
    if not shared:
        raise _LeftOutError("it shares no coordinate system with the spots")
    return np.asarray(np.linalg.inv(systems[shared[0]] @ pixels) @ shapes[shared[0]], dtype=np.float64)
