"""Reading what the user opens, as a job: a slide may need its pyramid built first, and counts may be large."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from geneglass.data.cohort import Cohort, SectionSource, find_section, read_cohort
from geneglass.data.joined_domains import joined_domains
from geneglass.data.section import Section, open_section, with_placement_told
from geneglass.data.section_domains import is_domains, section_domains
from geneglass.errors import InputError
from geneglass.viewer.opened import Opened, joined_source
from geneglass.viewer.reopening import read_reopened, take_reopened
from geneglass.viewer.session import Session
from geneglass.workflow.events import Event, Job
from geneglass.workflow.prediction_file import is_prediction, read_prediction
from geneglass.workflow.session_file import is_session

TABLES = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".txt")


@dataclass
class Dropped:
    """What became of the files that were dropped together."""

    opened: list[Opened] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an `InputError` of the block."""
        try:
            yield
        except InputError as error:
            self.errors.append(error)


def open_path(path: Path, cohort: Cohort | None = None, current: Section | None = None) -> Job[Opened]:
    """Read a slide, spots, a folder, a `cohort.toml` (its first section), a session, a prediction, labels, or domains.

    Parameters
    ----------
    path
        What the user chose.
    cohort
        The open cohort: a prediction of one of its sections brings that section along.
    current
        The open section: labels go to its spots.

    Raises
    ------
    InputError
        When it can not be read.
    """
    yield Event(f"Opening {path.name}", 0, 0)
    if path.suffix.lower() == ".toml":
        found = read_cohort(path)
        opened = yield from open_source(found.sections[0])
        return Opened(section=opened.section, cohort=found)
    if is_session(path):
        reopened = yield from read_reopened(path)
        return Opened(section=reopened.section, reopened=reopened)
    if not belongs_on_a_section(path):
        return (yield from open_source(find_section(path)))
    if path.suffix.lower() == ".h5ad":
        return (yield from _open_prediction(path, cohort))
    return _drawn(path, current) if is_domains(path) else _labelled(path, current)


def open_together(paths: Sequence[Path], cohort: Cohort | None, current: Section | None) -> Job[Dropped]:
    """Read what was dropped on the window together: a slide, its spots and what is drawn on it make one section.

    Parameters
    ----------
    paths
        In any order; what can not be read is told, and keeps nothing else from being read.
    cohort
        The open cohort.
    current
        The open section: a slide joins its spots, spots join its slide.
    """
    dropped = Dropped()
    cohorts = [path for path in paths if path.suffix.lower() == ".toml" or is_session(path)]
    on_top = [path for path in paths if path not in cohorts and belongs_on_a_section(path)]
    parts = [path for path in paths if path not in cohorts and path not in on_top]
    for path in cohorts[:1]:
        with dropped.collecting():
            opened = yield from open_path(path)
            dropped.opened.append(opened)
            cohort, current = opened.cohort, opened.section
    with dropped.collecting():
        section = yield from _open_parts(parts, current, dropped)
        current = section or current
    for path in on_top:
        with dropped.collecting():
            opened = yield from open_path(path, cohort, current)
            dropped.opened.append(opened)
            current = opened.section or current
    if len(cohorts) > 1:
        names = ", ".join(path.name for path in cohorts[1:])
        dropped.told.append(f"One cohort or session is open at a time; left out: {names}.")
    return dropped


def _open_parts(parts: Sequence[Path], current: Section | None, dropped: Dropped) -> Job[Section | None]:
    """Open the one section that slides and spots make, with what is open where they go together."""
    own: SectionSource | None = None
    for path in parts:
        yield Event(f"Opening {path.name}", 0, 0)
        with dropped.collecting():
            own = joined_source(own, find_section(path))
    if own is None:
        return None
    source = own if current is None else joined_source(current.source, own)
    try:
        opened = yield from open_source(source)
    except InputError as error:
        if source == own:
            raise
        opened = yield from open_source(own)
        dropped.told.append(f"{own.name} does not go with what was open and is shown by itself: {error}")
    dropped.opened.append(opened)
    left = [path.name for path in parts if len(parts) > 1 and path.absolute() not in (own.slide, own.spots)]
    if left:
        dropped.told.append(
            f"One section is open at a time, now {own.name}; left out: {', '.join(left)}. Drop a slide with its own "
            "spots, or put several sections into a cohort.toml."
        )
    return opened.section


def open_source(source: SectionSource) -> Job[Opened]:
    """Open one section."""
    yield Event(f"Opening section {source.name}", 0, 0)
    return Opened(section=with_placement_told(open_section(source)))


def open_named(cohort_path: Path, name: str) -> Job[Opened]:
    """Read a cohort and open the section of this name."""
    yield Event(f"Opening {cohort_path.name}", 0, 0)
    source = find_section(f"{cohort_path}#{name}")
    opened = yield from open_source(source)
    return Opened(section=opened.section, cohort=read_cohort(cohort_path))


def take(session: Session, opened: Opened) -> None:
    """Hand over to the session what a job has read; in the window's thread."""
    if opened.reopened is not None:
        take_reopened(session, opened.reopened)
        return
    if opened.cohort is not None:
        session.set_cohort(opened.cohort)
    if opened.section is not None:
        session.set_section(opened.section)
    if opened.prediction is not None:
        session.set_prediction(opened.prediction)
    if opened.domains is not None:
        session.set_domains(joined_domains(session.domains, (), opened.domains))
    if opened.warnings:
        session.message.emit("\n".join(opened.warnings))


def belongs_on_a_section(path: Path) -> bool:
    """Return whether a file is a prediction, domains or labels, which are nothing without their section."""
    if path.is_dir():
        return False
    name = path.name.lower()
    if name.endswith(".h5ad"):
        return is_prediction(path)
    if name.endswith(TABLES):
        from geneglass.data.labels import is_label_table

        return is_label_table(path)
    return is_domains(path)


def _open_prediction(path: Path, cohort: Cohort | None) -> Job[Opened]:
    prediction = read_prediction(path)
    stated: dict[str, Any] = dict(prediction.uns["geneglass"])
    for source in () if cohort is None else cohort.sections:
        if source.name == stated.get("section"):
            opened = yield from open_source(source)
            return Opened(section=opened.section, prediction=prediction)
    return Opened(prediction=prediction)


def _drawn(path: Path, current: Section | None) -> Opened:
    slide = None if current is None else current.slide
    domains, told = section_domains(path, slide)
    if current is None:
        raise InputError(f"{path.name} holds domains drawn on a slide: open the slide first, then drop it.")
    if not domains:
        raise InputError(told[-1] if told else f"{path.name} holds no annotation: draw one in QuPath and export again.")
    return Opened(domains=domains, warnings=told)


def _labelled(path: Path, current: Section | None) -> Opened:
    from geneglass.data.labels import with_labels

    if current is None or current.spots is None:
        raise InputError(f"{path.name} holds labels of spots: open their section first, then drop it.")
    return Opened(section=replace(current, spots=with_labels(current.spots, path)))
