"""Keeps the domains of one viewer on disk while they are drawn, in a thread of its own; no Qt in here."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from geneglass.data.joined_domains import joined_domains
from geneglass.data.recovery import Kept
from geneglass.data.section import Section
from geneglass.data.slide import Slide
from geneglass.errors import InputError
from geneglass.viewer.slide_file import Domains, SlideFile


@dataclass
class _Slot:
    """A slide: its file, what has to be in it, and what the worker is doing for it."""

    file: SlideFile
    wanted: Domains
    slide: Slide | None = None
    looking: Future[Kept] | None = None
    told: str = ""
    jobs: list[Future[None]] = field(default_factory=list)
    failure: BaseException | None = None

    def hear(self) -> bool:
        """Take note of what has ended, and return whether nothing is under way."""
        for job in [job for job in self.jobs if job.done()]:
            self.failure = job.exception()
            self.jobs.remove(job)
        return not self.jobs

    @property
    def owes(self) -> bool:
        """Whether there is something to write."""
        there = self.file.on_disk
        return self.failure is not None or (self.wanted is not there and self.wanted != there)


class Autosave:
    """Writes what changed when it is told the time, and finds what earlier windows left of a slide.

    What can not be written is tried again each time, also of slides that were left.

    Parameters
    ----------
    folder
        Where the files of all slides lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worker = ThreadPoolExecutor(1, "geneglass-autosave")
        self._slots: dict[Path | None, _Slot] = {}
        self._slot: _Slot | None = None

    @property
    def unsaved(self) -> BaseException | None:
        """Return why something that was drawn is not on disk; None where nothing failed."""
        return next((slot.failure for slot in self._slots.values() if slot.failure is not None), None)

    def open(self, section: Section) -> None:
        """Begin with a section; what was left of it is found by `found`."""
        self.close()
        path = section.source.slide or section.source.spots
        slot = self._slots.setdefault(path, _Slot(SlideFile(self._folder, section), section.domains))
        slot.wanted, slot.slide, slot.told = section.domains, section.slide, ""
        self._slot = slot
        self._look(slot)

    def found(self) -> Kept | None:
        """Return once what earlier windows left of the open section; None before it is known, and afterwards.

        Raises
        ------
        InputError
            When the folder can not be read or written; it is tried again, and told once.
        """
        slot = self._slot
        if slot is None or slot.looking is None or not slot.looking.done():
            return None
        looking, slot.looking = slot.looking, None
        error = looking.exception()
        if error is None:
            return looking.result()
        self._look(slot)
        told, slot.told = slot.told, str(error)
        if told == slot.told:
            return None
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise InputError(f"What was drawn before can not be read in {self._folder}: {reason}.") from error
        raise error

    def save(self, domains: Domains) -> None:
        """Keep domains of the open section if they changed, and what could not be kept before of any."""
        if self._slot is not None:
            self._slot.wanted = domains
        for slot in self._slots.values():
            if slot.hear() and slot.owes:
                self._do(slot, partial(slot.file.put if slot is self._slot else slot.file.leave, slot.wanted))

    def joined(self, domains: Domains, kept: Domains) -> Domains:
        """Return domains of the open section with what is new in those that earlier windows left."""
        return domains if self._slot is None else joined_domains(domains, self._slot.file.opened_with, kept)

    def take_over(self, domains: Domains) -> None:
        """Keep domains that hold all that was left behind, and forget the files it was in."""
        if self._slot is not None:
            self._slot.wanted = domains
            self._do(self._slot, partial(self._slot.file.take_over, domains))

    def put_aside(self) -> None:
        """Offer what was left behind no more."""
        if self._slot is not None:
            self._do(self._slot, self._slot.file.put_aside)

    def close(self) -> None:
        """Let the open section's file be offered by the next window; what was handed to `save` is written before."""
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.slide = slot.looking = None
            self._do(slot, partial(slot.file.leave, slot.wanted))

    def wait(self) -> None:
        """Wait until all is on disk that can be written."""
        slots = self._slots.values()
        wait([job for slot in slots for job in slot.jobs])
        wait([slot.looking for slot in slots if slot.looking is not None])

    def _look(self, slot: _Slot) -> None:
        slot.looking = self._submit(partial(slot.file.look, slot.slide, slot.wanted))

    def _do(self, slot: _Slot, do: Callable[[], None]) -> None:
        slot.jobs.append(self._submit(do))

    def _submit(self, do: Callable[[], Any]) -> Future[Any]:
        try:
            return self._worker.submit(do)
        except RuntimeError:
            # Python is on its way out and starts no threads any more.
            done: Future[Any] = Future()
            try:
                done.set_result(do())
            except (InputError, OSError) as error:
                done.set_exception(error)
            return done
