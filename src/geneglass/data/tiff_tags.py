"""Micrometres per pixel, as the tags and descriptions of a TIFF state them."""

import math
import re
from typing import Any
from xml.etree import ElementTree

MPP_RANGE = (0.05, 20.0)
"""A resolution tag outside this (um per pixel) is a screen's or a printer's, not a microscope's."""

_UM_PER_UNIT = {"nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "in": 25400.0}
_UM_PER_RESOLUTION_UNIT = {2: 25400.0, 3: 10000.0}


def resolution_mpp(page: Any) -> tuple[float | None, str]:
    """Return what the resolution tags mean, and a warning where that is not believed."""
    found = _resolution_mpp(page)
    if found is None or MPP_RANGE[0] <= found <= MPP_RANGE[1]:
        return found, ""
    return None, (f"The resolution tag means {found:.4g} um per pixel, which no microscope slide has; it is ignored.")


def described_mpp(page: Any) -> float | None:
    """Return the "MPP = ..." that Aperio and those who imitate it write into the description."""
    match = re.search(r"\bMPP\s*=\s*([0-9.eE+-]+)", page.description or "")
    return positive(match.group(1)) if match else None


def ome_mpp(xml: str, page: Any) -> float | None:
    """Return the physical size that an OME header states for the image of this page's size."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    for pixels in root.iter():
        if not pixels.tag.endswith("}Pixels"):
            continue
        if (pixels.get("SizeX"), pixels.get("SizeY")) == (str(page.imagewidth), str(page.imagelength)):
            value = positive(pixels.get("PhysicalSizeX", ""))
            unit = _UM_PER_UNIT.get(pixels.get("PhysicalSizeXUnit", "µm"))
            return value * unit if value and unit else None
    return None


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
