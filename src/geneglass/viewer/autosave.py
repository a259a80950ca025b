"""Keeps the domains of one viewer on disk while they are drawn, in a thread of its own; no Qt in here."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geneglass.data.annotation import Domain
from geneglass.data.recovery import Kept, Recovery
from geneglass.data.section import Section
from geneglass.errors import InputError


@dataclass
class _Slot:
    """The file of one slide; the worker's thread alone reads and writes `recovery`."""

    opened_with: tuple[Domain, ...]
    written: tuple[Domain, ...] | None = None
    recovery: Recovery | None = None
    kept: Kept = field(default_factory=Kept)


class Autosave:
    """Writes what changed when it is told the time, and finds what earlier windows left of a slide.

    Parameters
    ----------
    folder
        Where the files of all slides lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worker = ThreadPoolExecutor(1, "geneglass-autosave")
        self._slot: _Slot | None = None
        self._looking: Future[Kept] | None = None
        self._busy: list[Future[None]] = []

    def open(self, section: Section) -> None:
        """Begin with a section; what was left of it is found by `found`."""
        self.close()
        slot = self._slot = _Slot(section.domains)
        self._looking = self._worker.submit(_look, slot, self._folder, section)

    def found(self) -> Kept | None:
        """Return once what earlier windows left of the open section; None before it is known, and afterwards.

        Raises
        ------
        InputError
            When the folder can not be written.
        """
        if self._looking is None or not self._looking.done():
            return None
        looking, self._looking = self._looking, None
        kept = looking.result()
        if self._slot is not None:
            self._slot.kept = kept
        return kept

    def save(self, domains: tuple[Domain, ...]) -> None:
        """Keep domains if they changed since they were kept last, together with what waits for an answer.

        Raises
        ------
        InputError
            When an earlier call could not write.
        """
        self._raise_what_failed()
        slot = self._slot
        if slot is None or self._looking is not None:
            return
        ids = {domain.id for domain in domains}
        wanted = (*domains, *(domain for domain in slot.kept.domains if domain.id not in ids))
        if wanted != (slot.opened_with if slot.written is None else slot.written):
            slot.written = wanted
            self._submit(slot, lambda recovery: recovery.write(wanted))

    def take_over(self, domains: tuple[Domain, ...]) -> None:
        """Keep domains that hold all that was left behind, and forget the files it was in."""
        slot = self._slot
        if slot is None:
            return
        kept, slot.kept = slot.kept, Kept()
        slot.written = domains
        self._submit(slot, lambda recovery: (recovery.write(domains), recovery.forget(kept.files)))

    def put_aside(self) -> None:
        """Offer what was left behind no more."""
        slot = self._slot
        if slot is not None:
            kept, slot.kept = slot.kept, Kept()
            self._submit(slot, lambda recovery: recovery.put_aside(kept.files))

    def close(self) -> None:
        """Let the open section's file be offered by the next window; what was handed to `save` is written before."""
        slot, self._slot, self._looking = self._slot, None, None
        if slot is not None:
            self._submit(slot, lambda recovery: recovery.close())

    def wait(self) -> None:
        """Wait until all is on disk."""
        wait([*self._busy, *([] if self._looking is None else [self._looking])])

    def _submit(self, slot: _Slot, do: Callable[[Recovery], Any]) -> None:
        try:
            self._busy.append(self._worker.submit(_with_recovery, slot, do))
        except RuntimeError:
            # Python is on its way out and starts no threads any more.
            _with_recovery(slot, do)

    def _raise_what_failed(self) -> None:
        done = [future for future in self._busy if future.done()]
        self._busy = [future for future in self._busy if not future.done()]
        for future in done:
            future.result()


def _look(slot: _Slot, folder: Path, section: Section) -> Kept:
    slot.recovery = Recovery(folder, _key(section))
    return slot.recovery.left_behind()


def _with_recovery(slot: _Slot, do: Callable[[Recovery], Any]) -> None:
    if slot.recovery is not None:
        do(slot.recovery)


def _key(section: Section) -> str:
    """Return the digest of the slide; of the path of the spots where there is none, or it is closed by now."""
    if section.slide is not None:
        try:
            return section.slide.content_hash()
        except (OSError, ValueError, InputError):
            pass
    path = section.source.slide or section.source.spots
    return hashlib.blake2b(str(path).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
