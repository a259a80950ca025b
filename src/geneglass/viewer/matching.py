"""Whether a prediction and a section belong together, and where the cohort of a lone section lies."""

from pathlib import Path
from typing import TYPE_CHECKING

from geneglass.data.cohort import SectionSource
from geneglass.data.section import Section
from geneglass.data.section_domains import mark_spots
from geneglass.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from geneglass.data.annotation import Domain


def own_cohort_path(source: SectionSource) -> Path:
    """Return where the cohort of a lone section would be written, should training need the file."""
    from platformdirs import user_data_path

    return user_data_path("geneglass", appauthor=False) / "cohorts" / f"{source.name}.toml"


def require_same_section(prediction: "AnnData", section: Section) -> None:
    """Check that a prediction is of this section: by the slide's digest, else by its file name, else by spot names.

    Raises
    ------
    InputError
        When it is of another one.
    """
    stated = dict(prediction.uns.get("geneglass", {}))
    shares_spots = section.spots is not None and prediction.obs_names.isin(section.spots.table.obs_names).any()
    same_slide = section.slide is not None and (
        stated.get("slide_hash") == section.slide.content_hash()
        if stated.get("slide_hash")
        else stated.get("slide") == section.slide.path.name
    )
    if not (same_slide or (shares_spots and not stated.get("slide_hash"))):
        raise InputError(
            f"The prediction is of section {stated.get('section', 'unknown')!r}, not of {section.name!r}: "
            "open the section it was made for."
        )


def place_domains(section: Section, *, drawn: bool = False) -> "tuple[Domain, ...]":
    """Return the domains of a section, after its spots were told the one they lie in (`obs["domain"]`).

    Without domains a column that came with the spots stays, unless they were `drawn` here and taken away again.
    """
    if section.spots is not None and (section.domains or drawn):
        mark_spots(section.spots, section.domains, section.centres_yx, "the window")
    return section.domains
