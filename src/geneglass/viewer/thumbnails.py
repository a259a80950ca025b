"""Small pictures of the cohort's slides, read in a thread of their own while nothing else runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QPixmap

from geneglass.data.cohort import SectionSource
from geneglass.data.slide import Slide
from geneglass.data.thumbnail import thumbnail
from geneglass.errors import InputError
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.worker import JobRunner, ignore
from geneglass.workflow.events import Event, Job

Wanted = tuple[SectionSource, Path, Slide | None]


class Thumbnails(QObject):
    """Has the pictures of sections as they become known; a slide that can not be read has none.

    Parameters
    ----------
    desk
        Whose cohort it is; the pictures wait while it runs a job.
    parent
        What it lives with.
    """

    ready = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._pictures: dict[SectionSource, QPixmap] = {}
        self._files: dict[SectionSource, Path | None] = {}
        self._own = JobRunner()
        self._own.progressed.connect(self._on_progressed)
        self._own.finished.connect(self._start)
        desk.runner.finished.connect(self._start)
        listen(desk.session.cohort_changed, self, self._start)
        listen(desk.session.section_changed, self, self._start)
        self.destroyed.connect(self._own.abandon)

    def of(self, source: SectionSource) -> QPixmap | None:
        """Return the picture of a section, None while it is not known."""
        return self._pictures.get(source)

    def start(self) -> None:
        """Read the pictures that are not known yet, as soon as nothing else runs."""
        self._start()

    def _start(self) -> None:
        session = self._desk.session
        if self._own.running is not None or self._desk.runner.running is not None or session.cohort is None:
            return
        wanted: list[Wanted] = []
        for source in session.cohort.sections:
            here = session.section if source == session.source else None
            if source in self._files:
                continue
            if source.slide is not None:
                wanted.append((source, source.slide, None))
            elif here is not None and here.slide is not None and source.spots is not None:
                wanted.append((source, source.spots, here.slide))
        if wanted:
            self._own.run("Reading pictures of slides", read_thumbnails(wanted, self._files), ignore)

    def _on_progressed(self, _: Any) -> None:
        for source, file in tuple(self._files.items()):
            if file is not None and source not in self._pictures:
                self._pictures[source] = QPixmap(str(file))
        self.ready.emit()


def read_thumbnails(wanted: Sequence[Wanted], found: dict[SectionSource, Path | None]) -> Job[None]:
    """Make the pictures of sections and put their files into `found`, None where a slide can not be read."""
    stage = "Reading pictures of slides"
    for number, (source, path, slide) in enumerate(wanted, start=1):
        try:
            found[source] = thumbnail(path, slide)
        except (InputError, OSError, ValueError):
            # Opening it says why; a picture is not worth a message.
            found[source] = None
        yield Event(stage, number, len(wanted))
