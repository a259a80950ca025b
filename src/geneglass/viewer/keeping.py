"""What is drawn in one viewer, on disk: writes it, offers what earlier windows left, says what is not saved."""

from collections.abc import Callable
from typing import Any

from psygnal import Signal

from geneglass.data.annotation import Domain
from geneglass.data.recovery import Kept
from geneglass.data.section import Section
from geneglass.errors import InputError
from geneglass.viewer.autosave import Autosave
from geneglass.viewer.desk import data_folder
from geneglass.viewer.session import Session

SAVE_EVERY_MS = 2000
"""A change is on disk after this and the time of writing it; what could not be written is tried again then."""
SAVED_AGAIN = "What you drew is saved on this computer again."

Domains = tuple[Domain, ...]


class Keeping:
    """Belongs to an `Annotating`, which says what is drawn.

    Attributes
    ----------
    kept
        What earlier windows left of the open slide and nobody has answered to.
    unsaved
        Why something that was drawn is not on disk; empty where all is.
    """

    offered = Signal()
    told = Signal()
    """Whether all is on disk has changed."""

    def __init__(self, session: Session) -> None:
        self.kept = Kept()
        self.unsaved = ""
        self._session = session
        self._folder = data_folder() / "recovery"
        self._autosave = Autosave(self._folder)

    def open(self, section: Section) -> None:
        """Begin with a section."""
        self._autosave.open(section)

    def leave(self, domains: Domains) -> None:
        """Write what is drawn on the open section, for the next window too."""
        self._autosave.save(domains)
        self._autosave.close()
        self._answer()

    def keep(self, domains: Domains) -> None:
        """Put on disk what changed and what could not be written before; tell what was found there, and what fails."""
        self._autosave.save(domains)
        with_message(self._session, self._look)
        self._tell()

    def wait(self) -> None:
        """Wait until it is known what is on disk, and all is there that can be written."""
        self._autosave.wait()

    def joined(self) -> Domains:
        """Return the domains of the open section with those that are on offer."""
        return self._autosave.joined(self._session.domains, self.kept.domains)

    def take_over(self) -> None:
        """Forget what was on offer: all of it is drawn now."""
        self._autosave.take_over(self._session.domains)
        self._answer()

    def put_aside(self) -> None:
        """Do not offer again what earlier windows left."""
        self._autosave.put_aside()
        self._answer()

    def warn(self) -> None:
        """Say again that something is not saved, if it is not."""
        if self.unsaved:
            every_s = SAVE_EVERY_MS / 1000
            self._session.message.emit(
                f"What you drew is not saved on this computer; it is tried again every {every_s:g} s. {self.unsaved}"
            )

    def _answer(self) -> None:
        self.kept = Kept()
        self.offered.emit()

    def _look(self) -> None:
        found = self._autosave.found()
        if found is None or not found.files:
            return
        self.kept = found
        if self.joined() == self._session.domains:
            self.take_over()
        else:
            self.offered.emit()

    def _tell(self) -> None:
        error = self._autosave.unsaved
        reason = "" if error is None else self._in_words(error)
        if reason == self.unsaved:
            return
        self.unsaved = reason
        if reason:
            self.warn()
        else:
            self._session.message.emit(SAVED_AGAIN)
        self.told.emit()
        if error is not None and not isinstance(error, (InputError, OSError)):
            raise error

    def _in_words(self, error: BaseException) -> str:
        if isinstance(error, InputError):
            return str(error)
        return f"The folder {self._folder} can not be written: {getattr(error, 'strerror', None) or error}."


def with_message(session: Session, do: Callable[[], Any]) -> None:
    """Do something; where it can not be done, say so in the window."""
    try:
        do()
    except InputError as error:
        session.message.emit(str(error))
