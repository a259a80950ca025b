"""How far features look is chosen where it was left out: what a place shows, or what lies around it."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from geneglass.data.types import PatchSpec
from geneglass.model.recipe import TrainData
from geneglass.model.regression import Axes, Targets
from geneglass.model.ridge_solver import spot_groups
from geneglass.model.sight import look, sights

OWN, WIDE = 6, 40


@dataclass
class Two:
    patches = (PatchSpec(80.0, 8), PatchSpec(300.0, 8))
    spans = ((0, 6), (6, 20), (20, 46))
    dim = 46


def section(number, follows, noise=1.5):
    """Return a section whose genes follow the first `OWN` columns of the features, or the others."""
    rng = np.random.default_rng(number)
    features = rng.normal(0, 1, (60, OWN + WIDE)).astype(np.float32)
    columns = slice(0, OWN) if follows == "own" else slice(OWN, None)
    turn = np.random.default_rng(9).normal(0, 1, (OWN + WIDE, 5))[columns]
    shown = features[:, columns] @ turn / np.sqrt(len(turn))
    expression = (shown + rng.normal(0, noise, shown.shape)).astype(np.float32)
    places = np.stack(np.divmod(np.arange(60), 8), axis=1).astype(np.float32)
    return TrainData(
        f"s{number}",
        f"p{number}",
        features,
        places * 100,
        places,
        expression=expression,
        counts=np.ones_like(expression),
    )


def test_what_there_is_to_choose_from():
    assert sights(Two(), "fitted") == (6, 20, 46)
    assert sights(Two(), "all") == (46,)


def looked(sections, targets, **settings):
    """Return what is seen of sections, and the steps that were told."""
    groups, _ = spot_groups(sections)
    choices = [Axes.fit(sections, 30, columns=count) for count in (OWN, OWN + WIDE)]
    job = look(choices, sections, targets, groups, grid=np.geomspace(1e-3, 10, 7), **settings)
    steps = []
    while True:
        try:
            steps.append(next(job))
        except StopIteration as end:
            return end.value, steps


@pytest.mark.parametrize(("follows", "columns"), [("own", OWN), ("wide", OWN + WIDE)])
def test_the_sight_that_left_out_patients_ask_for(follows, columns):
    sections = [section(number, follows) for number in range(4)]
    seen, steps = looked(sections, Targets.of(sections, programmes=5))
    assert np.flatnonzero(np.abs(seen.axes.rotation).sum(axis=1)).max() == columns - 1
    assert [step.done for step in steps] == list(range(1, 9))
    assert {step.total for step in steps} == {9}


def both_kinds():
    """Return sections whose first five genes follow the place itself, and the others what lies around it."""
    pairs = [(section(number, "own", 0.5), section(number, "wide", 0.5)) for number in range(6)]
    return [
        dataclasses.replace(own, expression=np.concatenate([own.expression, wide.expression], axis=1))
        for own, wide in pairs
    ]


def test_each_gene_is_read_from_as_far_as_helps_it():
    sections = both_kinds()
    targets = Targets.of(sections, programmes=0)
    seen, _ = looked(sections, targets)
    assert seen.chosen.tolist() == [0] * 5 + [1] * 5
    coefficients = seen.coefficients()
    assert not coefficients[OWN:, :5].any()
    assert coefficients[OWN:, 5:].any()
    assert seen.explained > max(tuned.explained for tuned in seen.tuned)
    few, _ = looked(sections[:4], Targets.of(sections[:4], programmes=0))
    assert len(set(few.chosen)) == 1
    together, _ = looked(sections, targets, shared=True)
    assert len(set(together.chosen)) == 1
    assert together.explained == pytest.approx(max(tuned.explained for tuned in together.tuned))


def test_coefficients_say_what_the_ridge_of_each_choice_says():
    sections = both_kinds()
    targets = Targets.of(sections, programmes=0)
    seen, _ = looked(sections, targets)
    features = sections[0].features
    for place, (axes, tuned) in enumerate(zip(seen.choices, seen.tuned, strict=True)):
        own = seen.chosen == place
        for coefficients, weights in (
            (seen.coefficients(), tuned.weights()),
            (seen.coefficients(3.0), tuned.weights(3.0)),
            (seen.without(2), tuned.without(2)),
        ):
            read = (features - axes.mean) @ coefficients[:, own]
            np.testing.assert_allclose(read, axes.scores(features) @ weights[:, own], atol=1e-4)
