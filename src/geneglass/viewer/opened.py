"""What was read for the window, and how the parts of a section come together."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geneglass.data.cohort import Cohort, SectionSource
from geneglass.data.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

    from geneglass.data.annotation import Domain
    from geneglass.viewer.reopening import Reopened

KEY = "geneglass"
"""Where `Layer.metadata` holds it."""


@dataclass(frozen=True)
class Opened:
    """A section (and the cohort it was named in), or what belongs on one: a prediction, domains.

    A prediction or a layer carries it until a comparison takes it over.
    """

    section: Section | None = None
    cohort: Cohort | None = None
    prediction: "AnnData | None" = None
    domains: "tuple[Domain, ...] | None" = None
    reopened: "Reopened | None" = None
    """A saved session, which brings its own section along."""
    warnings: tuple[str, ...] = ()
    """What to know about a prediction or domains, one sentence each; a section has its own."""


def opened_of(layer: Any) -> Opened | None:
    """Return what a layer of ours was read from, or None for anybody's layer."""
    found = layer.metadata.get(KEY)
    return found if isinstance(found, Opened) else None


def joined_source(current: SectionSource | None, new: SectionSource) -> SectionSource:
    """Return a new section, together with the open one where each has just what the other lacks."""
    if current is None or current == new:
        return new
    one_slide = (current.slide is None) != (new.slide is None)
    one_table = (current.spots is None) != (new.spots is None)
    complete = any(source.slide is not None and source.spots is not None for source in (current, new))
    if complete or not (one_slide and one_table):
        return new
    slide, spots = (current, new) if current.slide is not None else (new, current)
    return replace(
        slide, spots=spots.spots, positions=spots.positions, scale=spots.scale, orientation=spots.orientation
    )


def joined(current: Section | None, new: Section) -> Section:
    """Return a new section, together with the open one where each has just what the other lacks.

    Raises
    ------
    InputError
        When slide and spots do not go together.
    """
    from geneglass.data.section import open_section

    source = joined_source(None if current is None else current.source, new.source)
    return new if source == new.source else open_section(source)
