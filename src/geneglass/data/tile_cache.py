"""Decoded tiles of all open slides, within one budget of memory."""

import itertools
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future

from geneglass.data.types import UInt8Array

TileKey = tuple[int, int, int, int]
"""Slide number, level, tile row, tile column."""

SLIDE_NUMBERS = itertools.count()
"""Every opened slide takes the next one, whatever its format: it is part of the key of its tiles."""


class TileCache:
    """The least recently used tiles leave when the budget is exceeded; safe to use from several threads.

    A tile that two threads ask for at once is decoded once: the second waits for the first.

    Parameters
    ----------
    budget_bytes
        Decoded bytes kept; a tile larger than this is returned but not kept.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self._tiles: OrderedDict[TileKey, UInt8Array] = OrderedDict()
        self._coming: dict[TileKey, Future[UInt8Array]] = {}
        self._lock = threading.Lock()
        self._forgotten: deque[int] = deque()

    def get(self, key: TileKey, decode: Callable[[], UInt8Array]) -> UInt8Array:
        """Return the tile under `key`, decoding it when it is not here; it must not be written to."""
        with self._lock:
            self._sweep()
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
                return tile
            coming = self._coming.get(key)
            if coming is None:
                ours = self._coming[key] = Future()
        if coming is not None:
            return coming.result()
        return self._decode(key, decode, ours)

    def _decode(self, key: TileKey, decode: Callable[[], UInt8Array], ours: "Future[UInt8Array]") -> UInt8Array:
        try:
            tile = decode()
        except BaseException as error:
            with self._lock:
                del self._coming[key]
            ours.set_exception(error)
            raise
        tile.flags.writeable = False
        with self._lock:
            del self._coming[key]
            self._keep(key, tile)
        ours.set_result(tile)
        return tile

    def _keep(self, key: TileKey, tile: UInt8Array) -> None:
        if tile.nbytes > self.budget_bytes:
            return
        self._tiles[key] = tile
        self.held_bytes += tile.nbytes
        while self.held_bytes > self.budget_bytes:
            self.held_bytes -= self._tiles.popitem(last=False)[1].nbytes

    def forget(self, slide: int) -> None:
        """Drop every tile of one slide, now or at the next look-up.

        It never waits: the garbage collector may call it on a thread that is inside the lock.
        """
        self._forgotten.append(slide)
        if self._lock.acquire(blocking=False):
            try:
                self._sweep()
            finally:
                self._lock.release()

    def _sweep(self) -> None:
        while self._forgotten:
            slide = self._forgotten.popleft()
            for key in [key for key in self._tiles if key[0] == slide]:
                self.held_bytes -= self._tiles.pop(key).nbytes


TILES = TileCache(256 * 2**20)
"""Shared by all slides, so that a cohort of open slides needs no more memory than one."""
