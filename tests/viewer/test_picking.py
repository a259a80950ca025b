"""A click on a map picks the place that it lands on: anywhere in a cell of a raster or a square tile, and no other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from napari.layers import Image, Points

from geneglass.data.cohort import read_cohort
from geneglass.data.lattice import lattice_of
from geneglass.overlay import Layout
from geneglass.viewer.field import View
from geneglass.viewer.hits import place_at
from geneglass.viewer.panes import MEASURED, PREDICTED
from geneglass.viewer.selection import selection_of
from tour.canvas import Canvas

STEP_PX = 20.0
"""Of the grid, in level-0 pixels."""
ROWS, COLUMNS = 12, 16
HOLE = (6, 9)
"""Row and column of the grid where there is no tile."""
NEAR, BEYOND = 0.46, 0.54
"""Of a step, from the middle of a tile: inside it, and outside."""
INSIDE = [(0, 0), *((NEAR * y, NEAR * x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0))]


def grid_prediction(section: Any) -> anndata.AnnData:
    """Return a grid of tiles with one left out, in an order that is none."""
    row, column = (axis.ravel() for axis in np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij"))
    kept = (row != HOLE[0]) | (column != HOLE[1])
    rng = np.random.default_rng(0)
    order = rng.permutation(np.flatnonzero(kept))
    yx = (np.stack([row, column], axis=1)[order] * STEP_PX + 40).astype(np.float32)
    names = [f"tile_{row[i]}_{column[i]}" for i in order]
    values = rng.uniform(1, 3, (len(order), 2)).astype(np.float32)
    made = anndata.AnnData(values, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=["ERBB2", "CD74"]))
    made.obsm["spatial"] = yx[:, ::-1].astype(float)
    made.uns["geneglass"] = {
        "section": section.name,
        "slide": section.slide.path.name,
        "slide_hash": section.slide.content_hash(),
        "unit": "ln(1 + 10,000 x / total of the spot over all genes)",
        "min_counts": 500,
        "stride_um": STEP_PX * section.mpp,
        "mpp": section.mpp,
    }
    return made


@pytest.fixture(params=[Image, Points], ids=["raster", "squares"])
def grid(request: Any, panel: Any, small_cohort: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the panel over a grid of tiles, drawn as a raster or as squares, seen so near that a tile has 80 px."""
    monkeypatch.setattr("geneglass.viewer.layers.RASTER_ABOVE", 100 if request.param is Image else 10_000)
    session, cohort = panel.desk.session, read_cohort(small_cohort)
    session.set_cohort(cohort)
    session.open_section(replace(cohort.sections[0], spots=None))
    session.set_prediction(grid_prediction(session.section))
    session.set_gene("ERBB2")
    qtbot.waitUntil(lambda: not panel._refit.isActive())
    assert isinstance(panel.compare.layer(PREDICTED), request.param)
    return panel


def at(row: float, column: float) -> tuple[float, float]:
    return row * STEP_PX + 40, column * STEP_PX + 40


def picked(panel: Any, row: float, column: float) -> str | None:
    """Click on the predicted map, and return the name of the tile that is picked."""
    selection = selection_of(panel._viewer)
    Canvas(panel._viewer).click(*at(row, column))
    return None if selection.place is None else str(panel.desk.session.predicted_places.names[selection.place[1]])


def test_a_tile_is_picked_anywhere_within_it_and_nothing_where_there_is_none(grid: Any) -> None:
    grid.field.go(View(at(*HOLE), 4.0))
    for y, x in INSIDE:
        assert picked(grid, 5 + y, 8 + x) == "tile_5_8", (y, x)
        assert picked(grid, HOLE[0] + y, HOLE[1] + x) is None, (y, x)
    assert picked(grid, 5 + BEYOND, 8) == "tile_6_8"
    assert picked(grid, 5 - NEAR, 8 - BEYOND) == "tile_5_7"


def test_the_outer_tiles_end_where_they_are_drawn(grid: Any) -> None:
    grid.field.go(View(at(0, 0), 4.0))
    assert picked(grid, -NEAR, -NEAR) == "tile_0_0"
    assert picked(grid, -BEYOND, 0) is None
    assert picked(grid, 0, -BEYOND) is None
    grid.field.go(View(at(ROWS - 1, COLUMNS - 1), 4.0))
    assert picked(grid, ROWS - 1 + NEAR, COLUMNS - 1 + NEAR) == f"tile_{ROWS - 1}_{COLUMNS - 1}"
    assert picked(grid, ROWS - 1 + BEYOND, COLUMNS - 1) is None


def test_a_tile_of_less_than_a_pixel_is_no_larger_for_that(grid: Any) -> None:
    grid.field.go(View(at(ROWS - 1, COLUMNS - 1), 0.5))
    assert picked(grid, ROWS - 1, COLUMNS - 1) == f"tile_{ROWS - 1}_{COLUMNS - 1}"
    assert picked(grid, ROWS, COLUMNS) is None


def test_a_spot_is_picked_at_its_rim_and_a_little_beside_it(
    panel: Any, small_cohort: Path, predicted: Callable[..., Any], qtbot: Any
) -> None:
    session, selection = panel.desk.session, selection_of(panel._viewer)
    cohort = read_cohort(small_cohort)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    qtbot.waitUntil(lambda: not panel._refit.isActive())
    row = 12
    y, x = session.section.centres_yx[row]
    panel.field.go(View((y, x), 4.0))
    radius = panel.compare.layout(MEASURED).diameter_px / 2
    for off, expected in ((0.95 * radius, (MEASURED, row)), (1.3 * radius, None)):
        selection.set_place(None)
        Canvas(panel._viewer).click(y + off, x)
        assert selection.place == expected


def test_cells_of_a_slanted_lattice_are_slanted_squares() -> None:
    angle = np.deg2rad(12)
    down, right = np.array([np.cos(angle), np.sin(angle)]) * 10, np.array([-np.sin(angle), np.cos(angle)]) * 10
    row, column = (axis.ravel() for axis in np.meshgrid(np.arange(9), np.arange(7), indexing="ij"))
    centres = (row[:, None] * down + column[:, None] * right + 100).astype(np.float32)
    layout = Layout(centres, 0.5, 10.0, lattice=lattice_of(centres))
    for number in (0, 31, 62):
        for y, x in INSIDE:
            assert place_at(layout, centres[number] + y * down + x * right, square=False, reach_px=0) == number
    assert place_at(layout, centres[0] - BEYOND * down, square=False, reach_px=50) is None
    assert place_at(layout, centres[62] + BEYOND * right, square=False, reach_px=50) is None
    # Without the slant this corner would be another cell's.
    assert place_at(layout, centres[0] + NEAR * (down + right), square=False, reach_px=0) == 0


def test_edges_and_corners_belong_to_a_tile_and_no_places_have_none() -> None:
    centres = np.array([[100, 100], [100, 120], [120, 100]], np.float32)
    for layout in (Layout(centres, None, 20.0, lattice=lattice_of(centres)), Layout(centres, None, 20.0)):
        for y, x in ((90, 90), (90, 100), (100, 90)):
            assert place_at(layout, (y, x), square=True, reach_px=0) == 0
        assert place_at(layout, (130, 110), square=True, reach_px=0) == 2
        assert place_at(layout, (121, 121), square=True, reach_px=9) is None
    assert place_at(Layout(centres[:0], None, 20.0), (1, 1), square=True, reach_px=9) is None
