"""Micrometres per pixel, as the tags and descriptions of a TIFF state them."""

import math
import re
from typing import Any
from xml.etree import ElementTree

from geneglass.data.stated_mpp import StatedMpp, stated_by

_UM_PER_UNIT = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "in": 25400.0}
_UM_PER_RESOLUTION_UNIT = {2: 25400.0, 3: 10000.0}


def resolution_mpp(page: Any) -> StatedMpp:
    """Return what the resolution tags mean."""
    unit = _UM_PER_RESOLUTION_UNIT.get(int(page.tags.valueof(296, 2)))
    sizes = []
    for tag in (283, 282):
        value = page.tags.valueof(tag)
        pixels_per_unit = value[0] / value[1] if value and value[1] else 0.0
        sizes.append(unit / pixels_per_unit if unit and pixels_per_unit > 0 else None)
    return stated_by("resolution tag", *sizes)


def described_mpp(page: Any) -> StatedMpp:
    """Return the "MPP = ..." that Aperio and those who imitate it write into the description."""
    match = re.search(r"\bMPP\s*=\s*([0-9.eE+-]+)", page.description or "")
    mpp = positive(match.group(1)) if match else None
    return stated_by("description", mpp, mpp)


def ome_mpp(xml: str, page: Any) -> StatedMpp:
    """Return the physical size that an OME header states for the image of this page's size."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        root = ElementTree.Element("none")
    size = (str(page.imagewidth), str(page.imagelength))
    images = (each for each in root.iter() if each.tag.endswith("}Pixels"))
    pixels = next((each for each in images if (each.get("SizeX"), each.get("SizeY")) == size), root)
    width_um = _physical(pixels, "X")
    # Some writers state the one side of a square pixel.
    height_um = width_um if pixels.get("PhysicalSizeY") is None else _physical(pixels, "Y")
    return stated_by("OME header", height_um, width_um)


def positive(text: str) -> float | None:
    """Return a positive finite number, or None where the text is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def orientation_warning(orientation: int) -> str:
    """Return the sentence about a picture that asks to be turned, or nothing where it does not."""
    if orientation == 1:
        return ""
    return f"The orientation tag ({orientation}) is not applied: positions count pixels as they are stored."


def _physical(pixels: ElementTree.Element, axis: str) -> float | None:
    value = positive(pixels.get(f"PhysicalSize{axis}", ""))
    unit = _UM_PER_UNIT.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    return value * unit if value and unit else None
