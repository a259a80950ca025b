"""Training of one recipe, told as events."""

import math
from collections.abc import Sequence

from geneglass.errors import InputError
from geneglass.model.recipe import Recipe, Snapshots, TrainData
from geneglass.workflow.events import Event, Job


def fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str, snapshots: Snapshots | None = None) -> Job[None]:
    """Fit a recipe on prepared sections, yielding at every batch.

    Parameters
    ----------
    recipe
        What is trained.
    data
        The training sections.
    stage
        What the events call it.
    snapshots
        Where a killed run had left its state, and this one leaves its own; None to start from nothing and leave none.

    Raises
    ------
    InputError
        When the training diverged: nothing is saved.
    """
    for step in recipe.fit(data, snapshots=snapshots):
        if step.loss is not None and not math.isfinite(step.loss):
            raise InputError(
                f"{stage} went wrong: the loss became {step.loss} at step {step.done}; "
                "lower the learning rate, or look at the settings."
            )
        yield Event(
            stage, step.done, step.total, loss=step.loss, score=step.score, message=step.message, terms=step.terms
        )
