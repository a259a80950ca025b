"""Opening a saved session: its files are read in a thread, then its parts of the window are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass.data.cohort import Cohort, SectionSource
from geneglass.data.gene_book import SIGN
from geneglass.data.section import Section, open_section, with_placement_told
from geneglass.data.section_domains import section_domains
from geneglass.errors import InputError
from geneglass.viewer.remembered import REMEMBERED
from geneglass.viewer.session import Session
from geneglass.workflow.events import Event, Job
from geneglass.workflow.prediction_file import read_prediction
from geneglass.workflow.session_file import SavedSession, read_session

if TYPE_CHECKING:
    from anndata import AnnData

    from geneglass.data.annotation import Domain


@dataclass(frozen=True)
class Reopened:
    """A session file with what could be read of its files; `told` says what could not, one sentence each."""

    saved: SavedSession
    section: Section | None
    predictions: "Mapping[SectionSource, AnnData]"
    domains: "Mapping[SectionSource, tuple[Domain, ...]]"
    told: tuple[str, ...]


def read_reopened(path: Path) -> Job[Reopened]:
    """Read a session file and what it names; what is missing or damaged is told, and the rest is read.

    Raises
    ------
    InputError
        When the session file itself can not be read, or nothing of it is left.
    """
    saved, missing = read_session(path)
    if not saved.sections:
        raise InputError(missing or f"The session {path.name} holds no section: save it again with a slide open.")
    told = [missing] if missing else []
    sources = {source.name: source for source in saved.sections}
    predictions, domains = {}, {}
    for name, file in saved.predictions.items():
        yield Event(f"Opening {file.name}", 0, 0)
        try:
            predictions[sources[name]] = _prediction_of(sources[name], file)
        except InputError as error:
            told.append(str(error))
    for name, file in saved.domains.items():
        yield Event(f"Opening {file.name}", 0, 0)
        try:
            domains[sources[name]], _ = section_domains(file, None)
        except InputError as error:
            told.append(str(error))
    section = None
    if saved.section is not None:
        yield Event(f"Opening section {saved.section}", 0, 0)
        try:
            section = with_placement_told(open_section(sources[saved.section]))
        except InputError as error:
            told.append(str(error))
    return Reopened(saved, section, predictions, domains, tuple(told))


def take_reopened(session: Session, reopened: Reopened) -> None:
    """Hand over a saved session to the window's; in the window's thread."""
    saved, told = reopened.saved, list(reopened.told)
    session.set_cohort(Cohort(saved.cohort, saved.sections))
    session.predictions.update(reopened.predictions)
    session.drawn.update(reopened.domains)
    if saved.model is not None:
        try:
            session.set_model(saved.model)
        except InputError as error:
            told.append(str(error))
    if reopened.section is not None:
        session.set_section(reopened.section)
        _bring_back(session, reopened.domains.get(reopened.section.source, ()))
    if saved.gene in {gene.name for gene in session.genes}:
        session.set_gene(saved.gene)
    elif saved.gene is not None and not saved.gene.startswith(SIGN) and session.section is not None:
        told.append(f"The gene {saved.gene} of the session is neither measured nor predicted here.")
    session.reopened.emit(saved)
    if told:
        session.message.emit("\n".join(told))


def _bring_back(session: Session, saved: "tuple[Domain, ...]") -> None:
    """Add what a session saved and this window has deleted since, as a step that can be undone; nothing drawn goes."""
    there = {domain.id for domain in session.domains}
    missing = tuple(domain for domain in saved if domain.id not in there)
    if missing:
        session.set_domains((*session.domains, *missing))


def restore_window(viewer: Any, session: Session, saved: SavedSession) -> None:
    """Give the parts of a window what they kept in a saved session; what makes no sense is told."""
    for name, value in saved.window.items():
        if name not in REMEMBERED:
            continue
        try:
            REMEMBERED[name].restore(viewer, value)
        except (InputError, TypeError, ValueError, KeyError, AttributeError) as error:
            session.message.emit(f"What the session says of {name} makes no sense and was left out ({error}).")


def _prediction_of(source: SectionSource, file: Path) -> "AnnData":
    """Return a prediction, if it is of this section by what it says."""
    table = read_prediction(file)
    stated: dict[str, Any] = dict(table.uns["geneglass"])
    if source.slide is not None and stated.get("slide") not in (None, source.slide.name):
        raise InputError(f"{file.name} is a prediction of {stated['slide']}, not of {source.slide.name}: left out.")
    return table
