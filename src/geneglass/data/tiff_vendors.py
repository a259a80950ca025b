"""What the scanners' own kinds of TIFF hold: each has its way to say which pages are the slide, and its scale."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from geneglass.data.stated_mpp import StatedMpp, chosen, stated_by
from geneglass.data.tiff_file import UnfitTiffError
from geneglass.data.tiff_pages import (
    Stack,
    TiffContents,
    area,
    downsamples_of,
    other_pictures,
    page_role,
    rivals_warning,
    slide_stack,
)
from geneglass.data.tiff_tags import described_mpp, ome_mpp, positive, resolution_mpp

_NDPI_LENS = 65421
_NDPI_FOCUS = 65424
_XMP = 700
_BIF_ADVICE = "install the OpenSlide reader, which joins them (pip install 'geneglass[openslide]'), or export it anew"


def vendor_of(tif: Any) -> str:
    """Return the name of the slide format that a TIFF is of, "tiff" where it is of no scanner's own."""
    if tif.is_ome:
        return "tiff"
    return next((name for name in VENDORS if getattr(tif, f"is_{name}")), "tiff")


def contents_of(tif: Any) -> TiffContents:
    """Return what a TIFF holds.

    Raises
    ------
    UnfitTiffError
        When none of it is a slide that can be read here.
    """
    contents = VENDORS.get(vendor_of(tif), _any_tiff)(tif)
    if any(page.parent is not tif for page in contents.levels):
        raise UnfitTiffError("its pixels lie in another file of a set")
    return contents


def _any_tiff(tif: Any) -> TiffContents:
    series = tif.series
    if not series:
        raise ValueError("no image in it")  # the directory lies at the end of many files: cut short
    stacks = [Stack(each.name or "", pages) for each in series if (pages := _series_pages(each))]
    if not stacks:
        shapes = ", ".join(f"{s.axes} {'x'.join(map(str, s.shape))}" for s in series[:3])
        raise UnfitTiffError(f"it holds no plain colour picture but {shapes}")
    levels = slide_stack(stacks, merge=not tif.is_ome)
    described = described_mpp(levels[0])
    return _contents(stacks, levels, *([ome_mpp(tif.ome_metadata or "", levels[0])] if tif.is_ome else []), described)


def _series_pages(series: Any) -> tuple[Any, ...]:
    """Return one page per level where the series is one plain picture, else nothing."""
    if series.axes not in ("YX", "YXS", "SYX") or len(series.levels[0].pages) != 1:
        return ()
    return tuple(level.pages[0].aspage() for level in series.levels)


def _svs(tif: Any) -> TiffContents:
    """Aperio: tiled pages are levels, except those that are marked as reduced; the label and macro are in strips."""
    stacks = [Stack(_svs_role(page), (page,)) for page in _pages(tif)]
    levels = slide_stack(stacks, merge=True)
    return _contents(stacks, levels, described_mpp(levels[0]))


def _svs_role(page: Any) -> str:
    if page.is_reduced:
        return page_role(page) or "label"
    return "thumbnail" if page.index == 1 and not page.is_tiled else ""


def _ndpi(tif: Any) -> TiffContents:
    """Hamamatsu: a level states its lens; -1 means the macro, -2 the map; other focal planes have an offset."""
    pages = _pages(tif)
    roles = {-1.0: "macro", -2.0: "map"}
    stacks = [Stack(roles.get(page.tags.valueof(_NDPI_LENS, 1.0), ""), (page,)) for page in pages]
    in_focus = [stack for stack in stacks if not stack.role and not stack.pages[0].tags.valueof(_NDPI_FOCUS, 0)]
    if not in_focus:
        raise UnfitTiffError("it holds no picture of the tissue in focus")
    finest_first = sorted((stack.pages[0] for stack in in_focus), key=area, reverse=True)
    levels = slide_stack([Stack("", tuple(finest_first))], merge=False)
    for page in levels:
        if page.is_tiled and page.imagewidth % page.tilewidth:
            raise UnfitTiffError("the restart marks of its JPEG do not meet the picture's edge")
    return _contents(stacks, levels)


def _scn(tif: Any) -> TiffContents:
    """Leica: XML lists the images with their pages; the one that covers the whole collection is the macro."""
    root = ElementTree.fromstring(tif.pages.first.description)
    pages = _pages(tif)
    stacks, scales = [], {}
    for collection in _children(root, "collection"):
        whole = (collection.get("sizeX"), collection.get("sizeY"))
        for image in _children(collection, "image"):
            view, pixels = _child(image, "view"), _child(image, "pixels")
            numbers = [int(each.get("ifd", 0)) for each in _children(pixels, "dimension") if each.get("z", "0") == "0"]
            if len({each.get("c", "0") for each in _children(pixels, "dimension")}) > 1:
                continue  # fluorescence: one page per channel
            is_macro = (view.get("sizeX"), view.get("sizeY")) == whole
            stack = Stack("macro" if is_macro else "", tuple(pages[number] for number in numbers))
            stacks.append(stack)
            scales[stack.pages[0].offset] = stated_by("Leica header", *(_scn_um(view, pixels, axis) for axis in "YX"))
    if not stacks:
        raise UnfitTiffError("its XML lists no colour picture")
    levels = slide_stack(stacks, merge=False)
    return _contents(stacks, levels, scales[levels[0].offset])


def _scn_um(view: Any, pixels: Any, axis: str) -> float | None:
    nanometres, length = (positive(each.get(f"size{axis}", "")) for each in (view, pixels))
    return nanometres / length / 1000 if nanometres and length else None


def _bif(tif: Any) -> TiffContents:
    """Ventana: levels are named in their descriptions; where the tiles overlap, the pixels are not in their place."""
    pages = _pages(tif)
    stacks = [Stack("", (page,)) for page in pages]
    levels = [page for page in pages if re.match(r"level\s*=", page.description or "") and page.is_tiled]
    if not levels:
        raise UnfitTiffError("it is a Ventana BIF without a level")
    joints = re.findall(rb"<TileJointInfo\b[^>]*>", _xmp(levels[0]))
    overlaps = [float(each) for joint in joints for each in re.findall(rb'\bOverlap[XY]\s*=\s*"([-0-9.]+)"', joint)]
    if not overlaps or any(overlaps):
        how = "overlap" if overlaps else "overlap by amounts it does not state"
        raise UnfitTiffError(f"it is a Ventana BIF whose tiles {how}", _BIF_ADVICE)
    scan = re.search(rb'\bScanRes\s*=\s*"([0-9.]+)"', b"".join(_xmp(page) for page in pages))
    pyramid = slide_stack([Stack("", tuple(levels))], merge=False)
    mpp = positive(scan.group(1).decode()) if scan else None
    return _contents(stacks, pyramid, stated_by("Ventana header", mpp, mpp))


def _philips(tif: Any) -> TiffContents:
    """Philips: levels are padded to whole tiles; their true sizes follow from the pixel spacings in the XML."""
    series = tif.series
    stacks = [Stack(each.name or "", tuple(level.pages[0].aspage() for level in each.levels)) for each in series]
    base = next((stack for stack in stacks if stack.name == "Baseline"), None)
    spacings = re.findall(r'"DICOM_PIXEL_SPACING"[^>]*>\s*([^<]+)<', tif.philips_metadata or "")
    sizes = [[positive(part) for part in text.replace("&quot;", " ").replace('"', " ").split()] for text in spacings]
    mm = [size[0] for size in sizes if size]
    if base is None or len(mm) < len(base.pages) or None in mm:
        raise UnfitTiffError("its Philips header does not state the pixel spacing of every level")
    known = [each for each in mm if each is not None]
    downsamples = tuple(float(round(each / known[0])) for each in known[: len(base.pages)])
    sides = [1000 * side for side in next(filter(None, sizes)) if side is not None]
    stated = stated_by("Philips header", sides[0], sides[-1])
    return replace(_contents(stacks, base.pages, stated), downsamples=downsamples)


VENDORS: dict[str, Callable[[Any], TiffContents]] = {
    "philips": _philips,
    "bif": _bif,
    "ndpi": _ndpi,
    "scn": _scn,
    "svs": _svs,
}
"""The scanners' own kinds, in the order in which they are asked, each under the name of its slide format."""


def _contents(stacks: list[Stack], levels: tuple[Any, ...], *stated: StatedMpp) -> TiffContents:
    mpp, contradicting, doubts = chosen((*stated, resolution_mpp(levels[0])))
    rivals = rivals_warning(stacks, levels)
    warnings = (*doubts, rivals) if rivals else doubts
    return TiffContents(levels, downsamples_of(levels), mpp, warnings, other_pictures(stacks, levels), contradicting)


def _pages(tif: Any) -> list[Any]:
    return [page.aspage() for page in tif.pages]


def _xmp(page: Any) -> bytes:
    value = page.tags.valueof(_XMP)
    return value if isinstance(value, bytes) else str(value or "").encode()


def _children(element: Any, name: str) -> list[Any]:
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def _child(element: Any, name: str) -> Any:
    return next(iter(_children(element, name)), ElementTree.Element(name))
