"""Blocks of a grid: all places once, the same whatever is in view, and what is in view first."""

import numpy as np
import pytest

from geneglass.workflow.blocks import BLOCK_PLACES, View, blocks_of, nearest_first, spread

STRIDE_UM = 50.0


@pytest.fixture
def grid_um_yx() -> np.ndarray:
    """A grid of 40 x 70 places with a hole, as tissue has."""
    rows, columns = np.mgrid[:40, :70]
    tissue = (rows - 20) ** 2 + (columns - 30) ** 2 > 60
    return (np.argwhere(tissue) + 0.5).astype(np.float32) * np.float32(STRIDE_UM)


def test_every_place_is_in_one_block_of_at_most_a_square(grid_um_yx):
    blocks = blocks_of(grid_um_yx, STRIDE_UM)
    assert np.array_equal(np.sort(np.concatenate(blocks)), np.arange(len(grid_um_yx)))
    assert len(blocks) == 3 * 5
    edge_um = (BLOCK_PLACES - 1) * STRIDE_UM
    assert all((np.ptp(grid_um_yx[rows], axis=0) <= edge_um + 1e-3).all() for rows in blocks)


def test_what_is_in_view_comes_first_and_the_rest_by_distance(grid_um_yx):
    view = View(1600, 2500, 1800, 3400)
    blocks = nearest_first(blocks_of(grid_um_yx, STRIDE_UM), grid_um_yx, view)
    distances = [view.distance_um(grid_um_yx[rows]).min() for rows in blocks]
    assert distances == sorted(distances)
    assert distances[0] == 0
    in_view = int((view.distance_um(grid_um_yx) == 0).sum())
    first = [number for number, distance in enumerate(distances) if distance == 0]
    assert sum((view.distance_um(grid_um_yx[blocks[number]]) == 0).sum() for number in first) == in_view > 0


def test_a_view_changes_the_order_but_not_the_blocks(grid_um_yx):
    blocks = blocks_of(grid_um_yx, STRIDE_UM)
    turned = nearest_first(blocks, grid_um_yx, View(0, 3000, 100, 3500))
    assert [rows[0] for rows in turned] != [rows[0] for rows in blocks]
    assert sorted(tuple(rows) for rows in turned) == sorted(tuple(rows) for rows in blocks)
    assert nearest_first(blocks, grid_um_yx, None) is blocks


def test_without_tissue_there_is_no_block():
    assert blocks_of(np.empty((0, 2), np.float32), STRIDE_UM) == []


def test_spread_rows_reach_both_ends_and_are_never_more_than_there_are():
    assert spread(3, 256).tolist() == [0, 1, 2]
    rows = spread(10_000, 64)
    assert (len(rows), rows[0], rows[-1]) == (64, 0, 9999)
    assert np.ptp(np.diff(rows)) <= 1
