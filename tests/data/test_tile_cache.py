"""The tile cache keeps its budget and decodes each tile once."""

import threading

import numpy as np
import pytest

from geneglass.data.tile_cache import TileCache


def _tile(value=0):
    return np.full((10, 10, 3), value, dtype=np.uint8)


def test_the_least_recently_used_tile_leaves_first():
    cache = TileCache(budget_bytes=700)
    for column in (0, 1, 0, 2):
        cache.get((0, 0, 0, column), _tile)
    decoded = []
    for column in (0, 2, 1):
        cache.get((0, 0, 0, column), lambda column=column: decoded.append(column) or _tile())
    assert decoded == [1]
    assert cache.held_bytes == 600


def test_a_tile_over_the_budget_is_returned_but_not_kept():
    cache = TileCache(budget_bytes=100)
    assert cache.get((0, 0, 0, 0), _tile).shape == (10, 10, 3)
    assert cache.held_bytes == 0


def test_two_threads_decode_a_tile_once():
    cache, started, go, calls = TileCache(10_000), threading.Event(), threading.Event(), []

    def decode():
        calls.append(1)
        started.set()
        assert go.wait(5)
        return _tile(7)

    results = []
    threads = [threading.Thread(target=lambda: results.append(cache.get((0, 0, 0, 0), decode))) for _ in range(3)]
    threads[0].start()
    assert started.wait(5)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert [int(tile[0, 0, 0]) for tile in results] == [7, 7, 7]


def test_a_failed_tile_is_tried_again():
    cache = TileCache(10_000)

    def fail():
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        cache.get((0, 0, 0, 0), fail)
    assert cache.get((0, 0, 0, 0), lambda: _tile(1))[0, 0, 0] == 1


def test_forgetting_a_slide_keeps_the_others():
    cache = TileCache(10_000)
    cache.get((1, 0, 0, 0), _tile)
    cache.get((2, 0, 0, 0), _tile)
    cache.forget(1)
    assert cache.held_bytes == 300


def test_forgetting_never_waits_for_the_lock():
    """A garbage collection in the middle of a look-up may close a slide: waiting there would wait for itself."""
    cache = TileCache(10_000)
    cache.get((1, 0, 0, 0), _tile)
    with cache._lock:
        cache.forget(1)
    cache.get((2, 0, 0, 0), _tile)
    assert cache.held_bytes == 300
