"""Training told as events."""

from dataclasses import dataclass

import pytest
import torch

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


@dataclass(frozen=True)
class Config:
    batch: int = 64


class Greedy:
    """A recipe whose second step needs more memory than there is, unless the batch is small enough."""

    def __init__(self, fits, config, error=None):
        self.fits, self.config, self.tried = fits, config, []
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    def fit(self, sections, *, snapshots=None):
        batch = getattr(self.config, "batch", 1000)
        self.tried.append((batch, snapshots))
        yield FitStep(1, 2, loss=1.0)
        if batch > self.fits:
            raise self.error
        yield FitStep(2, 2, loss=0.5)


def test_too_little_memory_halves_the_batch_until_it_fits_and_says_so():
    recipe, snapshots = Greedy(fits=20, config=Config()), object()
    events = list(fit(recipe, [], stage="Training x", snapshots=snapshots))
    assert recipe.tried == [(64, snapshots), (32, snapshots), (16, snapshots)]
    assert recipe.config == Config(16)
    assert [event.message for event in events if event.message] == [
        "Memory did not suffice for 64 spots at a time: going on with 32.",
        "Memory did not suffice for 32 spots at a time: going on with 16.",
    ]
    assert (events[-1].done, events[-1].loss) == (2, 0.5)


@pytest.mark.parametrize("config", [Config(), object()], ids=["never fits", "has no batch"])
def test_memory_that_never_suffices_is_one_sentence(config):
    with pytest.raises(InputError, match=r"Training x stopped: the memory of this machine does not suffice; take"):
        list(fit(Greedy(fits=0, config=config), [], stage="Training x"))


def test_an_error_that_is_not_of_memory_is_not_swallowed():
    with pytest.raises(RuntimeError, match="shapes"):
        list(fit(Greedy(fits=0, config=Config(), error=RuntimeError("shapes do not match")), [], stage="x"))
