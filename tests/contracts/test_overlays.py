"""What every registered overlay must do."""

import numpy as np
import pytest

from geneglass.data.types import FloatArray
from geneglass.overlay import NO_SIGNAL_RGBA, OVERLAYS, Layout, Shade

pytest.importorskip("napari", reason="overlays are checked as real layers: install geneglass[viewer]")

from napari.layers import Layer, Points

# 3 x 5 places on a slide that is wider than high.
GRID_YX = np.stack(np.meshgrid(np.arange(3) * 100, np.arange(5) * 100, indexing="ij"), -1).reshape(-1, 2)
LAYOUT = Layout(GRID_YX.astype(np.float32), mpp=0.5, diameter_px=60.0)
VALUES = np.linspace(0, 2, 15).astype(np.float32)


def make(name: str, values: FloatArray, shade: Shade) -> Points:
    layer = Layer.create(*OVERLAYS[name](values, LAYOUT, shade))
    assert isinstance(layer, Points)
    return layer


@pytest.fixture(params=list(OVERLAYS))
def overlay(request: pytest.FixtureRequest) -> str:
    return request.param


def test_same_input_same_output(overlay: str) -> None:
    first, second = (make(overlay, VALUES, Shade(0, 2)) for _ in range(2))
    assert np.array_equal(first.face_color, second.face_color)
    assert np.array_equal(first.data, second.data)


def test_input_is_left_as_it_was(overlay: str) -> None:
    before = VALUES.copy()
    make(overlay, VALUES, Shade(0, 2))
    assert np.array_equal(VALUES, before)


def test_extent_is_that_of_the_places(overlay: str) -> None:
    layer = make(overlay, VALUES, Shade(0, 2))
    height_um, width_um = np.ptp(layer.data * layer.scale, axis=0)
    assert (height_um, width_um) == (100.0, 200.0)


def test_limits_are_finite_and_colours_follow_the_values(overlay: str) -> None:
    layer = make(overlay, VALUES, Shade(0, 2, clear_low=False))
    assert layer.face_color_mode == "colormap"
    assert layer.face_contrast_limits == (0, 2)
    assert len(np.unique(layer.face_color, axis=0)) == 15


def test_missing_is_absent_and_the_others_keep_their_colour(overlay: str) -> None:
    holes = VALUES.copy()
    holes[[2, 7]] = np.nan
    whole, layer = (make(overlay, values, Shade(0, 2, clear_low=False)) for values in (VALUES, holes))
    assert layer.face_color[[2, 7], 3].tolist() == [0, 0]
    others = np.delete(np.arange(15), [2, 7])
    assert np.array_equal(layer.face_color[others], whole.face_color[others])


def test_values_at_or_below_the_threshold_are_clear(overlay: str) -> None:
    values = np.full(15, 0.5, np.float32)
    values[:3] = (0.0, 0.1, np.nextafter(np.float32(0.1), np.float32(1)))
    layer = make(overlay, values, Shade(float(np.float32(0.1)), 1.0))
    assert layer.face_color[:, 3].tolist() == [0, 0] + [1] * 13


def test_all_zero_without_signal_is_neutral_never_the_top_colour(overlay: str) -> None:
    layer = make(overlay, np.zeros(15, np.float32), Shade(signal=False))
    assert np.allclose(layer.face_color, NO_SIGNAL_RGBA)


def test_all_missing_shows_nothing(overlay: str) -> None:
    layer = make(overlay, np.full(15, np.nan, np.float32), Shade(signal=False))
    assert not layer.face_color[:, 3].any()


def test_few_integer_values_stay_a_continuous_scale(overlay: str) -> None:
    layer = make(overlay, np.arange(15) % 3, Shade(0, 2))
    assert layer.face_color_mode == "colormap"


def test_one_feature_only(overlay: str) -> None:
    assert list(make(overlay, VALUES, Shade()).features) == ["value"]


def test_no_border(overlay: str) -> None:
    assert not make(overlay, VALUES, Shade()).border_width.any()
