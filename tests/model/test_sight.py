"""How far features look is chosen where it was left out: what a place shows, or what lies around it."""

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


def section(number, follows):
    """Return a section whose genes follow the first `OWN` columns of the features, or the others."""
    rng = np.random.default_rng(number)
    features = rng.normal(0, 1, (60, OWN + WIDE)).astype(np.float32)
    columns = slice(0, OWN) if follows == "own" else slice(OWN, None)
    turn = np.random.default_rng(9).normal(0, 1, (OWN + WIDE, 5))[columns]
    shown = features[:, columns] @ turn / np.sqrt(len(turn))
    expression = (shown + rng.normal(0, 1.5, shown.shape)).astype(np.float32)
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


@pytest.mark.parametrize(("follows", "columns"), [("own", OWN), ("wide", OWN + WIDE)])
def test_the_sight_that_left_out_patients_ask_for(follows, columns):
    sections = [section(number, follows) for number in range(4)]
    groups, _ = spot_groups(sections)
    choices = [Axes.fit(sections, 30, columns=count) for count in (OWN, OWN + WIDE)]
    job = look(choices, sections, Targets.of(sections, programmes=5), groups, grid=np.geomspace(1e-3, 10, 7))

    steps = []
    while True:
        try:
            steps.append(next(job))
        except StopIteration as end:
            seen = end.value
            break
    assert np.flatnonzero(np.abs(seen.axes.rotation).sum(axis=1)).max() == columns - 1
    assert [step.done for step in steps] == list(range(1, 9))
    assert {step.total for step in steps} == {9}
