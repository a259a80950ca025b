"""Keeps Python's garbage collector from stopping the window while a job runs.

A job makes many objects, which brings full collections about. Each looks at every object of the process, and napari,
Qt's wrappers and torch hold a million: up to a second, in which no thread runs, the window's neither. Objects that are
there when the first job starts are set aside until the last has ended; collections then look at what is new. Where
somebody else has set objects aside, theirs stay so: Python gives all back or none.
"""

import gc
from collections.abc import Hashable
from functools import cache

_WORKING: set[Hashable] = set()


def set_aside(worker: Hashable) -> None:
    """Set the objects of now aside, on behalf of somebody who works; a second one changes nothing."""
    if not _WORKING and not somebody_else_does():
        gc.freeze()
    _WORKING.add(worker)


def take_back(worker: Hashable) -> None:
    """Let collections look at everything again, when nobody works any more."""
    if worker in _WORKING:
        _WORKING.discard(worker)
        if not _WORKING and not somebody_else_does():
            gc.unfreeze()


@cache
def somebody_else_does() -> bool:
    """Return whether objects were aside before the first job: asked once, since Python counts them one by one."""
    return gc.get_freeze_count() > 0
