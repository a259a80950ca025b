"""What geneglass reads in a slide, a spot table or a cohort, told before anything is trained on it."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geneglass.data.cohort import SectionSource, find_section, is_cohort, read_cohort
from geneglass.data.section import Section, open_anyway
from geneglass.data.sisters import sister_sentences
from geneglass.errors import InputError
from geneglass.workflow.check_facts import SectionReport, broken_report, section_report
from geneglass.workflow.check_picture import check_picture
from geneglass.workflow.config import MIN_COUNTS


@dataclass(frozen=True)
class Checked:
    """What was read of everything that was named.

    Attributes
    ----------
    sections
        One report per section; faults stand in the reports.
    sisters
        Sections that are not independent of each other, one sentence each.
    """

    sections: tuple[SectionReport, ...]
    sisters: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Return whether a section can not be used."""
        return any(report.errors for report in self.sections)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {"sections": [report.to_dict() for report in self.sections], "sisters": list(self.sisters)}


def check(paths: Sequence[str | Path], *, min_counts: int = MIN_COUNTS, picture: Path | None = None) -> Checked:
    """Open everything that was named and tell what was found.

    Parameters
    ----------
    paths
        Slides, spot tables, folders, cohort files (all their sections) or `cohort.toml#name`.
    min_counts
        Spots with fewer counts are counted as set aside.
    picture
        A PNG to draw the spots on their slides into, one panel per section that could be opened.

    Raises
    ------
    InputError
        When the picture can not be written, or there is nothing to draw.
    """
    reports: list[SectionReport] = []
    opened: list[Section] = []
    faulty: list[bool] = []
    with ExitStack() as stack:
        for path in paths:
            try:
                sources = _sources(path)
            except InputError as error:
                reports.append(SectionReport(str(path), min_counts=min_counts, errors=(str(error),)))
                continue
            for source in sources:
                try:
                    section = open_anyway(source)
                except InputError as error:
                    reports.append(broken_report(source, min_counts, error))
                    continue
                stack.callback(section.close)
                opened.append(section)
                reports.append(section_report(section, min_counts))
                faulty.append(bool(reports[-1].errors))
        if picture is not None:
            check_picture(opened, picture, faulty=faulty, min_counts=min_counts)
        return Checked(tuple(reports), sister_sentences(opened))


def _sources(path: str | Path) -> tuple[SectionSource, ...]:
    file = Path(path).expanduser()
    inside = file / "cohort.toml" if file.is_dir() else file
    if inside.is_file() and inside.suffix.lower() == ".toml" and is_cohort(inside):
        return read_cohort(inside).sections
    return (find_section(path),)
