"""The report of a section from its files; the window writes the same one of what it shows."""

from dataclasses import replace
from pathlib import Path

from geneglass.data.cohort import find_section
from geneglass.data.section import Section
from geneglass.data.section_domains import mark_spots, section_domains
from geneglass.workflow.config import ReportConfig
from geneglass.workflow.events import Event, Job
from geneglass.workflow.opening import open_placed
from geneglass.workflow.prediction_file import read_prediction, require_same_section
from geneglass.workflow.section_findings import SectionReport
from geneglass.workflow.section_report import section_report


def report_section(config: ReportConfig) -> Job[tuple[Path, Path]]:
    """Write the report of a predicted section and return the page and the PDF.

    Raises
    ------
    InputError
        When a file can not be read or written, the prediction is of another section, or a gene is on neither side.
    """
    prediction = read_prediction(config.prediction)
    section = yield from open_placed(find_section(config.section))
    try:
        require_same_section(prediction, section)
        if config.domains is not None:
            section = yield from _with_domains(section, config.domains)
        asked = SectionReport(section, prediction, config.genes, config.out, note=config.note)
        return (yield from section_report(asked))
    finally:
        section.close()


def _with_domains(section: Section, file: Path) -> Job[Section]:
    """Return the section with the domains of a file in place of its own; what is left out is told."""
    domains, told = section_domains(file, section.slide)
    if section.spots is not None:
        told += mark_spots(section.spots, domains, section.centres_yx, file.name)
    for sentence in told:
        yield Event("Reading domains", 0, 1, message=sentence)
    return replace(section, domains=domains)
