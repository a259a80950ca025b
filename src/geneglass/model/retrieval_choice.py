"""How many references make a prediction and how they are weighed, chosen on training tissue that is left out.

One search for the most references serves all choices: of fewer the nearest are taken, and weights are computed anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import torch
from torch import Tensor

from geneglass.data.types import FloatArray
from geneglass.model.contrastive_config import ContrastiveConfig
from geneglass.model.inner_score import mean_r
from geneglass.model.pool import Pool
from geneglass.model.recipe import Neighbours
from geneglass.model.retrieval import Bank, nearest
from geneglass.model.training import Trial
from geneglass.model.weighting import Weighting

if TYPE_CHECKING:
    from geneglass.model.contrastive import ContrastiveRecipe

K_CHOICES = (50, 200, 800)
"""Tried when the recipe leaves k open."""
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
"""Tried when it leaves the weighting open; where nothing is left out to try them on, the first is taken."""


@dataclass(frozen=True)
class Choice:
    """References per prediction, and how they are weighed."""

    k: int
    weighting: Weighting


@dataclass(frozen=True)
class Asked:
    """A left-out section as it is embedded after an epoch, with the truth of the places that are scored."""

    trial: Trial
    bank: Bank
    section: Pool
    rows: Tensor
    truth: FloatArray
    query: Tensor

    def search(self, recipe: "ContrastiveRecipe", k: int) -> Neighbours:
        """Return the k nearest of the whole bank, none of which is of the section that is left out."""
        return recipe.search(self.trial.modules, self.bank, self.query, self.everything(), k)

    def everything(self) -> Tensor:
        """Return all rows of the bank."""
        return torch.arange(len(self.bank), device=self.query.device)

    def weighed(self, recipe: "ContrastiveRecipe", found: Neighbours, choice: Choice) -> Neighbours:
        """Return found neighbours weighed as chosen."""
        return self.bank.weighed(self.query, found, recipe.rule(self.trial.modules, choice))

    def predicted(self, recipe: "ContrastiveRecipe", neighbours: Neighbours) -> FloatArray:
        """Return the prediction that neighbours make."""
        return recipe.refine(self.trial.modules, self.query, self.bank.average(neighbours))


def weightings(config: ContrastiveConfig) -> tuple[Weighting, ...]:
    """Return the ways to weigh that settings leave to be tried."""
    return WEIGHTINGS if config.weighting == "fitted" else (config.weighting,)


def unsearched(config: ContrastiveConfig) -> Choice:
    """Return what is taken where nothing was left out to choose on."""
    return Choice(config.k or K_CHOICES[-1], weightings(config)[0])


def best_choice(
    recipe: "ContrastiveRecipe", asked: Iterable[Asked], tried: Sequence[Weighting]
) -> tuple[Choice, float]:
    """Return the best k, with one of the ways to weigh, and its mean r over left-out sections and genes."""
    config = recipe.config
    numbers = (config.k,) if config.k else K_CHOICES
    scores: dict[Choice, list[float]] = {Choice(k, how): [] for k in numbers for how in tried}
    for item in asked:
        found = item.search(recipe, max(numbers))
        for how in tried:
            weighed = item.weighed(recipe, found, Choice(max(numbers), how))
            for k in numbers:
                predicted = item.predicted(recipe, nearest(weighed, k))
                scores[Choice(k, how)].append(mean_r(item.truth, predicted))
    means = {choice: float(np.mean(values)) for choice, values in scores.items()}
    return max(means.items(), key=lambda pair: pair[1])


def told(config: ContrastiveConfig, choice: Choice) -> str:
    """Return what was chosen in a sentence; empty where the settings left nothing open."""
    parts = [] if config.k else [f"k {choice.k}"]
    parts += [f"weighting {choice.weighting}"] if config.weighting == "fitted" else []
    return f"Chosen on training tissue left out: {', '.join(parts)}." if parts else ""
