"""The two phases of a contrastive training, each of which goes on where a killed run had come to.

What a recipe's `fit` does after them is done again by a resumed run, which takes the networks of the last epoch from
the snapshot.
"""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from geneglass.model.early_stop import Stop, find_stop
from geneglass.model.recipe import FitStep, Snapshots, TrainData
from geneglass.model.snapshot import FINAL, SEARCH, Kept, named, part
from geneglass.model.training import Trial

if TYPE_CHECKING:
    from geneglass.model.contrastive import ContrastiveRecipe


def train_in_phases(
    recipe: "ContrastiveRecipe", sections: Sequence[TrainData], snapshots: Snapshots
) -> Generator[FitStep, None, tuple[Trial, Stop | None]]:
    """Find with `validate` how long training does good, then train on everything for that long.

    Parameters
    ----------
    recipe
        What is trained.
    sections
        All training data, none of them empty.
    snapshots
        Where the state is kept after each epoch, and found by the next run.

    Returns
    -------
    trial
        The trained networks with their pool.
    stop
        What the search has shown; None without `validate`.
    """
    kept = snapshots.load()
    phase = kept[1]["phase"] if kept is not None else SEARCH
    if kept is not None and phase == FINAL:
        texts = kept[1]["stop"]
        stop = None if texts is None else Stop.load(part("stop", kept[0]), texts)
        return (yield from _train_on_all(recipe, sections, stop, snapshots, kept)), stop
    stop = (yield from find_stop(recipe, sections, snapshots, kept)) if recipe.config.validate else None
    return (yield from _train_on_all(recipe, sections, stop, snapshots)), stop


def _train_on_all(
    recipe: "ContrastiveRecipe",
    sections: Sequence[TrainData],
    stop: Stop | None,
    snapshots: Snapshots,
    kept: Kept | None = None,
) -> Generator[FitStep, None, Trial]:
    trial = recipe.trial(recipe.pool(sections), recipe.seed)
    before, epochs = (0, int(recipe.config.epochs)) if stop is None else (stop.steps, stop.epochs)
    total = before + epochs * trial.steps_per_epoch()
    first = 0
    if kept is not None:
        trial.load(part("trial", kept[0]))
        first = int(kept[1]["epoch"])
        yield FitStep(before + first * trial.steps_per_epoch(), total, message=f"Going on after epoch {first}.")
    done = before + first * trial.steps_per_epoch()
    searched = {} if stop is None else named("stop", stop.tensors())
    for epoch in range(first, epochs + 1):
        # Also before the first, so that a kill does not take what the search has found.
        texts = {"phase": FINAL, "epoch": epoch, "stop": None if stop is None else stop.texts()}
        snapshots.save(named("trial", trial.state()) | searched, texts)
        for loss in trial.epoch(recipe) if epoch < epochs else ():
            done += 1
            yield FitStep(done, total, loss=loss, terms=recipe.terms)
    return trial
