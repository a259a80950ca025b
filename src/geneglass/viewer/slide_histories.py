"""What was done to the domains of every slide that a viewer has had open; no Qt in here."""

from pathlib import Path

from geneglass.data.annotation import Domain
from geneglass.data.cohort import Cohort, SectionSource
from geneglass.data.domain_history import History
from geneglass.data.joined_domains import joined_domains

Domains = tuple[Domain, ...]


class SlideHistories:
    """Histories by what is drawn on: they stay when spots join their slide, and when the slide is left."""

    def __init__(self) -> None:
        self._histories: dict[Path | None, History] = {}

    def of(self, source: SectionSource | None, domains: Domains = ()) -> History:
        """Return the history of a section; where nothing was done, one that begins with `domains`."""
        return self._histories.get(_drawn_on(source)) or History.of(domains)

    def set(self, source: SectionSource, history: History) -> None:
        """Take what was done on a section."""
        self._histories[_drawn_on(source)] = history

    def opened(self, source: SectionSource, domains: Domains) -> History:
        """Return the history of a section that has just been opened with `domains`.

        Whatever is new in them is a step that joins what was drawn before; what was undone stays undone.
        """
        history = self.of(source, domains)
        if all(domains != step.domains for step in (*history.past, *history.future)):
            joined = joined_domains(history.domains, history.past[0].domains, domains)
            history = history.done(joined, "Open domains")
        self.set(source, history)
        return history


def sharing(cohort: Cohort | None, source: SectionSource) -> tuple[SectionSource, ...]:
    """Return the sections of a cohort that share what is drawn with one: those of its slide."""
    sections = () if cohort is None else cohort.sections
    return tuple(other for other in sections if _drawn_on(other) == _drawn_on(source))


def _drawn_on(source: SectionSource | None) -> Path | None:
    return None if source is None else source.slide or source.spots
