"""The domains drawn on a section's slide, and which spots lie in them."""

from pathlib import Path

import pandas as pd

from geneglass.data.annotation import ANNOTATION, Domain, off_slide, spots_in
from geneglass.data.geojson import SUFFIXES, read_domains
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray


def is_domains(path: Path) -> bool:
    """Return whether an annotation file is one of drawn regions, by its name, and not a table of labels."""
    return path.name.lower().endswith(SUFFIXES)


def section_domains(path: Path, slide: Slide | None) -> tuple[tuple[Domain, ...], tuple[str, ...]]:
    """Return the annotations of a GeoJSON file that lie on the slide, and what was left out, one sentence each.

    Cells, detections and tiles are no domains. What lies wholly outside the slide was drawn on another one.

    Raises
    ------
    InputError
        When the file can not be read or is damaged.
    """
    every, told = read_domains(path)
    domains = [domain for domain in every if domain.kind in (ANNOTATION, "tmaCore")]
    if len(domains) < len(every):
        told += (f"{len(every) - len(domains)} of {len(every)} objects of {path.name} are cells or tiles, no domains.",)
    if slide is not None:
        level = slide.levels[0]
        beyond = off_slide(domains, level.height_px, level.width_px)
        if beyond:
            left, top = (min(domain.shape.bounds[i] for domain in beyond) for i in (0, 1))
            right, bottom = (max(domain.shape.bounds[i] for domain in beyond) for i in (2, 3))
            told += (
                f"{len(beyond)} of {len(domains)} annotations of {path.name} lie wholly outside {slide.path.name} "
                f"({level.width_px} x {level.height_px} px; they span x {left:.0f} to {right:.0f}, y {top:.0f} to "
                f"{bottom:.0f}) and were left out: they belong to another slide, or to this one at another scale.",
            )
            others = {domain.id for domain in beyond}
            domains = [domain for domain in domains if domain.id not in others]
    return tuple(domains), told


def mark_spots(spots: Spots, domains: tuple[Domain, ...], centres_yx: FloatArray, file: str) -> tuple[str, ...]:
    """Write `obs["domain"]` into a table that was just opened: the name of the domain, missing outside all.

    Returns a sentence where no spot lies in a domain.
    """
    names = spots_in(domains, centres_yx)
    categories = sorted({domain.name for domain in domains})
    spots.table.obs["domain"] = pd.Categorical(names, categories=categories)
    inside = int(pd.notna(names).sum())
    return () if inside or not domains else (f"No spot lies in one of the {len(domains)} domains of {file}.",)
