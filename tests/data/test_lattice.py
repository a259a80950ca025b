"""Places on a lattice at any angle get row and column; others are left as they are."""

import numpy as np
import pytest

from geneglass.data.lattice import grid_lattice, lattice_of


def disc(rng: np.random.Generator) -> np.ndarray:
    """Rows and columns of a lattice of 90 x 60 with tissue on a part of it, in no order."""
    at = np.argwhere(np.ones((90, 60), bool))
    at = at[((at - [45, 25]) ** 2).sum(axis=1) < 1600]
    return rng.permutation(at)


@pytest.mark.parametrize("degrees", [0.0, 0.4, -3.0, 30.0, 181.0])
def test_rows_and_columns_at_any_angle(degrees):
    rng = np.random.default_rng(3)
    at, angle = disc(rng), np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centres_yx = (at * 7.3) @ turn + [500, 900] + rng.normal(0, 0.05, at.shape)
    lattice = lattice_of(centres_yx.astype(np.float32))
    assert lattice is not None
    back = lattice.origin_yx_px + np.stack([lattice.row, lattice.column], axis=1) @ lattice.steps_yx_px
    np.testing.assert_allclose(back, centres_yx, atol=0.4)
    assert lattice.step_px == pytest.approx(7.3, rel=1e-3)
    assert lattice.row.min() == lattice.column.min() == 0
    assert lattice.shape == (lattice.row.max() + 1, lattice.column.max() + 1)


def test_an_upright_lattice_keeps_its_rows_and_columns():
    at = disc(np.random.default_rng(4))
    centres_yx = ((at + 0.5) * 12.5).astype(np.float32)
    for lattice in (lattice_of(centres_yx), grid_lattice(centres_yx, 12.5)):
        np.testing.assert_array_equal(lattice.row, at[:, 0] - at[:, 0].min())
        np.testing.assert_array_equal(lattice.column, at[:, 1] - at[:, 1].min())


def test_a_picture_has_each_value_at_its_place_and_nothing_elsewhere():
    at = disc(np.random.default_rng(5))
    lattice = grid_lattice(at.astype(np.float32), 1.0)
    values = np.arange(len(at), dtype=np.float32)
    picture = lattice.picture(values)
    np.testing.assert_array_equal(picture[lattice.row, lattice.column], values)
    assert np.isnan(picture).sum() == picture.size - len(at)


def test_what_is_no_square_lattice_is_none():
    rng = np.random.default_rng(6)
    rows, columns = np.mgrid[:40, :30]
    hexagons = np.stack([rows * 86.6, columns * 100 + 50 * (rows % 2)], axis=-1).reshape(-1, 2)
    upright = np.argwhere(np.ones((20, 30), bool)).astype(np.float32)
    assert lattice_of(hexagons.astype(np.float32)) is None
    assert lattice_of(rng.uniform(0, 1000, (2000, 2)).astype(np.float32)) is None
    assert lattice_of(np.concatenate([upright, upright[:1]])) is None
    assert lattice_of(np.concatenate([upright, [[1e5, 1e5]]])) is None
    assert lattice_of(upright[:1]) is None
    assert grid_lattice(upright, 1.5) is None
    assert grid_lattice(np.empty((0, 2), np.float32), 1.0) is None
