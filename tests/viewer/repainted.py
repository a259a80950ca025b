"""A slide of which something else was made, as the only section of a cohort."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from geneglass.data.cohort import Cohort, SectionSource, write_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.data.section import open_section
from geneglass.data.types import Region, UInt8Array


def repainted(source: SectionSource, folder: Path, made: Callable[[UInt8Array], UInt8Array], mpp: float | None) -> Path:
    """Return the cohort of one section whose slide has other pixels; without their size, nor spots to tell it by."""
    section = open_section(source)
    assert section.slide is not None
    level = section.slide.levels[0]
    pixels = section.slide.read(Region(0, 0, 0, level.height_px, level.width_px))
    section.close()
    slide = folder / "changed.png" if mpp is None else folder / "changed.ome.tif"
    if mpp is None:
        Image.fromarray(made(pixels)).save(slide)
    else:
        write_pyramid(slide, made(pixels), mpp, tile=128)
    changed = replace(source, slide=slide, name="changed", spots=None if mpp is None else source.spots)
    write_cohort(Cohort(folder / "cohort.toml", (changed,)))
    return folder / "cohort.toml"


def green(pixels: UInt8Array) -> UInt8Array:
    return np.ascontiguousarray(pixels[..., [1, 0, 2]])
