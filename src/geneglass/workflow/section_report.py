"""The report of one section: chosen genes, domains and trust, as a page that needs no network and as a PDF."""

from pathlib import Path

from geneglass.data.atomic import atomic_path, require_writable
from geneglass.workflow.events import Event, Job
from geneglass.workflow.section_findings import SectionReport, find
from geneglass.workflow.section_html import render
from geneglass.workflow.section_pdf import write_pdf


def section_report(what: SectionReport) -> Job[tuple[Path, Path]]:
    """Write the report and return the page and the PDF.

    Raises
    ------
    InputError
        When a gene is on neither side, or a file can not be written.
    """
    pdf = what.out.with_suffix(".pdf")
    for path in (what.out, pdf):
        require_writable(path)
    yield Event("Working out the report", 0, 1)
    found = find(what)
    page = yield from render(what, found)
    with atomic_path(what.out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    yield from write_pdf(what, found, pdf)
    return what.out, pdf
