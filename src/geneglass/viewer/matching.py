"""What belongs to a section: the cohort of a lone one, and which spots lie in its domains."""

from pathlib import Path
from typing import TYPE_CHECKING

from geneglass.data.cohort import SectionSource
from geneglass.data.section import Section
from geneglass.data.section_domains import mark_spots

if TYPE_CHECKING:
    from geneglass.data.annotation import Domain


def own_cohort_path(source: SectionSource) -> Path:
    """Return where the cohort of a lone section would be written, should training need the file."""
    from platformdirs import user_data_path

    return user_data_path("geneglass", appauthor=False) / "cohorts" / f"{source.name}.toml"


def place_domains(section: Section, *, drawn: bool = False) -> "tuple[Domain, ...]":
    """Return the domains of a section, after its spots were told the one they lie in (`obs["domain"]`).

    Without domains a column that came with the spots stays, unless they were `drawn` here and taken away again.
    """
    if section.spots is not None and (section.domains or drawn):
        mark_spots(section.spots, section.domains, section.centres_yx, "the window")
    return section.domains
