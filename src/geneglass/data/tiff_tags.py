"""What a TIFF's structure and tags say: which pages are the slide, and its micrometres per pixel."""

import math
import re
from typing import Any
from xml.etree import ElementTree

from geneglass.errors import InputError

MPP_RANGE = (0.05, 20.0)
"""A resolution tag outside this (um per pixel) is a screen's or a printer's, not a microscope's."""

_UM_PER_UNIT = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "in": 25400.0}
_NOT_THE_SLIDE = re.compile(r"label|macro|thumbnail|overview", re.IGNORECASE)
_UM_PER_RESOLUTION_UNIT = {2: 25400.0, 3: 10000.0}


def slide_pages(tif: Any) -> list[Any]:
    """Return the pages of the slide's pyramid, finest first: the largest image and its reductions.

    Labels, macro pictures and thumbnails are never among them: they have another name or another aspect,
    or are stored in strips beside a tiled slide.

    Raises
    ------
    InputError
        With a clause that says what the file holds instead.
    """
    if tif.is_bif:
        raise InputError("it is a Ventana BIF, whose tiles overlap")
    candidates = [(series, _pages(series)) for series in tif.series]
    if not candidates:
        raise ValueError("no image in it")  # the directory lies at the end of many files: cut short
    plain = [(s, pages) for s, pages in candidates if pages and not _NOT_THE_SLIDE.search(s.name or "")]
    if not plain:
        shapes = ", ".join(f"{s.axes} {'x'.join(map(str, s.shape))}" for s, _ in candidates[:3])
        raise InputError(f"it holds no plain colour picture but {shapes}")
    tiled = [item for item in plain if item[1][0].is_tiled]
    series, pages = max(tiled or plain, key=lambda item: _area(item[1][0]))
    if not tif.is_ome and tiled:
        pages = pages + [p for s, more in tiled if s is not series for p in more]
    if any(page.parent is not tif for page in pages):
        raise InputError("its pixels lie in another file of a set")
    return _shrinking(pages)


def _pages(series: Any) -> list[Any]:
    """Return one page per level where the series is one plain picture, else nothing."""
    if series.axes not in ("YX", "YXS", "SYX") or len(series.levels[0].pages) != 1:
        return []
    return [level.pages[0].aspage() for level in series.levels]


def _area(page: Any) -> int:
    return int(page.imagelength) * int(page.imagewidth)


def _shrinking(pages: list[Any]) -> list[Any]:
    kept = [max(pages, key=_area)]
    for page in sorted(pages, key=_area, reverse=True):
        finer = kept[-1]
        smaller = page.imagewidth < finer.imagewidth and page.imagelength < finer.imagelength
        if smaller and _same_picture(kept[0], page):
            kept.append(page)
    return kept


def _same_picture(base: Any, page: Any) -> bool:
    factor = base.imagewidth / page.imagewidth
    expected = base.imagelength / factor
    # One pixel of rounding in the width moves the expected height by up to base height / base width.
    tolerance = 1 + max(1.0, base.imagelength / base.imagewidth) + 0.005 * expected
    same_kind = page.samplesperpixel == base.samplesperpixel and page.dtype == base.dtype
    return bool(same_kind and abs(page.imagelength - expected) <= tolerance)


def downsample_of(base_yx: tuple[int, int], level_yx: tuple[int, int]) -> float:
    """Return how much coarser a level is: a whole number where rounding explains the sizes."""
    ratio = (base_yx[0] / level_yx[0] + base_yx[1] / level_yx[1]) / 2
    whole = round(ratio)
    explained = all(abs(base / whole - level) < 1 for base, level in zip(base_yx, level_yx, strict=True))
    return float(whole) if whole and explained else ratio


def tiff_mpp(tif: Any, page: Any) -> tuple[float | None, str]:
    """Return micrometres per pixel of the finest level, and a warning where a tag was not believed."""
    if tif.is_ome:
        found = _ome_mpp(tif.ome_metadata or "", page)
        if found:
            return found, ""
    match = re.search(r"\bMPP\s*=\s*([0-9.eE+-]+)", page.description or "")
    found = _positive(match.group(1)) if match else None
    if found:
        return found, ""
    found = _resolution_mpp(page)
    if found is None or MPP_RANGE[0] <= found <= MPP_RANGE[1]:
        return found, ""
    return None, (f"The resolution tag means {found:.4g} um per pixel, which no microscope slide has; it is ignored.")


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _ome_mpp(xml: str, page: Any) -> float | None:
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    for pixels in root.iter():
        if not pixels.tag.endswith("}Pixels"):
            continue
        if (pixels.get("SizeX"), pixels.get("SizeY")) == (str(page.imagewidth), str(page.imagelength)):
            value = _positive(pixels.get("PhysicalSizeX", ""))
            unit = _UM_PER_UNIT.get(pixels.get("PhysicalSizeXUnit", "µm"))
            return value * unit if value and unit else None
    return None


def _resolution_mpp(page: Any) -> float | None:
    unit = _UM_PER_RESOLUTION_UNIT.get(int(page.tags.valueof(296, 2)))
    sizes = []
    for tag in (282, 283):
        value = page.tags.valueof(tag)
        pixels_per_unit = value[0] / value[1] if value and value[1] else 0.0
        if unit is None or pixels_per_unit <= 0:
            return None
        sizes.append(unit / pixels_per_unit)
    square = abs(sizes[0] - sizes[1]) <= 0.02 * sizes[0]
    return (sizes[0] + sizes[1]) / 2 if square else None
