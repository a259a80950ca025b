import threading
import time

import pytest

from geneglass.errors import InputError
from geneglass.viewer.session import Session
from geneglass.viewer.worker import JobFailed, runner_of
from geneglass.workflow.events import Event


class Heard:
    """Everything a runner said, in order."""

    def __init__(self, runner):
        self.runner, self.events, self.log, self.result = runner, [], [], None
        runner.started.connect(lambda title: self.log.append(("started", title)))
        runner.progressed.connect(self.events.extend)
        runner.failed.connect(lambda error: self.log.append(("failed", error)))
        runner.cancelled.connect(lambda: self.log.append(("cancelled", None)))
        runner.finished.connect(lambda: self.log.append(("finished", None)))

    def take(self, result):
        assert threading.current_thread() is threading.main_thread()
        self.result = result

    @property
    def kinds(self):
        return [kind for kind, _ in self.log]


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def heard(qtbot, session):
    return Heard(runner_of(session))


def counting(n, pause=0.0, closed=None):
    try:
        for i in range(n):
            time.sleep(pause)
            yield Event("Counting", i + 1, n)
        return "counted"
    finally:
        if closed is not None:
            closed.append(threading.current_thread())


def test_result_and_every_event_arrive_in_the_thread_of_the_window(heard, wait_for):
    heard.runner.run("Counting", counting(500), heard.take)
    assert heard.runner.running == "Counting"
    wait_for(lambda: "finished" in heard.kinds)
    assert heard.result == "counted"
    assert [event.done for event in heard.events] == list(range(1, 501))
    assert heard.kinds == ["started", "finished"]
    assert heard.runner.running is None


def test_fast_jobs_reach_the_window_in_few_batches(heard, wait_for):
    batches = []
    heard.runner.progressed.connect(batches.append)
    heard.runner.run("Counting", counting(2000, pause=0.0001), heard.take)
    wait_for(lambda: "finished" in heard.kinds)
    assert sum(map(len, batches)) == 2000
    assert len(batches) < 100


@pytest.mark.parametrize(
    ("error", "arrives_as"), [(ValueError("bad value"), ValueError), (RuntimeError("CUDA out of memory"), JobFailed)]
)
def test_errors_arrive_also_runtime_errors(heard, wait_for, error, arrives_as):
    def job():
        yield Event("Working", 1, 2)
        raise error

    heard.runner.run("Working", job(), heard.take)
    wait_for(lambda: "finished" in heard.kinds)
    assert heard.kinds == ["started", "failed", "finished"]
    arrived = heard.log[1][1]
    assert type(arrived) is arrives_as
    assert str(error) in str(arrived)
    assert heard.result is None


def test_cancel_closes_the_job_at_once_in_its_own_thread(heard, wait_for):
    closed = []
    heard.runner.run("Counting", counting(100_000, pause=0.01, closed=closed), heard.take)
    wait_for(lambda: len(heard.events) > 2)
    heard.runner.cancel()
    wait_for(lambda: "finished" in heard.kinds)
    assert heard.kinds == ["started", "cancelled", "finished"]
    assert len(closed) == 1
    assert closed[0] is not threading.main_thread()
    assert heard.result is None


def test_an_error_while_cleaning_up_after_a_cancel_is_reported(heard, wait_for):
    def job():
        try:
            while True:
                time.sleep(0.01)
                yield Event("Working", 0, 0)
        finally:
            raise OSError("could not remove the temporary file")

    heard.runner.run("Working", job(), heard.take)
    wait_for(lambda: bool(heard.events))
    heard.runner.cancel()
    wait_for(lambda: "finished" in heard.kinds)
    assert heard.kinds == ["started", "failed", "finished"]
    assert "temporary file" in str(heard.log[1][1])


def test_a_second_job_is_refused_with_a_clear_sentence(heard, wait_for):
    heard.runner.run("Training ridge", counting(100_000, pause=0.01), heard.take)
    with pytest.raises(InputError, match=r"Training ridge is still running.*Cancel"):
        heard.runner.run("Predicting", counting(1), heard.take)
    heard.runner.cancel()
    wait_for(lambda: heard.runner.running is None)
    heard.runner.run("Predicting", counting(1), heard.take)
    wait_for(lambda: heard.result == "counted")


def test_a_result_that_can_not_be_taken_is_a_failure(heard, wait_for):
    def refuse(result):
        raise InputError("The prediction is of another section.")

    heard.runner.run("Predicting", counting(1), refuse)
    wait_for(lambda: "finished" in heard.kinds)
    assert heard.kinds == ["started", "failed", "finished"]


def test_two_sessions_run_at_the_same_time(qtbot, wait_for):
    one, two = Session(), Session()
    first, second = Heard(runner_of(one)), Heard(runner_of(two))
    assert first.runner is not second.runner
    assert runner_of(one) is first.runner
    first.runner.run("A", counting(30, pause=0.01), first.take)
    second.runner.run("B", counting(30, pause=0.01), second.take)
    wait_for(lambda: first.result == second.result == "counted")


@pytest.mark.parametrize("fails", [False, True])
def test_nobody_is_told_of_a_job_that_was_abandoned(qtbot, heard, fails):
    go_on = threading.Event()

    def job():
        yield Event("Waiting", 0, 1)
        go_on.wait(10)
        if fails:
            raise InputError("too late")
        return "result"

    heard.runner.run("Waiting", job(), heard.take)
    qtbot.waitUntil(lambda: heard.events != [])
    heard.runner.abandon()
    go_on.set()
    qtbot.waitUntil(lambda: heard.runner.running is None)
    assert heard.kinds == ["started", "finished"]
    assert heard.result is None
