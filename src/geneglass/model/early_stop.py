"""When to stop, found on training tissue that is left out in turn: never on anything to be tested."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.calibration import hits
from geneglass.model.pool import inner_groups
from geneglass.model.recipe import FitStep, Snapshots, TrainData
from geneglass.model.retrieval_choice import Asked, Choice, best_choice, told, unsearched, weightings
from geneglass.model.signals import signals
from geneglass.model.snapshot import SEARCH, Kept, named, part
from geneglass.model.training import Trial, few_threads

if TYPE_CHECKING:
    from geneglass.model.contrastive import ContrastiveRecipe

JUDGED, KEPT = 300, 1000
"""Places of one left-out section, at most: scored after an epoch, and of the best epoch; evenly spread over it."""
JUDGED_IN_ALL = 1000
"""Places of all left-out sections together, about, that are scored after an epoch."""


@dataclass(frozen=True)
class HeldOut:
    """Places of one section that was left out, as the networks of the best epoch predicted them.

    Attributes
    ----------
    section, patient
        Whose places they are.
    signals
        (n, 3) as `geneglass.model.signals` returns them.
    hit
        (n,) whether the prediction came nearer to the truth, over all genes, than the mean of the spots trained on.
    rows
        (n,) which of the section's places they are.
    predicted
        (n, genes), for recipes that say so with `keeps_left_out`; else (n, 0).
    """

    section: str
    patient: str | None
    signals: FloatArray
    hit: NDArray[np.bool_]
    rows: NDArray[np.int64]
    predicted: FloatArray


@dataclass(frozen=True)
class Stop:
    """What training tissue left out has shown.

    Attributes
    ----------
    epochs
        The best number of epochs.
    choice
        The best number of references per prediction, and how they are weighed, with the networks of that epoch.
    score
        Mean r over genes there.
    scores
        The same after every epoch, of fewer places and one way to weigh.
    steps
        Batches that finding it took.
    held_out
        The sections left out, with what calibrates a confidence; empty while the search goes on.
    """

    epochs: int
    choice: Choice
    score: float
    scores: tuple[float, ...]
    steps: int
    held_out: tuple[HeldOut, ...] = ()

    def tensors(self) -> dict[str, Tensor]:
        """Return the arrays, for a snapshot."""
        held: dict[str, Tensor] = {}
        for number, item in enumerate(self.held_out):
            arrays = {name: torch.from_numpy(getattr(item, name)) for name in _ARRAYS}
            held |= named(str(number), arrays)
        return held

    def texts(self) -> dict[str, Any]:
        """Return everything else, as JSON values."""
        names = [[item.section, item.patient] for item in self.held_out]
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {"choice": asdict(self.choice), "scores": list(self.scores), "held_out": names}

    @classmethod
    def load(cls, tensors: Mapping[str, Tensor], texts: Mapping[str, Any]) -> "Stop":
        """Return what `tensors` and `texts` were taken from."""
        arrays = [part(str(number), tensors) for number in range(len(texts["held_out"]))]
        held_out = tuple(
            HeldOut(section, patient, **{name: held[name].numpy() for name in _ARRAYS})
            for (section, patient), held in zip(texts["held_out"], arrays, strict=True)
        )
        plain = {name: texts[name] for name in _PLAIN}
        return cls(**plain, choice=Choice(**texts["choice"]), scores=tuple(texts["scores"]), held_out=held_out)


_PLAIN = ("epochs", "score", "steps")
_ARRAYS = ("signals", "hit", "rows", "predicted")


class Search:
    """Networks trained beside each other, one per left-out group, until their mean score no longer rises.

    Patients are left out, or sections of one patient, or halves of one section; with fine-tuning only
    the first, since a network there costs too much to train several.

    Parameters
    ----------
    recipe
        What is trained.
    sections
        All training data.
    """

    def __init__(self, recipe: "ContrastiveRecipe", sections: Sequence[TrainData]) -> None:
        self.recipe = recipe
        groups = inner_groups(sections, recipe.config.inner_folds)
        held = groups[:1] if recipe.fine_tunes else groups
        rest = [[s for group in groups if group is not out for s in group] for out in held]
        if not all(sum(len(s.features) for s in some) >= 2 for some in rest):
            raise InputError("There are too few spots to leave some out: give more, or set validate to false.")
        self.trials = [recipe.trial(recipe.pool(some), recipe.seed + 1 + i) for i, some in enumerate(rest)]
        self.inner = [[recipe.pool([section]) for section in out] for out in held]
        self.stop = Stop(1, unsearched(recipe.config), -np.inf, (), 0)
        self._best = [_copied(trial) for trial in self.trials]

    def run(self, snapshots: Snapshots) -> Iterator[FitStep]:
        """Go on from the epoch that `stop` has come to, keep a snapshot after each, and settle on the best."""
        config = self.recipe.config
        while (epoch := len(self.stop.scores)) < config.epochs and epoch - self.stop.epochs < config.patience:
            for trial in self.trials:
                for loss in trial.epoch(self.recipe):
                    self.stop = replace(self.stop, steps=self.stop.steps + 1)
                    yield self.step(loss=loss, terms=self.recipe.terms)
            with few_threads(self.recipe.light):
                score = self._judge()
            yield self.step(score=score)
            snapshots.save(self.tensors(), {"phase": SEARCH, "stop": self.stop.texts()})
        with few_threads(self.recipe.light):
            self._settle()

    def step(self, **told: Any) -> FitStep:
        """Return what is told after the batches done so far."""
        per_epoch = sum(trial.steps_per_epoch() for trial in self.trials)
        return FitStep(self.stop.steps, self.recipe.config.epochs * (per_epoch + 1), **told)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state of all trials, for a snapshot."""
        held = named("stop", self.stop.tensors())
        for number, trial in enumerate(self.trials):
            held |= named(f"trial{number}", trial.state()) | named(f"best{number}", self._best[number])
        return held

    def load(self, tensors: Mapping[str, Tensor], texts: Mapping[str, Any]) -> None:
        """Take back a snapshot of the same search."""
        self.stop = Stop.load(part("stop", tensors), texts["stop"])
        for number, trial in enumerate(self.trials):
            trial.load(part(f"trial{number}", tensors))
            self._best[number] = part(f"best{number}", tensors)

    def _judge(self) -> float:
        """Score the networks as they are now, keep those of the best epoch, and return the score."""
        places = min(JUDGED, -(-JUDGED_IN_ALL // sum(len(sections) for sections in self.inner)))
        _, score = best_choice(self.recipe, self._asked(places), weightings(self.recipe.config)[:1])
        self.stop = replace(self.stop, scores=(*self.stop.scores, score))
        if score > self.stop.score:
            self.stop = replace(self.stop, epochs=len(self.stop.scores), score=score)
            self._best = [_copied(trial) for trial in self.trials]
        return score

    def _settle(self) -> None:
        """Go back to the networks of the best epoch, choose how they retrieve best, and keep what they say."""
        for trial, best in zip(self.trials, self._best, strict=True):
            trial.modules.load_state_dict(best)
        asked = list(self._asked(KEPT))
        choice, score = best_choice(self.recipe, asked, weightings(self.recipe.config))
        held_out = tuple(_held_out(self.recipe, item, choice) for item in asked)
        self.stop = replace(self.stop, choice=choice, score=score, held_out=held_out)

    def _asked(self, places: int) -> Iterator[Asked]:
        for trial, sections in zip(self.trials, self.inner, strict=True):
            bank = self.recipe.make_bank(trial.modules, trial.pool)
            for section in sections:
                rows = _spread(len(section), places, self.recipe.device)
                query = self.recipe.embed_images(trial.modules, section.images, rows)
                yield Asked(trial, bank, section, rows, section.reference[rows].cpu().numpy(), query)


def find_stop(
    recipe: "ContrastiveRecipe",
    sections: Sequence[TrainData],
    snapshots: Snapshots,
    kept: Kept | None = None,
) -> Generator[FitStep, None, Stop]:
    """Leave training tissue out in turn, and return for how long training does good there, and how to retrieve.

    Parameters
    ----------
    recipe
        What is trained.
    sections
        All training data.
    snapshots
        Where the state is kept after each epoch.
    kept
        A snapshot of the same search to go on from.
    """
    search = Search(recipe, sections)
    if kept is not None:
        search.load(*kept)
        yield search.step(message=f"Going on after epoch {len(search.stop.scores)} of the search.")
    yield from search.run(snapshots)
    yield search.step(message=told(recipe.config, search.stop.choice))
    return search.stop


def _held_out(recipe: "ContrastiveRecipe", item: Asked, choice: Choice) -> HeldOut:
    """Return signals and hits of a section's places with what was chosen."""
    found = item.weighed(recipe, item.search(recipe, choice.k), choice)
    predicted = item.predicted(recipe, found)
    hit = hits(item.truth, predicted, item.trial.pool.reference.mean(0).cpu().numpy())
    (section,), (patient,) = item.section.sections, item.section.patients
    kept = predicted if recipe.keeps_left_out else predicted[:, :0]
    places = item.rows.cpu().numpy()
    return HeldOut(section, patient, signals(item.bank, found, item.query, item.everything()), hit, places, kept.copy())


def _spread(n: int, places: int, device: torch.device) -> Tensor:
    return torch.linspace(0, n - 1, min(n, places), device=device).round().long()


def _copied(trial: Trial) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in trial.modules.state_dict().items()}
