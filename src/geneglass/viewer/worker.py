"""Runs a job in napari's worker thread: the only place that calls `create_worker`.

Two gaps of that worker are closed here. A `RuntimeError` (nearly every torch error) would be dropped
without a signal, so it becomes `JobFailed`; and a cancelled generator would stay suspended until it is
thrown away, so it is closed at once, in its own thread. Events wait in an inbox that the window empties
about 15 times a second: none is lost, and a fast job can not flood the window.
"""

import logging
from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Qt, QTimer, Signal
from superqt.utils import GeneratorWorker

from geneglass.errors import InputError
from geneglass.viewer.collecting import set_aside, take_back
from geneglass.viewer.session import Session
from geneglass.workflow.events import Event, Job

REFRESH_MS = 66
_LOG = logging.getLogger(__name__)


class JobFailed(Exception):
    """A job ended with a `RuntimeError`, kept as the cause."""


class _Run:
    """One running job: written by the worker's thread, read by the window's."""

    def __init__(self, title: str, job: Job[Any], on_result: Callable[[Any], None]) -> None:
        self.title = title
        self.on_result = on_result
        self.inbox: deque[Event] = deque()
        self.result: Any = None
        self.completed = False
        self.abandoned = False
        self.error: Exception | None = None
        self.worker: GeneratorWorker | None = None
        self._job = job
        self._guarded = self._guard()

    def steps(self) -> Generator[None, None, None]:
        """Run the job to its end, one event per step; what the worker calls."""
        yield from self._guarded

    def close(self) -> None:
        """Let the job clean up after a cancel; what goes wrong there is reported like any error."""
        try:
            self._guarded.close()
        except (JobFailed, RuntimeError, OSError, ValueError) as error:
            self.error = error

    def let_go(self) -> None:
        """Drop what the run would keep alive: Qt may hold its worker long after it has ended."""
        self.worker, self.result, self.on_result = None, None, ignore

    def _guard(self) -> Generator[None, None, None]:
        try:
            while True:
                try:
                    event = next(self._job)
                except StopIteration as stop:
                    self.result, self.completed = stop.value, True
                    return
                except RuntimeError as error:
                    raise JobFailed(str(error)) from error
                self.inbox.append(event)
                yield
        finally:
            self._job.close()


class _Named(partial[Any]):
    """A function that napari names in words when it asks whether to close the window."""

    title = ""

    def __str__(self) -> str:
        return self.title


class JobRunner(QObject):
    """Runs one job at a time for one session; all its signals arrive in the window's thread."""

    started = Signal(str)
    """The title of the job."""
    progressed = Signal(object)
    """The events since the last signal, oldest first."""
    failed = Signal(object)
    """The exception that ended the job."""
    cancelled = Signal()
    finished = Signal()
    """After the result, `failed` or `cancelled`; another job can be run from here on."""

    def __init__(self) -> None:
        super().__init__()
        self._run: _Run | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._deliver)

    @property
    def running(self) -> str | None:
        """Return the title of the running job, or None."""
        return None if self._run is None else self._run.title

    def run(self, title: str, job: Job[Any], on_result: Callable[[Any], None]) -> None:
        """Start a job.

        Parameters
        ----------
        title
            What is being done, in the words of the person who waits ("Training ridge").
        job
            Runs in a thread of its own, so it must not touch the viewer.
        on_result
            Called in the window's thread with what the job returned.

        Raises
        ------
        InputError
            While another job of this session runs.
        """
        if self._run is not None:
            raise InputError(f"{self._run.title} is still running: wait until it has finished, or press Cancel first.")
        run = self._run = _Run(title, job, on_result)
        steps = _Named(run.steps)
        steps.title = title
        # superqt's own class: napari's would also pop up every error that the panel already shows.
        run.worker = create_worker(steps, _start_thread=False, _worker_class=GeneratorWorker, _ignore_errors=True)
        run.worker.aborted.connect(run.close, type=Qt.ConnectionType.DirectConnection)
        run.worker.errored.connect(self._on_errored)
        run.worker.warned.connect(_log_warning)
        run.worker.finished.connect(self._on_finished)
        _BUSY.add(self)
        set_aside(self)
        self.started.emit(title)
        self._timer.start()
        run.worker.start()

    def cancel(self) -> None:
        """Ask the running job to stop at its next event; `cancelled` and `finished` follow."""
        if self._run is not None and self._run.worker is not None:
            self._run.worker.quit()

    def abandon(self, *_: object) -> None:
        """Cancel the running job and tell its result to nobody: whoever asked for it is no more."""
        if self._run is not None:
            self._run.abandoned = True
        self.cancel()

    def _deliver(self) -> None:
        events: list[Event] = []
        while self._run is not None and self._run.inbox:
            events.append(self._run.inbox.popleft())
        if events:
            self.progressed.emit(events)

    def _on_errored(self, error: Exception) -> None:
        if self._run is not None:
            self._run.error = error

    def _on_finished(self) -> None:
        self._timer.stop()
        self._deliver()
        run, self._run = self._run, None
        _BUSY.discard(self)
        take_back(self)
        try:
            if run is not None:
                self._conclude(run)
        finally:
            if run is not None:
                run.let_go()
            self.finished.emit()

    def _conclude(self, run: _Run) -> None:
        if run.abandoned:
            return
        if run.error is not None:
            self.failed.emit(run.error)
        elif not run.completed:
            self.cancelled.emit()
        else:
            try:
                run.on_result(run.result)
            except InputError as error:
                self.failed.emit(error)


_RUNNERS: WeakKeyDictionary[Session, JobRunner] = WeakKeyDictionary()
_BUSY: set[JobRunner] = set()
"""Keeps a runner until its job has ended, also when its viewer is closed before."""


def runner_of(session: Session) -> JobRunner:
    """Return the runner of a session, made at the first call."""
    if session not in _RUNNERS:
        _RUNNERS[session] = JobRunner()
    return _RUNNERS[session]


def ignore(_: Any) -> None:
    """Take a result that nobody needs."""


def _log_warning(parts: tuple[Any, ...]) -> None:
    _LOG.info("a library warned: %s", parts[0])
