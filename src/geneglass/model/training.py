"""One network being trained on one pool: the steps of gradient descent and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from geneglass.model.contrastive_config import ContrastiveConfig
from geneglass.model.pool import Pool
from geneglass.model.snapshot import named, part


class Objective(Protocol):
    """What a trial asks of its recipe."""

    def batch_loss(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return the loss of these rows."""


@dataclass(frozen=True)
class Schedule:
    """How a network is trained.

    Attributes
    ----------
    batch
        Spots per step; the last batch of an epoch may be smaller.
    by_section
        Batches of one section each, instead of spots of all mixed.
    learning_rate, weight_decay
        Of the optimiser.
    decoupled
        AdamW, where the decay is a step of its own; else Adam, where it is part of the gradient.
    light
        The network is so small that a single thread is the fastest.
    accumulate
        Batches whose gradients are averaged for one step of the optimiser; each loss is still of its own batch.
    """

    batch: int
    by_section: bool
    learning_rate: float
    weight_decay: float
    decoupled: bool
    light: bool = False
    accumulate: int = 1

    @classmethod
    def of(cls, config: ContrastiveConfig, *, light: bool) -> "Schedule":
        """Return what a recipe's settings say."""
        return cls(
            batch=config.batch,
            by_section=config.batches == "section",
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            decoupled=config.optimiser == "adamw",
            light=light,
        )


@contextmanager
def few_threads(active: bool = True) -> Iterator[None]:
    """Compute on one thread within the block.

    On matrices of a few hundred rows more threads gain nothing, and on a busy machine (a window is being
    drawn beside the training) they wait for each other: 65 times slower was measured on two busy cores. One
    thread also gives the same sums on every number of cores.

    Parameters
    ----------
    active
        Whether to do so.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if active else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Trial:
    """A network, its optimiser and its own stream of random numbers.

    A recipe whose training holds more (a queue of negatives, averaged weights) gives a subclass whose `state` and
    `load` hold that too; fixed statistics that `adjust` takes from the pool are taken again and need no place.

    Parameters
    ----------
    modules
        What is trained.
    pool
        The spots it is trained on.
    schedule
        How.
    seed
        Order of spots, dropout and augmentation follow from it.
    """

    def __init__(self, modules: nn.ModuleDict, pool: Pool, schedule: Schedule, seed: int) -> None:
        self.modules = modules
        self.pool = pool
        self.schedule = schedule
        self.seed = seed
        self.step = 0
        optimiser = torch.optim.AdamW if schedule.decoupled else torch.optim.Adam
        self._trained = [p for p in modules.parameters() if p.requires_grad]
        self.optimiser = optimiser(
            self._trained, lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
        )
        self._order = torch.Generator().manual_seed(seed)

    def steps_per_epoch(self) -> int:
        """Return how many batches one pass has."""
        return sum(len(_split(group, self.schedule.batch)) for group in self._groups())

    def epoch(self, objective: Objective) -> Iterator[float]:
        """Pass once over the pool, yielding the loss after every batch."""
        batches = [b for group in self._groups() for b in _split(self._shuffled(group), self.schedule.batch)]
        order = torch.randperm(len(batches), generator=self._order).tolist()
        device = self.pool.expression.device
        with closing(self.pool.images.read_ahead([batches[number] for number in order])) as ready:
            for number, rows in enumerate(ready):
                if number % self.schedule.accumulate == 0:
                    self.optimiser.zero_grad(set_to_none=True)
                loss = self._learn(objective, rows.to(device))
                if (number + 1) % self.schedule.accumulate == 0 or number + 1 == len(batches):
                    with few_threads(self.schedule.light):
                        self.optimiser.step()
                yield loss

    def state(self) -> dict[str, Tensor]:
        """Return all that the next epoch depends on, as it is now."""
        held = named("net", self.modules.state_dict())
        for number, parameter in enumerate(self._trained):
            held |= named(f"optimiser.{number}", self.optimiser.state.get(parameter, {}))
        return held | {"order": self._order.get_state(), "step": torch.tensor(self.step)}

    def load(self, held: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned of a trial of the same recipe, pool and seed."""
        self.modules.load_state_dict(part("net", held))
        for number, parameter in enumerate(self._trained):
            moments = part(f"optimiser.{number}", held)
            self.optimiser.state[parameter] = {name: _as(value, parameter) for name, value in moments.items()}
        self._order.set_state(held["order"])
        self.step = int(held["step"])

    def _groups(self) -> list[Tensor]:
        if not self.schedule.by_section:
            return [torch.arange(len(self.pool))]
        section = self.pool.section_of.cpu()
        return [torch.nonzero(section == number).flatten() for number in range(len(self.pool.sections))]

    def _shuffled(self, rows: Tensor) -> Tensor:
        return rows[torch.randperm(len(rows), generator=self._order)]

    def _learn(self, objective: Objective, rows: Tensor) -> float:
        """Add a batch to the gradients."""
        self.modules.train()
        device = rows.device
        # Dropout and augmentation draw from the global stream: set for this step and put back after it, so
        # that nothing that runs beside it, not even another trial, changes what is drawn.
        with few_threads(self.schedule.light):
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                _seed(self.seed * 1_000_003 + self.step, device)
                loss = objective.batch_loss(self.modules, self.pool, rows)
            (loss / self.schedule.accumulate).backward()  # type: ignore[no-untyped-call]
        self.step += 1
        return loss.item()


def _split(rows: Tensor, batch: int) -> list[Tensor]:
    """Return batches; a last spot alone goes with those before, since it has nothing to be contrasted with.

    Nor has a network's batch normalisation anything to take a variance of.
    """
    batches = list(torch.split(rows, batch))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _seed(number: int, device: torch.device) -> None:
    """Set the global stream that is drawn from on a device, and on others as it comes."""
    if device.type == "cpu":
        # torch.manual_seed writes down the whole stack where CUDA has not started: a twentieth of a step.
        torch.default_generator.manual_seed(number)
    else:
        torch.manual_seed(number)


def _as(moment: Tensor, parameter: Tensor) -> Tensor:
    """Return an optimiser's tensor on the parameter's device, in its order of memory, which fused steps rely on."""
    if moment.shape != parameter.shape:
        return moment.to(parameter.device, copy=True)
    return torch.empty_like(parameter, requires_grad=False, dtype=moment.dtype).copy_(moment)
