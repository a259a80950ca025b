"""What was done to the domains of a slide, step by step, so that it can be undone and done again."""

from dataclasses import dataclass, replace

from geneglass.data.annotation import Domain

MOST_STEPS = 500
"""Steps kept; domains that a step leaves alone are shared with the step before it."""

Domains = tuple[Domain, ...]


@dataclass(frozen=True)
class Step:
    """The domains after something was done, and what that was ("Draw Tumor")."""

    domains: Domains
    deed: str


@dataclass(frozen=True)
class History:
    """All steps of one slide; a step forward forgets what was undone.

    Attributes
    ----------
    past
        Steps that can be undone, the oldest first; the first is what was there in the beginning.
    future
        Steps that were undone, the next one first.
    """

    past: tuple[Step, ...]
    future: tuple[Step, ...] = ()

    @classmethod
    def of(cls, domains: Domains) -> "History":
        """Return a history in which nothing has been done yet."""
        return cls((Step(domains, ""),))

    @property
    def domains(self) -> Domains:
        """Return the domains as they are now."""
        return self.past[-1].domains

    @property
    def to_undo(self) -> str | None:
        """Return what can be undone; None for nothing."""
        return self.past[-1].deed if len(self.past) > 1 else None

    @property
    def to_redo(self) -> str | None:
        """Return what can be done again; None for nothing."""
        return self.future[0].deed if self.future else None

    def done(self, domains: Domains, deed: str) -> "History":
        """Return the history after a deed; itself where that has changed nothing."""
        if domains == self.domains:
            return self
        return History((*self.past, Step(domains, deed))[-MOST_STEPS:])

    def undone(self) -> "History":
        """Return the history one step back; itself at its beginning."""
        if len(self.past) < 2:
            return self
        return replace(self, past=self.past[:-1], future=(self.past[-1], *self.future))

    def redone(self) -> "History":
        """Return the history one undone step forward; itself where none was undone."""
        if not self.future:
            return self
        return replace(self, past=(*self.past, self.future[0]), future=self.future[1:])
