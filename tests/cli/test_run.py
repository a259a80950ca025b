"""What stands beside the progress bar."""

import pytest

from geneglass.cli.run import note_of
from geneglass.workflow.events import Event


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({}, ""),
        ({"loss": 2.0}, "loss 2.000"),
        ({"loss": 1.75, "terms": {"hard": 1.5, "mse": 0.25}}, "loss 1.750 (hard 1.50, mse 0.25)"),
    ],
)
def test_the_loss_is_shown_with_its_parts(facts, note):
    assert note_of(Event("Training", 1, 2, **facts)) == note
