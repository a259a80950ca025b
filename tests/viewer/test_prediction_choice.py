"""A prediction over the whole tissue leaves the one at the spots within reach, in a real window."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geneglass.data.cohort import read_cohort
from geneglass.viewer.panel import GENES
from geneglass.viewer.prediction_choice import MOST_KEPT, label
from panels import show_both_maps
from tour.pictures import show_page


@pytest.fixture
def both(panel: Any, small_cohort: Path, predicted: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """Return the panel, a prediction at the spots, and one on a grid that came after it."""
    session = panel.desk.session
    show_both_maps(session, small_cohort, predicted)
    at_spots, grid = session.prediction, on_a_grid(session.prediction, 60)
    session.set_prediction(grid)
    return panel, at_spots, grid


def on_a_grid(prediction: Any, stride_um: float) -> Any:
    grid = prediction.copy()
    grid.obs_names = [f"tile_{row}" for row in range(len(grid))]
    grid.uns["geneglass"]["stride_um"] = stride_um
    grid.uns["geneglass"]["model"] = "ridge.safetensors"
    return grid


def entries(panel: Any) -> list[str]:
    menu = panel.head.predictions
    return [menu.itemText(row) for row in range(menu.count())]


def test_both_are_listed_and_one_goes_back_to_the_first(both: tuple[Any, Any, Any], qtbot: Any, wait_for: Any) -> None:
    panel, at_spots, grid = both
    session, menu = panel.desk.session, panel.head.predictions
    assert entries(panel) == ["At the measured spots", "Whole tissue, every 60 µm · ridge"]
    assert menu.isVisible()
    assert (session.prediction, menu.currentIndex()) == (grid, 1)
    assert session.r("ERBB2") is None
    show_page(panel, "Judge")
    menu.setCurrentIndex(0)
    menu.activated.emit(0)
    wait_for(lambda: session.prediction is at_spots and not panel.compare.laying_out)
    assert session.r("ERBB2") is not None
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Judge", "what was seen before asks for no other tab"
    session.set_prediction(on_a_grid(at_spots, 30))
    assert panel.tabs.currentIndex() == GENES
    assert menu.count() == 3


def test_every_section_has_its_own_and_no_more_than_fit(both: tuple[Any, Any, Any], small_cohort: Path) -> None:
    panel, at_spots, _ = both
    session, (left, right) = panel.desk.session, read_cohort(small_cohort).sections
    for stride_um in range(10, 10 + MOST_KEPT):
        session.set_prediction(on_a_grid(at_spots, stride_um))
    assert entries(panel)[0] == "At the measured spots"
    assert [text.split(" · ")[0][-5:] for text in entries(panel)[1:]] == ["10 µm", "11 µm", "12 µm", "13 µm"]
    session.open_section(right)
    assert entries(panel) == []
    assert not panel.head.predictions.isVisible()
    session.open_section(left)
    assert len(entries(panel)) == 1 + MOST_KEPT
    assert panel.head.predictions.currentIndex() == MOST_KEPT


def test_a_label_names_places_and_model() -> None:
    assert label({}) == "At the measured spots"
    assert label({"stride_um": 100.0, "model": "m.safetensors"}) == "Whole tissue, every 100 µm · m"
