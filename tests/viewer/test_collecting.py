"""While jobs run, full garbage collections look only at what the jobs have made."""

import gc
import threading

import pytest

from geneglass.viewer.collecting import set_aside, take_back
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Event

pytestmark = pytest.mark.usefixtures("nothing_set_aside")


def test_objects_are_aside_until_the_last_has_ended():
    set_aside("one")
    before = gc.get_freeze_count()
    assert before > 1000
    set_aside("two")
    assert gc.get_freeze_count() == before
    take_back("one")
    assert gc.get_freeze_count() == before
    take_back("two")
    take_back("two")
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_has_set_aside_stays_so():
    gc.freeze()
    before = gc.get_freeze_count()
    set_aside("one")
    take_back("one")
    assert gc.get_freeze_count() == before
    gc.unfreeze()


@pytest.mark.parametrize("ending", ["ends", "fails", "is cancelled"])
def test_a_job_gives_them_back_however_it_ends(ending, qtbot, wait_for):
    go_on, seen = threading.Event(), []

    def job():
        yield Event("Working", 0, 1)
        seen.append(gc.get_freeze_count())
        go_on.wait(10)
        yield Event("Working", 1, 1)
        if ending == "fails":
            raise RuntimeError("no")

    runner = JobRunner()
    runner.run("Working", job(), lambda _: None)
    wait_for(lambda: bool(seen))
    assert seen[0] > 1000
    if ending == "is cancelled":
        runner.cancel()
    go_on.set()
    wait_for(lambda: runner.running is None)
