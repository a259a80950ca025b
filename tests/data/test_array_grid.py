"""Layout and pitch of spot arrays, turned, shifted and moved by hand."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given, settings
from hypothesis import strategies as st

from geneglass.data.array_grid import array_yx, layout, pitch_px

UNIT_YX = {"square": (1.0, 1.0), "hexagonal": (np.sqrt(3) / 2, 0.5), "staggered": (np.sqrt(0.5), np.sqrt(0.5))}


def array(arranged: str, *, pitch: float, degrees: float = 0.0, mirrored: bool = False, jitter: float = 0.0) -> AnnData:
    step = 1 if arranged == "square" else 2
    array_yx = np.array([(y, x) for y in range(9) for x in range(y % step, 14, step)])
    yx = array_yx * np.array(UNIT_YX[arranged]) * pitch
    if mirrored:
        yx[:, 1] *= -1
    angle = np.radians(degrees)
    yx = yx @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + 1234.5
    yx = yx + np.random.default_rng(0).normal(0, jitter * pitch, yx.shape)
    names = [str(i) for i in range(len(yx))]
    obs = pd.DataFrame(array_yx, columns=["array_row", "array_col"], index=names)
    table = AnnData(np.ones((len(yx), 1)), obs=obs)
    table.obsm["spatial"] = yx[:, ::-1]
    return table


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(sorted(UNIT_YX)), st.floats(3, 500), st.floats(-180, 180), st.booleans(), st.sampled_from([0, 0.03])
)
def test_layout_and_pitch_are_found(arranged: str, pitch: float, degrees: float, mirrored: bool, jitter: float) -> None:
    table = array(arranged, pitch=pitch, degrees=degrees, mirrored=mirrored, jitter=jitter)
    assert layout(table) == arranged
    assert pitch_px(table) == pytest.approx(pitch, rel=0.01)


def test_a_few_spots_far_off_do_not_move_the_pitch() -> None:
    table = array("square", pitch=100, jitter=0.02)
    table.obsm["spatial"][[3, 40]] += 2000
    assert pitch_px(table) == pytest.approx(100, rel=0.01)


def test_holes_and_a_torn_edge_do_not_move_the_pitch() -> None:
    table = array("hexagonal", pitch=100)
    kept = np.random.default_rng(1).random(table.n_obs) < 0.6
    assert pitch_px(table[kept].copy()) == pytest.approx(100)


def test_without_array_positions_a_dense_grid_is_needed() -> None:
    table = array("hexagonal", pitch=100)
    del table.obs["array_row"]
    assert array_yx(table) is None
    assert layout(table) is None
    assert pitch_px(table) == pytest.approx(100)
    table.obsm["spatial"] = np.random.default_rng(1).uniform(0, 1000, (table.n_obs, 2))
    assert pitch_px(table) is None


def test_too_few_spots_or_one_line_say_nothing() -> None:
    table = array("square", pitch=100)
    assert pitch_px(table[:5].copy()) is None
    assert pitch_px(table[:12].copy()) is None
    same = table.copy()
    same.obsm["spatial"] = np.full((table.n_obs, 2), 5.0)
    assert pitch_px(same) is None
