"""Blinded reading: the coin, the file that is never damaged, and the interval."""

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from geneglass.errors import InputError
from geneglass.workflow.blinded import (
    HEADER,
    Reading,
    in_random_order,
    measured_is_left,
    read_readings,
    recognised,
    record,
    sides,
    summary,
)

ONE = Reading(
    "2025-03-01T10:00:00+01:00", 'Dr. Ada, "A"\nB', "C5", "ERBB2", "measured", "predicted", "left", "yes", "4.2", "3"
)


def test_sides_follow_from_the_seed_and_are_fair():
    genes = [f"GENE{i}" for i in range(4000)]
    coins = np.array([measured_is_left(5, "C5", gene) for gene in genes])
    assert abs(coins.mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)
    assert [measured_is_left(5, "C5", gene) for gene in genes[:50]] == coins[:50].tolist()
    assert [measured_is_left(6, "C5", gene) for gene in genes[:50]] != coins[:50].tolist()
    assert [measured_is_left(5, "C2", gene) for gene in genes[:50]] != coins[:50].tolist()
    gene = genes[int(np.flatnonzero(coins)[0])]
    assert sides(5, "C5", gene) == ("measured", "predicted")


def test_genes_come_each_once_in_an_order_of_the_seed_alone():
    genes = [f"G{i}" for i in range(30)]
    chosen = in_random_order(genes, 3, 10)
    assert len(set(chosen)) == 10
    assert chosen == in_random_order([*genes[::-1], "G1"], 3, 10)
    assert chosen != in_random_order(genes, 4, 10)
    assert len(in_random_order(genes, 3, 99)) == 30


@pytest.mark.parametrize(
    ("left", "choice", "said"),
    [
        ("measured", "left", "yes"),
        ("measured", "right", "no"),
        ("predicted", "right", "yes"),
        ("predicted", "left", "no"),
        ("measured", "cannot tell", ""),
    ],
)
def test_recognised_means_the_measured_side_was_named(left, choice, said):
    assert recognised(left, choice) == said


def test_readings_are_added_and_read_back_whatever_is_in_them(tmp_path):
    path = tmp_path / "readings.csv"
    assert read_readings(path) == ()
    record(path, ONE)
    record(path, replace(ONE, gene="ACTB", recognised="no"))
    assert read_readings(path) == (ONE, replace(ONE, gene="ACTB", recognised="no"))
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(HEADER)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "readings.csv"
    record(path, ONE)
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="disk is full"):
        record(path, ONE)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir() if item.suffix == ".csv"] == ["readings.csv"]


def test_a_file_of_something_else_is_not_touched(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("name,born\nx,1\n")
    with pytest.raises(InputError, match="no list of readings"):
        record(path, ONE)
    assert path.read_text() == "name,born\nx,1\n"


def _record_many(path, name):
    for number in range(8):
        record(path, replace(ONE, reader=name, gene=str(number)))


def test_two_windows_recording_into_one_file_lose_nothing(tmp_path):
    path = tmp_path / "readings.csv"
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_record_many, args=(path, name)) for name in ("a", "b")]
    for process in both:
        process.start()
    for process in both:
        process.join()
    found = {(item.reader, item.gene) for item in read_readings(path)}
    assert found == {(name, str(number)) for name in ("a", "b") for number in range(8)}


def test_the_interval_is_the_exact_one():
    # Clopper and Pearson 1934: 7 of 10 gives 0.348 to 0.933.
    some = [replace(ONE, recognised="yes")] * 7 + [replace(ONE, recognised="no")] * 3
    found = summary([*some, replace(ONE, recognised="")])
    assert (found.recognised, found.answered, found.could_not_tell) == (7, 10, 1)
    assert (found.low, found.high) == (pytest.approx(0.3475, abs=1e-3), pytest.approx(0.9333, abs=1e-3))
    said = "7 of 10 answers: 70 %, 95 % interval 35 % to 93 %; guessing, 50 %, lies within it. Could not tell: 1."
    assert said in found.sentence().replace("\N{NO-BREAK SPACE}", " ")
    assert summary([]).sentence() == "No answer named a side yet."
