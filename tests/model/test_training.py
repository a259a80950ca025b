"""Steps of gradient descent: seeded, apart from each other and from everything else."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from geneglass.model.pool import Images
from geneglass.model.training import Schedule, Trial, few_threads

SCHEDULE = Schedule(batch=4, by_section=False, learning_rate=0.1, weight_decay=0.1, decoupled=True, light=True)


class _Pool:
    def __init__(self, sizes):
        self.section_of = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        self.expression = torch.linspace(0, 1, len(self.section_of))[:, None].repeat(1, 3)
        self.sections = tuple("abc"[: len(sizes)])
        self.images = Images(self.expression, (0, len(self)))

    def __len__(self):
        return len(self.section_of)


class _Noisy:
    """A loss that draws from the global stream, as dropout does, and remembers its batches."""

    def __init__(self):
        self.rows = []

    def batch_loss(self, modules, pool, rows):
        self.rows.append(sorted(rows.tolist()))
        noise = torch.rand(len(rows), 1)
        return (modules["line"](pool.expression[rows]) - noise).square().mean()


def trial(seed=0, sizes=(6, 5), schedule=SCHEDULE):
    torch.manual_seed(1)
    return Trial(nn.ModuleDict({"line": nn.Linear(3, 1)}), _Pool(sizes), schedule, seed)


def test_every_spot_is_seen_once_per_epoch():
    task, objective = trial(), _Noisy()
    assert len(list(task.epoch(objective))) == task.steps_per_epoch() == 3
    assert sorted(row for batch in objective.rows for row in batch) == list(range(11))


@pytest.mark.parametrize(("spots", "sizes"), [(9, [4, 5]), (10, [4, 4, 2]), (1, [1])])
def test_a_last_spot_is_never_alone_beside_others(spots, sizes):
    task, objective = trial(sizes=(spots,)), _Noisy()
    assert len(list(task.epoch(objective))) == task.steps_per_epoch() == len(sizes)
    assert sorted(map(len, objective.rows)) == sorted(sizes)


def test_batches_by_section_never_mix():
    objective = _Noisy()
    by_section = Schedule(batch=4, by_section=True, learning_rate=0.1, weight_decay=0.1, decoupled=True)
    task = trial(schedule=by_section)
    assert len(list(task.epoch(objective))) == task.steps_per_epoch() == 3
    assert all(max(batch) < 6 or min(batch) >= 6 for batch in objective.rows)


def test_trials_beside_each_other_do_not_change_each_other():
    task, stranger = trial(), trial(seed=9)
    alone = [loss for _ in range(3) for loss in task.epoch(_Noisy())]
    one, other, mixed = trial(), trial(seed=9), []
    for _ in range(3):
        for loss in one.epoch(_Noisy()):
            mixed.append(loss)
            torch.rand(7)
        list(other.epoch(_Noisy()))
    assert mixed == alone
    assert [loss for _ in range(3) for loss in stranger.epoch(_Noisy())] != alone


def test_adam_and_adamw_decay_differently():
    adam = Schedule(batch=4, by_section=False, learning_rate=0.1, weight_decay=0.5, decoupled=False)
    adamw = Schedule(batch=4, by_section=False, learning_rate=0.1, weight_decay=0.5, decoupled=True)
    found = []
    for schedule in (adam, adamw):
        task = trial(schedule=schedule)
        list(task.epoch(_Noisy()))
        found.append(task.modules["line"].weight.detach().clone())
    assert not torch.allclose(*found)


def test_thread_count_is_put_back_also_after_an_error():
    before = torch.get_num_threads()
    try:
        with few_threads():
            assert torch.get_num_threads() == 1
            raise KeyError
    except KeyError:
        pass
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("decoupled", [True, False])
def test_a_trial_loaded_after_an_epoch_goes_on_as_the_one_that_was_not(decoupled):
    schedule = replace(SCHEDULE, decoupled=decoupled)
    one, other = trial(schedule=schedule), trial(schedule=schedule)
    list(one.epoch(_Noisy()))
    held = {name: value.clone() for name, value in one.state().items()}
    expected = [loss for _ in range(2) for loss in one.epoch(_Noisy())]
    other.load(held)
    assert [loss for _ in range(2) for loss in other.epoch(_Noisy())] == expected
    assert torch.equal(other.modules["line"].weight, one.modules["line"].weight)


def test_moments_come_back_in_the_order_of_memory_that_their_parameter_has():
    def convolution():
        torch.manual_seed(0)
        layer = nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)
        return Trial(nn.ModuleDict({"layer": layer}), _Pool((6, 5)), SCHEDULE, 0)

    def step(task):
        task.optimiser.zero_grad()
        task.modules["layer"](torch.ones(2, 3, 4, 6)).square().mean().backward()
        task.optimiser.step()

    one, other = convolution(), convolution()
    step(one)
    other.load({name: value.contiguous().clone() for name, value in one.state().items()})
    for task in (one, other):
        step(task)
    assert torch.equal(other.modules["layer"].weight, one.modules["layer"].weight)


def test_accumulated_batches_make_one_step_of_their_mean_gradient_and_keep_their_size():
    plain = trial(schedule=replace(SCHEDULE, learning_rate=1e-12))
    line = plain.modules["line"].weight
    gradients = [line.grad.clone() for _ in plain.epoch(_Noisy())]
    task, objective, steps = trial(schedule=replace(SCHEDULE, accumulate=2)), _Noisy(), []
    before = task.modules["line"].weight.detach().clone()
    for _ in task.epoch(objective):
        moved = not torch.equal(task.modules["line"].weight, before)
        before = task.modules["line"].weight.detach().clone()
        steps.append(moved)
        if len(steps) == 2:
            torch.testing.assert_close(task.modules["line"].weight.grad, (gradients[0] + gradients[1]) / 2)
    assert sorted(map(len, objective.rows)) == [3, 4, 4]
    assert steps == [False, True, True]
