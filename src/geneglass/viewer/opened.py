"""What a reader found, carried by the layer it returns until a comparison takes it over."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geneglass.data.cohort import Cohort
from geneglass.data.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

KEY = "geneglass"
"""Where `Layer.metadata` holds it."""


@dataclass(frozen=True)
class Opened:
    """A section (and the cohort it was named in), or a prediction of a section that may not be open yet."""

    section: Section | None = None
    cohort: Cohort | None = None
    prediction: "AnnData | None" = None


def opened_of(layer: Any) -> Opened | None:
    """Return what a layer of ours was read from, or None for anybody's layer."""
    found = layer.metadata.get(KEY)
    return found if isinstance(found, Opened) else None


def joined(current: Section | None, new: Section) -> Section:
    """Return a new section, together with the open one where each has just what the other lacks.

    Raises
    ------
    InputError
        When slide and spots do not go together.
    """
    from geneglass.data.section import open_section

    if current is None or current.source == new.source:
        return new
    a, b = current.source, new.source
    one_slide = (a.slide is None) != (b.slide is None)
    one_table = (a.spots is None) != (b.spots is None)
    complete = any(source.slide is not None and source.spots is not None for source in (a, b))
    if complete or not (one_slide and one_table):
        return new
    slide, spots = (a, b) if a.slide is not None else (b, a)
    return open_section(replace(slide, spots=spots.spots, positions=spots.positions, scale=spots.scale))
