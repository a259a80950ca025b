"""Training of one recipe, told as events."""

import math
from collections.abc import Sequence

from geneglass.errors import InputError
from geneglass.model.recipe import Recipe, TrainData
from geneglass.workflow.events import Event, Job


def fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str) -> Job[None]:
    """Fit a recipe on prepared sections, yielding at every batch.

    Raises
    ------
    InputError
        When the training diverged: nothing is saved.
    """
    for step in recipe.fit(data):
        if step.loss is not None and not math.isfinite(step.loss):
            raise InputError(
                f"{stage} went wrong: the loss became {step.loss} at step {step.done}; "
                "lower the learning rate, or look at the settings."
            )
        yield Event(
            stage, step.done, step.total, loss=step.loss, score=step.score, message=step.message, terms=step.terms
        )
