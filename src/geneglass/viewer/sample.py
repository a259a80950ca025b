"""File > Open Sample: the embedded cohort, opened as a person would open their own."""

from typing import Any

from geneglass.data.sample import sample_cohort
from geneglass.viewer.layers import layers_of
from geneglass.viewer.opening import open_path
from geneglass.viewer.window import show_panel
from geneglass.workflow.events import finish


def open_sample() -> list[Any]:
    """Return the first section of the embedded cohort; the panel opens beside it with the others to choose."""
    opened = finish(open_path(sample_cohort()))
    show_panel()
    return list(layers_of(opened))
