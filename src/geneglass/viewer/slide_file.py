"""The file of one slide in which a window keeps its domains; the thread of `Autosave` alone works with it."""

import hashlib
from contextlib import suppress
from pathlib import Path

from geneglass.data.annotation import Domain
from geneglass.data.joined_domains import joined_domains
from geneglass.data.recovery import Kept, Recovery
from geneglass.data.section import Section
from geneglass.data.slide import Slide
from geneglass.errors import InputError

Domains = tuple[Domain, ...]


class SlideFile:
    """Holds the domains of a slide while a window has it open, and is left to the next window after that.

    A method that raises has changed nothing that was kept before, and can be called again.

    Parameters
    ----------
    folder
        Where the files of all slides lie.
    section
        As it was opened first: its domains are in files of the user's own.

    Attributes
    ----------
    opened_with
        The domains of then.
    kept
        What other windows left, as long as nobody has answered to it.
    """

    def __init__(self, folder: Path, section: Section) -> None:
        self.opened_with = section.domains
        self.kept = Kept()
        self._folder = folder
        self._path_key = _digest(str(section.source.slide or section.source.spots))
        self._key: str | None = None
        self._slide: Slide | None = None
        self._recovery: Recovery | None = None
        self._written: Domains | None = None
        self._left: Path | None = None
        self._superseded: tuple[Path, ...] = ()

    @property
    def on_disk(self) -> Domains:
        """Return the domains that a crash now would leave."""
        return self.opened_with if self._written is None else self._written

    def look(self, slide: Slide | None, domains: Domains) -> Kept:
        """Return what other windows left; what this one left when it had the slide open before is in `domains`."""
        if self._key is None:
            self._slide = slide
        if self._left is not None:
            self._superseded = (*self._superseded, *([self._left] if self._left.exists() else []))
            self._left = self._written = None
            self.put(domains)
        self.kept = self._left_behind(self._opened())
        return self.kept

    def put(self, domains: Domains) -> None:
        """Write domains, unless they are there, together with what waits for an answer."""
        if self._superseded or domains != self.on_disk:
            recovery = self._opened()
            recovery.write(joined_domains(domains, self.opened_with, self.kept.domains))
            self._written = domains
            recovery.forget(self._superseded)
            self._superseded = ()

    def leave(self, domains: Domains) -> None:
        """Write domains, unless they are there, and let the next window offer them."""
        self.put(domains)
        if self._recovery is not None:
            self._recovery.close()
            self._left, self._recovery = self._recovery.file, None

    def take_over(self, domains: Domains) -> None:
        """Write domains that hold all that was left, and forget the files it was in."""
        self._superseded = (*self._superseded, *self.kept.files)
        self.kept = Kept()
        self.put(domains)

    def put_aside(self) -> None:
        """Offer what was left no more."""
        kept, self.kept = self.kept, Kept()
        recovery = self._opened()
        recovery.put_aside(kept.files)
        if self._written is not None:
            recovery.write(self._written)

    def _opened(self) -> Recovery:
        if self._recovery is None:
            self._recovery = Recovery(self._folder, self._key_of_slide())
        return self._recovery

    def _left_behind(self, recovery: Recovery) -> Kept:
        found = recovery.left_behind()
        by_path = self._folder / self._path_key
        if by_path == recovery.folder or not by_path.is_dir():
            return found
        other = Recovery(self._folder, self._path_key)
        try:
            return _together(found, other.left_behind())
        finally:
            other.close()

    def _key_of_slide(self) -> str:
        """Return the digest of the slide; of its path, or that of the spots, where there is none or it is closed."""
        if self._key is None and self._slide is not None:
            with suppress(OSError, ValueError, LookupError, InputError):
                self._key, self._slide = self._slide.content_hash(), None
        return self._key or self._path_key


def _together(one: Kept, other: Kept) -> Kept:
    if not one.files or not other.files:
        return one if one.files else other
    older, newer = sorted((one, other), key=lambda kept: kept.saved_at)
    by_id = {domain.id: domain for domain in (*older.domains, *newer.domains)}
    return Kept(tuple(by_id.values()), newer.saved_at, (*older.files, *newer.files))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
