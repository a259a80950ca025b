"""What a running job tells: one small frozen message at every batch."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Event:
    """Progress of a job.

    Attributes
    ----------
    stage
        What is being done, in the words of the person who waits ("Reading patches of C5").
    done, total
        Position within the stage; `total` 0 means not known.
    loss
        Training loss of the batch, where the stage trains.
    score
        Mean r over genes on the inner held-out part, when it was just measured.
    message
        A sentence worth keeping (a warning, a fallback), empty otherwise.
    terms
        The weighted parts that the loss is the sum of, by name, where there are several.
    """

    stage: str
    done: int
    total: int
    loss: float | None = None
    score: float | None = None
    message: str = ""
    terms: Mapping[str, float] = field(default_factory=dict)


Job = Generator[Event, None, Result]
"""A job yields events and returns its result; closing it cancels it."""


def finish(job: Job[Result]) -> Result:
    """Run a job to its end, in silence, and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
