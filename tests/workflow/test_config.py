"""What a config of an evaluation refuses, in one sentence each."""

from pathlib import Path
from typing import Any

import pytest

from geneglass.errors import UsageError
from geneglass.workflow.config import EvaluateConfig


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"min_counts": -3}, r"^min_counts must be at least 0, got -3\.$"),
        ({"panel_size": 0}, r"^panel_size must be at least 1, got 0\.$"),
        ({"seed": -1}, r"^seed must be at least 0, got -1\.$"),
        ({"split": "Patient"}, r"^split must be patient or section, got 'Patient'\.$"),
        ({"train": ("C2", "C2"), "test": ("D1",)}, r"^--train names C2 more than once; name each section once\.$"),
        ({"train": ("C2",), "test": ("D1", "D1")}, r"^--test names D1 more than once; name each section once\.$"),
        ({"train": ("C2",), "test": ("C2",)}, r"^Sections can not be in --train and --test at once: C2\.$"),
        ({"train": ("C2",)}, r"^Give both --train and --test, or neither\.$"),
        ({"recipes": ()}, r"^Name at least one recipe\.$"),
    ],
)
def test_what_an_evaluation_refuses(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        EvaluateConfig(cohort=Path("cohort.toml"), out=Path("out"), **given)


def test_the_lowest_that_is_allowed_is_taken() -> None:
    config = EvaluateConfig(Path("cohort.toml"), Path("out"), min_counts=0, panel_size=1, split="section")
    assert (config.min_counts, config.panel_size, config.split) == (0, 1, "section")
