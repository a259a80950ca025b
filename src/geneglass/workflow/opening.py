"""Opening a section for work on its spots: what lies beside its tissue is refused before hours are spent on it."""

from geneglass.data.cohort import SectionSource
from geneglass.data.section import Section, open_section, require_placement
from geneglass.errors import InputError
from geneglass.workflow.events import Event, Job


def open_placed(source: SectionSource, number: int = 0, total: int = 1) -> Job[Section]:
    """Open a section whose spots lie where they were measured; doubts are told as messages.

    Parameters
    ----------
    source
        The section.
    number, total
        Its place among those that are opened.

    Raises
    ------
    InputError
        When it can not be opened, or its spots lie mirrored, turned, exchanged or on another scale.
    """
    stage = "Opening sections" if total > 1 else "Opening the section"
    yield Event(stage, number, total)
    section = open_section(source)
    try:
        doubts = require_placement(section)
    except InputError:
        section.close()
        raise
    for doubt in (*section.preview_told, *doubts):
        yield Event(stage, number, total, message=doubt)
    return section
