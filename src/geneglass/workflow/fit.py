"""Training of one recipe, told as events."""

import math
from collections.abc import Sequence
from dataclasses import replace

from geneglass.errors import InputError
from geneglass.model.memory import free_memory, halved_told, out_of_memory
from geneglass.model.recipe import Recipe, Snapshots, TrainData
from geneglass.workflow.events import Event, Job

SMALLEST_BATCH = 8
"""Spots per step; with fewer a contrastive loss has nearly nothing to tell apart."""


def fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str, snapshots: Snapshots | None = None) -> Job[None]:
    """Fit a recipe on prepared sections, yielding at every batch.

    Where memory does not suffice, training goes on from the last snapshot with half the batch, which is then the
    recipe's setting, and says so.

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
        When the training diverged, or memory does not suffice for the smallest batch: nothing is saved.
    """
    while True:
        try:
            yield from _steps(recipe, data, stage, snapshots)
            return
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        # Outside the block, where the error no longer holds the tensors of the batch.
        free_memory()
        yield Event(stage, 0, 0, message=_halve_batch(recipe, stage))


def _steps(recipe: Recipe, data: Sequence[TrainData], stage: str, snapshots: Snapshots | None) -> Job[None]:
    for step in recipe.fit(data, snapshots=snapshots):
        if step.loss is not None and not math.isfinite(step.loss):
            raise InputError(
                f"{stage} went wrong: the loss became {step.loss} at step {step.done}; "
                "lower the learning rate, or look at the settings."
            )
        yield Event(
            stage, step.done, step.total, loss=step.loss, score=step.score, message=step.message, terms=step.terms
        )


def _halve_batch(recipe: Recipe, stage: str) -> str:
    """Let a recipe train on half as many spots at a time, and return the sentence that says so.

    Raises
    ------
    InputError
        When it has no batch, or a smaller one makes no sense.
    """
    before = int(getattr(recipe.config, "batch", 0))
    after = before // 2
    if after < SMALLEST_BATCH:
        raise InputError(
            f"{stage} stopped: the memory of this machine does not suffice; take fewer genes or sections, "
            "or compute on another device."
        )
    recipe.config = replace(recipe.config, batch=after)
    return halved_told("spots", before, after)
