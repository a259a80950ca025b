"""Axis order and units, defined here once.

Files and AnnData hold (x, y); arrays in memory hold (y, x). A name always carries its suffix
(`_xy`, `_yx`) and unit (`_px` of the full-resolution slide unless a level is named, `_um`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
"""Values, features and coordinates: float32, rows are spots or tiles."""

UInt8Array = NDArray[np.uint8]
"""Pixels: (height, width, 3) or (n, height, width, 3), RGB."""


@dataclass(frozen=True)
class Level:
    """One level of a slide's pyramid; level 0 is the full resolution."""

    height_px: int
    width_px: int
    downsample: float
    """Level-0 pixels per pixel of this level, >= 1."""


@dataclass(frozen=True)
class Region:
    """A rectangle of one level, in pixels of that level; may reach beyond the slide."""

    level: int
    top_px: int
    left_px: int
    height_px: int
    width_px: int


@dataclass(frozen=True)
class PatchSpec:
    """One square field of view, resampled to `size_px`."""

    size_um: float
    """Edge of the field of view; with `native` it is ignored and `size_px` level-0 pixels are cut."""
    size_px: int
    native: bool = False


@dataclass(frozen=True)
class Platform:
    """What is known of a spot platform: its spot diameter and the distance of neighbouring centres."""

    name: str
    spot_diameter_um: float
    pitch_um: float


LEGACY_ST = Platform("legacy ST", spot_diameter_um=100.0, pitch_um=200.0)
VISIUM = Platform("Visium", spot_diameter_um=55.0, pitch_um=100.0)


def visium_hd(bin_um: float) -> Platform:
    """Return Visium HD in bins of an edge: squares that fill the area, so that size and pitch are one."""
    return Platform(f"Visium HD {bin_um:g} um", spot_diameter_um=bin_um, pitch_um=bin_um)
