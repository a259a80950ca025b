"""What an OME-Zarr (NGFF 0.1 to 0.5) says about its pictures: axes, levels, micrometres per pixel, channels."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree

from geneglass.data.slide_choice import rivals_warning, role_of, weight
from geneglass.data.stated_mpp import believed_mpp
from geneglass.data.tiff_pages import downsample_of
from geneglass.data.zarr_array import ZarrArray, zarr_array
from geneglass.data.zarr_files import ZarrFiles, attributes

_UM_PER_UNIT = {
    "angstrom": 1e-4, "nanometer": 1e-3, "micrometer": 1.0, "millimeter": 1e3, "centimeter": 1e4, "meter": 1e6,
    "nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "mm": 1e3, "inch": 25400.0,
}  # fmt: skip
_COLOURS = (("FF0000", "00FF00", "0000FF"), ("R", "G", "B"), ("RED", "GREEN", "BLUE"))
_MAX_SIDE_PX = 2**22
_MAX_TILES = 2**23
_MAX_PICTURES = 4096
_MAX_XML_BYTES = 64 * 2**20


@dataclass(frozen=True)
class ZarrImage:
    """One picture: its levels, finest first, and where its axes lie.

    Attributes
    ----------
    levels
        Arrays with the same axes.
    axes
        One letter for each axis, of t, c, z, y and x.
    samples
        1 (grey), 3 (RGB) or 4 (RGBA).
    mpp
        Micrometres per pixel of the finest level, where stated.
    warnings
        One sentence each.
    """

    levels: tuple[ZarrArray, ...]
    axes: str
    samples: int
    mpp: float | None
    warnings: tuple[str, ...]

    def size_yx(self, level: int) -> tuple[int, int]:
        """Return height and width of a level in pixels."""
        return _size_yx(self.levels[level], self.axes)


def is_image_store(files: ZarrFiles) -> bool:
    """Return whether the root is an OME-Zarr picture, or a set of them as bioformats2raw or a plate has it."""
    found = _ome(files, "")
    return any(key in found for key in ("multiscales", "bioformats2raw.layout", "plate")) or (
        not found and "multiscales" in _ome(files, "0")
    )


def find_image(files: ZarrFiles) -> ZarrImage:
    """Return the plain colour picture of a store that is the slide, by size and pyramid.

    Never a segmentation; a label or macro picture only where it is the whole store, and its path says so too.

    Raises
    ------
    ValueError
        With a clause that says what the store holds instead.
    """
    images: list[ZarrImage] = []
    causes: list[ValueError] = []
    for key in _image_keys(files):
        try:
            images.append(_image(files, key))
        except ValueError as error:
            causes.append(error)
    if not images:
        raise causes[0] if causes else ValueError("it holds no picture of tissue")
    slide = max(images, key=lambda image: weight(image.size_yx(0), n_levels=len(image.levels)))
    rivals = rivals_warning(slide.size_yx(0), (image.size_yx(0) for image in images if image is not slide))
    return replace(slide, warnings=(*slide.warnings, rivals)) if rivals else slide


def _ome(files: ZarrFiles, key: str) -> dict[str, Any]:
    found = attributes(files, key)
    newer = found.get("ome")
    return newer if isinstance(newer, dict) else found


def _image_keys(files: ZarrFiles) -> list[str]:
    root = _ome(files, "")
    if "multiscales" in root:
        return [""]
    if "plate" in root:
        return list(_fields(files, root))
    names = [name for name in files.children("") if name.isdigit()][:_MAX_PICTURES]
    titles = _titles(files)
    numbered = sorted(names, key=int)
    return [
        name
        for index, name in enumerate(numbered)
        if "multiscales" in _ome(files, name) and not role_of(titles[index] if index < len(titles) else "")
    ]


def _fields(files: ZarrFiles, root: dict[str, Any]) -> Iterator[str]:
    for well in _entries(root["plate"].get("wells") if isinstance(root["plate"], dict) else None):
        for field in _entries((_ome(files, well).get("well") or {}).get("images")):
            yield f"{well}/{field}"


def _entries(found: Any) -> list[str]:
    listed = found if isinstance(found, list) else []
    return [str(item["path"]) for item in listed[:_MAX_PICTURES] if isinstance(item, dict) and "path" in item]


def _titles(files: ZarrFiles) -> list[str]:
    """Return the names of the pictures that bioformats2raw keeps beside them."""
    content = files.read("OME/METADATA.ome.xml", _MAX_XML_BYTES)
    if content is None:
        return []
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return []
    return [element.get("Name", "") for element in root.iter() if element.tag.endswith("}Image")]


def _image(files: ZarrFiles, key: str) -> ZarrImage:
    ome = _ome(files, key)
    try:
        scales = ome["multiscales"][0]
        prefix = f"{key}/" if key else ""
        paths = [prefix + str(item["path"]).strip("/") for item in scales["datasets"]]
        name = str(scales.get("name", ""))
        levels = [zarr_array(files, path) for path in paths]
        axes = _axes(scales.get("axes"), levels[0])
        asked_for = not key and role_of(PurePath(files.path).name)
        if "image-label" in ome or (role_of(name) and not asked_for):
            raise ValueError(f"its picture {name or key!r} is no slide")
        samples = _samples(levels[0], axes)
        kept = _shrinking(levels, axes)
        mpp, doubt = _mpp(scales, axes)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError("its description of the levels (multiscales) cannot be understood") from error
    return ZarrImage(kept, axes, samples, mpp, tuple(text for text in (doubt, _named_channels(ome, samples)) if text))


def _axes(stated: Any, array: ZarrArray) -> str:
    if not stated:
        stated = list("tczyx")
    axes = "".join(str(axis["name"] if isinstance(axis, dict) else axis)[:1].lower() for axis in stated)
    if len(axes) != len(array.shape) or len(set(axes)) != len(axes) or not {"y", "x"} <= set(axes) <= set("tczyx"):
        raise ValueError(f"its axes are {axes!r} and its finest level has {len(array.shape)}")
    return axes


def _samples(array: ZarrArray, axes: str) -> int:
    sizes = dict(zip(axes, array.shape, strict=True))
    for axis, what in (("z", "planes in depth"), ("t", "points in time")):
        if sizes.get(axis, 1) > 1:
            raise ValueError(f"it holds {sizes[axis]} {what}, not one picture")
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise ValueError(f"its pixels are {array.dtype}, not 8- or 16-bit unsigned")
    samples = sizes.get("c", 1)
    if samples not in (1, 3, 4):
        raise ValueError(f"it has {samples} channels, not RGB, RGBA or grey")
    return samples


def _shrinking(levels: list[ZarrArray], axes: str) -> tuple[ZarrArray, ...]:
    kept = levels[:1]
    base = _size_yx(levels[0], axes)
    tile = _size_yx(levels[0], axes, of_chunk=True)
    if (
        max(base) > _MAX_SIDE_PX
        or math.prod(-(-size // edge) for size, edge in zip(base, tile, strict=True)) > _MAX_TILES
    ):
        raise ValueError(
            f"it states {base[1]:,} x {base[0]:,} px in chunks of {tile[1]:,} x {tile[0]:,}, which no slide has"
        )
    for level in levels[1:]:
        size = _size_yx(level, axes) if len(level.shape) == len(axes) else (0, 0)
        factors = [whole / part if part else 0 for whole, part in zip(base, size, strict=True)]
        # Writers round up or down, by a pixel at each level.
        fits = all(
            abs(edge / downsample_of(base, size) - part) <= 3 for edge, part in zip(base, size, strict=True) if part
        )
        if not all(factors) or not fits or level.dtype.newbyteorder("=") != levels[0].dtype.newbyteorder("="):
            raise ValueError(
                f"its level {level.key!r} of {size[1]:,} x {size[0]:,} px is no smaller copy of the finest"
            )
        if all(part < finer for part, finer in zip(size, _size_yx(kept[-1], axes), strict=True)):
            kept.append(level)
    return tuple(kept)


def _size_yx(array: ZarrArray, axes: str, *, of_chunk: bool = False) -> tuple[int, int]:
    shape = array.chunk_shape if of_chunk else array.shape
    return shape[axes.index("y")], shape[axes.index("x")]


def _mpp(scales: dict[str, Any], axes: str) -> tuple[float | None, str]:
    sizes = []
    for letter in "yx":
        axis = scales["axes"][axes.index(letter)] if scales.get("axes") else None
        unit = _UM_PER_UNIT.get(str(axis.get("unit", "")).lower()) if isinstance(axis, dict) else None
        scale = _scale(scales["datasets"][0], axes, letter) * _scale(scales, axes, letter)
        if unit is None:
            return None, ""
        sizes.append(scale * unit)
    return believed_mpp(*sizes)


def _scale(item: dict[str, Any], axes: str, letter: str) -> float:
    """Return the scale of one axis, without steps into a named coordinate system, as SpatialData has them."""
    for step in item.get("coordinateTransformations") or []:
        if step.get("type") == "scale" and "output" not in step and isinstance(step.get("scale"), list):
            return float(step["scale"][axes.index(letter)])
    return 1.0


def _named_channels(ome: dict[str, Any], samples: int) -> str:
    omero = ome.get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    if samples != 3 or not isinstance(channels, list) or not all(isinstance(channel, dict) for channel in channels):
        return ""
    colours = tuple(str(channel.get("color", "")).upper().lstrip("#") for channel in channels)
    labels = tuple(str(channel.get("label", "")) for channel in channels)
    plain = colours in _COLOURS or tuple(text.upper() for text in labels) in _COLOURS or not any(colours)
    return "" if plain else f"Its channels {', '.join(labels)} are taken as red, green and blue."
