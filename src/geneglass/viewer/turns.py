"""Work in steps, each in its own turn of the event loop, so that the window answers in between."""

from collections.abc import Callable, Iterator
from functools import partial
from weakref import ref

from qtpy.QtCore import QTimer

TURN_MS = 1
"""Not 0: that is done before anything else that waits in the loop."""
HELD_MS = 50
"""Between two looks whether steps are still held."""


class Turns:
    """Does one thing at a time, in steps; whatever comes next ends what is not done yet.

    Attributes
    ----------
    held
        While it says so, steps that have turns of their own wait.
    """

    def __init__(self) -> None:
        self._steps: Iterator[None] | None = None
        self.held: Callable[[], bool] = lambda: False

    @property
    def pending(self) -> bool:
        """Return whether steps wait for their turn."""
        return self._steps is not None

    def run(self, steps: Iterator[None], *, apart: bool) -> None:
        """Do the steps in place of those that wait.

        Parameters
        ----------
        steps
            Does a part of the work each time that it is asked for the next.
        apart
            The first step now, and each other one in its own turn; else all of them now.
        """
        self._steps = steps
        if apart and self.held():
            self._wait(steps)
            return
        while self._step(steps) and not apart:
            pass
        if self._steps is steps:
            self._wait(steps)

    def stop(self) -> None:
        """Leave undone what waits."""
        self._steps = None

    def _step(self, steps: Iterator[None]) -> bool:
        """Do a step; return whether there is another."""
        try:
            next(steps)
        except BaseException as error:
            if self._steps is steps:
                self._steps = None
            if isinstance(error, StopIteration):
                return False
            raise
        return self._steps is steps

    def _wait(self, steps: Iterator[None]) -> None:
        QTimer.singleShot(HELD_MS if self.held() else TURN_MS, partial(_go_on, ref(self), steps))


def _go_on(turns: "ref[Turns]", steps: Iterator[None]) -> None:
    there = turns()
    if there is not None and there._steps is steps and (there.held() or there._step(steps)):
        there._wait(steps)
