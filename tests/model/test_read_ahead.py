"""Patches are read before they are asked for, and are the same as without."""

import threading

import numpy as np
import pytest
import torch

from geneglass.model.pool import Images


class Source:
    """Patches that hold their own row number, and remember which thread read them."""

    def __init__(self):
        self.threads, self.rows = set(), []

    def read(self, rows):
        self.threads.add(threading.current_thread().name)
        self.rows += rows.tolist()
        if 13 in rows:
            raise OSError("the slide is gone")
        return (np.broadcast_to(rows[:, None, None, None], (len(rows), 2, 3, 3)).astype(np.uint8),)


def images():
    return Images(torch.zeros(20, 1), (0, 9, 20), (Source(), Source()))


BATCHES = torch.split(torch.tensor([8, 1, 11, 9, 2, 19, 0, 10]), 3)


def test_announced_batches_are_read_in_the_background_once():
    ready = images()
    found = [ready.patches(rows)[0] for rows in ready.read_ahead(BATCHES)]
    plain = images()
    for rows, patches in zip(BATCHES, found, strict=True):
        np.testing.assert_array_equal(patches, plain.patches(rows)[0])
    for source in ready.sources:
        assert len(source.rows) == len(set(source.rows))
        assert all(name.startswith("geneglass-ahead") for name in source.threads)


def test_other_rows_than_announced_are_read_at_once_and_what_nobody_took_is_forgotten():
    ready = images()
    for rows in ready.read_ahead(BATCHES):
        np.testing.assert_array_equal(ready.patches(rows[:1])[0][0, 0, 0, 0], rows[0] - 9 * (rows[0] >= 9))
    assert ready.ahead.take(BATCHES[-1]) is None


def test_closing_half_way_leaves_nothing_behind():
    ready = images()
    job = ready.read_ahead(BATCHES)
    next(job)
    job.close()
    assert ready.ahead.take(BATCHES[1]) is None
    assert not [t for t in threading.enumerate() if t.name.startswith("geneglass-ahead")]


def test_an_error_of_reading_is_raised_where_the_patches_are_asked_for():
    ready = Images(torch.zeros(20, 1), (0, 20), (Source(),))
    job = ready.read_ahead([torch.tensor([1, 2]), torch.tensor([13])])
    assert len(ready.patches(next(job))[0]) == 2
    rows = next(job)
    with pytest.raises(OSError, match="slide is gone"):
        ready.patches(rows)


def test_without_patches_batches_are_only_passed_on():
    frozen = Images(torch.zeros(20, 1), (0, 20))
    assert [rows.tolist() for rows in frozen.read_ahead(BATCHES)] == [rows.tolist() for rows in BATCHES]
