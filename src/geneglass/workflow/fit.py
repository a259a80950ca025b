"""Training of one recipe, told as events."""

from collections.abc import Sequence

from geneglass.model.recipe import Recipe, TrainData
from geneglass.workflow.events import Event, Job


def fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str) -> Job[None]:
    """Fit a recipe on prepared sections, yielding at every batch."""
    for step in recipe.fit(data):
        yield Event(stage, step.done, step.total, loss=step.loss, score=step.score, message=step.message)
