"""Steps, each in its own turn of the event loop."""

import gc
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest
from qtpy.QtCore import QTimer

from geneglass.viewer.turns import Turns


def steps(done: list[str], *names: str) -> Iterator[None]:
    for name in names:
        done.append(name)
        yield


def test_the_loop_has_a_turn_between_steps(qtbot: Any) -> None:
    done: list[str] = []
    turns, timer = Turns(), QTimer()
    timer.timeout.connect(lambda: done.append("loop"))
    timer.start(0)
    turns.run(steps(done, "first", "second", "third"), apart=True)
    assert done == ["first"]
    assert turns.pending
    qtbot.waitUntil(lambda: not turns.pending)
    first, second, third = (done.index(name) for name in ("first", "second", "third"))
    assert "loop" in done[first:second]
    assert "loop" in done[second:third]


def test_together_all_is_done_at_once() -> None:
    done: list[str] = []
    turns = Turns()
    turns.run(steps(done, "first", "second"), apart=False)
    assert done == ["first", "second"]
    assert not turns.pending


@pytest.mark.parametrize("apart", [True, False])
def test_the_next_thing_ends_what_waits(qtbot: Any, apart: bool) -> None:
    done: list[str] = []
    turns = Turns()
    turns.run(steps(done, "old 1", "old 2"), apart=True)
    turns.run(steps(done, "new 1", "new 2"), apart=apart)
    qtbot.waitUntil(lambda: not turns.pending)
    qtbot.wait(20)
    assert done == ["old 1", "new 1", "new 2"]


def test_a_step_may_begin_the_next_thing(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()

    def first() -> Iterator[None]:
        done.append("old")
        turns.run(steps(done, "new 1", "new 2"), apart=False)
        yield
        done.append("never")

    turns.run(first(), apart=True)
    qtbot.wait(20)
    assert done == ["old", "new 1", "new 2"]
    assert not turns.pending


def test_what_is_stopped_is_left_undone(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()
    turns.run(steps(done, "first", "second"), apart=True)
    turns.stop()
    qtbot.wait(20)
    assert done == ["first"]


def test_a_step_that_fails_ends_it() -> None:
    def failing() -> Iterator[None]:
        yield
        raise ValueError("no")

    turns = Turns()
    with pytest.raises(ValueError, match="no"):
        turns.run(failing(), apart=False)
    assert not turns.pending


def test_nobody_waits_for_what_is_gone(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()
    turns.run(steps(done, "first", "second"), apart=True)
    gone = ref(turns)
    del turns
    gc.collect()
    assert gone() is None
    qtbot.wait(20)
    assert done == ["first"]


def test_steps_of_their_own_turns_wait_while_they_are_held(qtbot: Any) -> None:
    done: list[str] = []
    turns, held = Turns(), [True]
    turns.held = lambda: held[0]
    turns.run(steps(done, "first", "second"), apart=True)
    qtbot.wait(120)
    assert done == []
    assert turns.pending
    held[0] = False
    qtbot.waitUntil(lambda: not turns.pending)
    assert done == ["first", "second"]
    held[0] = True
    turns.run(steps(done, "third"), apart=False)
    assert done[-1] == "third"
