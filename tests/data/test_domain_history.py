"""Undo and redo of domains."""

import shapely

from geneglass.data.annotation import Domain
from geneglass.data.domain_history import MOST_STEPS, History

A, B, C = (Domain(name, shapely.box(n, 0, n + 1, 2)) for n, name in enumerate("ABC"))


def test_undo_and_redo_walk_through_what_was_done() -> None:
    history = History.of((A,)).done((A, B), "Draw B").done((B,), "Delete A")
    assert (history.domains, history.to_undo, history.to_redo) == ((B,), "Delete A", None)
    back = history.undone()
    assert (back.domains, back.to_undo, back.to_redo) == ((A, B), "Draw B", "Delete A")
    assert back.undone().undone().undone().domains == (A,)
    assert back.undone().redone().redone().redone() == history


def test_a_new_deed_forgets_what_was_undone_and_no_change_is_no_step() -> None:
    history = History.of(()).done((A,), "Draw A").undone().done((C,), "Draw C")
    assert history.to_redo is None
    assert history.redone() is history
    assert history.done((C,), "Move C") is history


def test_the_oldest_steps_are_forgotten() -> None:
    history = History.of(())
    for n in range(MOST_STEPS + 20):
        history = history.done((A,) if n % 2 else (B,), "Draw")
    assert len(history.past) == MOST_STEPS
