"""What every part of the panel shares: the session, its runner, and where to say things."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakMethod

from platformdirs import user_data_path
from psygnal import SignalInstance
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog, QWidget

from geneglass.data.cohort import Cohort, SectionSource, write_cohort
from geneglass.errors import InputError
from geneglass.viewer.message_strip import MessageStrip
from geneglass.viewer.opening import open_path, open_source, take
from geneglass.viewer.session import Session
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Job


@dataclass(frozen=True)
class Desk:
    """Handed to each tab."""

    session: Session
    runner: JobRunner
    messages: MessageStrip

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Show an `InputError` of the block as a message instead of raising it."""
        try:
            yield
        except InputError as error:
            self.messages.error(error)

    def run(self, title: str, job: Job[Any], on_result: Callable[[Any], None]) -> bool:
        """Start a job and return whether it was started; a refusal is shown as a message."""
        if self.runner.running is None:
            self.messages.clear()
        try:
            self.runner.run(title, job, on_result)
        except InputError as error:
            job.close()
            self.messages.error(error)
            return False
        return True

    def open_path(self, path: Path) -> bool:
        """Open whatever a file is."""
        session = self.session
        job = open_path(path, session.cohort, session.section)
        return self.run(f"Opening {path.name}", job, lambda found: take(session, found))

    def open_source(self, source: SectionSource) -> bool:
        """Open a section of the cohort."""
        session = self.session
        return self.run(f"Opening section {source.name}", open_source(source), lambda found: take(session, found))

    def cohort_file(self) -> Path:
        """Return the file of the cohort; the one of a lone section is written first, for jobs to read.

        Raises
        ------
        InputError
            When no cohort is open, or the file can not be written.
        """
        cohort = self.session.cohort
        if cohort is None:
            raise InputError("Nothing is open yet: open a slide with spots, or a cohort.toml, first.")
        if cohort.path.is_relative_to(data_folder() / "cohorts"):
            cohort.path.parent.mkdir(parents=True, exist_ok=True)
            write_cohort(cohort)
        return cohort.path


def listen(signal: SignalInstance, widget: QObject, slot: Callable[[], None]) -> None:
    """Call a method of a widget at every signal of the session, until the widget is deleted."""
    signal.connect(slot)
    widget.destroyed.connect(partial(_forget, signal, WeakMethod(slot)))


def _forget(signal: SignalInstance, slot: WeakMethod[Callable[[], None]], *_: object) -> None:
    method = slot()
    if method is not None:
        signal.disconnect(method, missing_ok=True)


def data_folder() -> Path:
    """Return where models and predictions are kept unless the user says otherwise."""
    return user_data_path("geneglass", appauthor=False)


def choose_file(parent: QWidget, title: str, kinds: str) -> Path | None:
    """Ask for a file to open; None when the user changes their mind."""
    name, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return Path(name) if name else None


def choose_target(parent: QWidget, title: str, start: Path, kinds: str) -> Path | None:
    """Ask where to save a file; None when the user changes their mind."""
    name, _ = QFileDialog.getSaveFileName(parent, title, str(start), kinds)
    return Path(name) if name else None


def cohort_name(cohort: Cohort) -> str:
    """Return a cohort's name for files made from it: its folder's where the file is just `cohort.toml`."""
    return cohort.path.parent.name if cohort.path.stem == "cohort" else cohort.path.stem


def file_stem(text: str) -> str:
    """Return a text as a file name without what file systems dislike."""
    return re.sub(r"[^\w-]+", "-", text)


def unused(path: Path) -> Path:
    """Return the path, with a number where a file of that name exists, so that no model is written over."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate
