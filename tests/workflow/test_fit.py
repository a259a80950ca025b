"""Training told as events."""

import pytest

from geneglass.errors import InputError
from geneglass.model.recipe import FitStep
from geneglass.workflow.fit import fit


class Told:
    """A recipe that only tells."""

    def __init__(self, *steps):
        self.steps = steps

    def fit(self, sections, *, snapshots=None):
        yield from self.steps


def test_every_part_of_a_step_reaches_the_event():
    step = FitStep(3, 8, loss=1.5, score=0.2, message="so far", terms={"hard": 1.0, "mse": 0.5})
    (event,) = fit(Told(step), [], stage="Training x")
    assert (event.stage, event.done, event.total, event.loss, event.score) == ("Training x", 3, 8, 1.5, 0.2)
    assert (event.message, event.terms) == ("so far", {"hard": 1.0, "mse": 0.5})


def test_a_loss_that_is_no_number_is_one_sentence():
    with pytest.raises(InputError, match=r"Training x went wrong.*nan at step 2.*lower the learning rate"):
        list(fit(Told(FitStep(1, 8, loss=0.5), FitStep(2, 8, loss=float("nan"))), [], stage="Training x"))
