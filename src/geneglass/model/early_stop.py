"""When to stop, found on training tissue that is left out in turn: never on anything to be tested."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.pool import Pool, inner_groups
from geneglass.model.recipe import FitStep, TrainData
from geneglass.model.retrieval import nearest
from geneglass.model.training import Trial, few_threads

if TYPE_CHECKING:
    from geneglass.model.contrastive import ContrastiveRecipe

K_CHOICES = (50, 200, 800)
"""Tried when the recipe leaves k open."""
MAX_SCORED = 1000
"""Places of one left-out section that are scored after an epoch, evenly spread over it."""


@dataclass(frozen=True)
class Stop:
    """What training tissue left out has shown.

    Attributes
    ----------
    epochs, k
        The best number of epochs, and of references per prediction.
    score
        Mean r over genes there.
    scores
        The same after every epoch.
    steps
        Batches that finding it took.
    """

    epochs: int
    k: int
    score: float
    scores: tuple[float, ...]
    steps: int


def find_stop(recipe: "ContrastiveRecipe", sections: Sequence[TrainData]) -> Generator[FitStep, None, Stop]:
    """Train beside each other one network per left-out group, and stop when their mean score no longer rises.

    Patients are left out, or sections of one patient, or halves of one section; with fine-tuning only
    the first, since a network there costs too much to train several.

    Parameters
    ----------
    recipe
        What is trained.
    sections
        All training data.
    """
    config = recipe.config
    groups = inner_groups(sections, config.inner_folds)
    held = groups[:1] if recipe.fine_tunes else groups
    rest = [[s for group in groups if group is not out for s in group] for out in held]
    if not all(sum(len(s.features) for s in part) >= 2 for part in rest):
        raise InputError("There are too few spots to leave some out: give more, or set validate to false.")
    trials = [recipe.trial(recipe.pool(part), recipe.seed + 1 + number) for number, part in enumerate(rest)]
    inner = [[recipe.pool([section]) for section in out] for out in held]
    total = config.epochs * (sum(trial.steps_per_epoch() for trial in trials) + 1)
    best, scores, done = (1, config.k or K_CHOICES[0], -np.inf), [], 0
    for epoch in range(1, config.epochs + 1):
        for trial in trials:
            for loss in trial.epoch(recipe):
                done += 1
                yield FitStep(done, total, loss=loss, terms=recipe.terms)
        with few_threads(recipe.light):
            k, score = _score(recipe, trials, inner)
        scores.append(score)
        yield FitStep(done, total, score=score)
        best = (epoch, k, score) if score > best[2] else best
        if epoch - best[0] >= config.patience:
            break
    return Stop(*best, scores=tuple(scores), steps=done)


def _score(recipe: "ContrastiveRecipe", trials: Sequence[Trial], held: Sequence[Sequence[Pool]]) -> tuple[int, float]:
    """Return the best k and its mean r over left-out sections and genes."""
    choices = (recipe.config.k,) if recipe.config.k else K_CHOICES
    scores: dict[int, list[float]] = {k: [] for k in choices}
    for trial, sections in zip(trials, held, strict=True):
        bank = recipe.make_bank(trial.modules, trial.pool)
        everything = torch.arange(len(bank), device=recipe.device)
        for section in sections:
            rows = _spread(len(section), recipe.device)
            truth = section.reference[rows].cpu().numpy()
            query = recipe.embed_images(trial.modules, section.images, rows)
            found = recipe.search(trial.modules, bank, query, everything, max(choices))
            for k in choices:
                predicted = recipe.refine(trial.modules, query, bank.average(nearest(found, k)))
                scores[k].append(mean_r(truth, predicted))
    means = {k: float(np.mean(values)) for k, values in scores.items()}
    return max(means.items(), key=lambda item: item[1])


def _spread(n: int, device: torch.device) -> torch.Tensor:
    return torch.linspace(0, n - 1, min(n, MAX_SCORED), device=device).round().long()


def mean_r(measured: FloatArray, predicted: FloatArray) -> float:
    """Return Pearson's r over places, averaged over the genes where it is defined; 0 where it nowhere is."""
    a, b = (values.astype(np.float64) - values.mean(axis=0, dtype=np.float64) for values in (measured, predicted))
    spread = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    defined = spread > 1e-9
    if not defined.any():
        return 0.0
    return float(np.mean((a * b).sum(axis=0)[defined] / spread[defined]))
