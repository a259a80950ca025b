"""What every registered overlay must do."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.lattice import lattice_of
from geneglass.data.types import FloatArray
from geneglass.overlay import NO_SIGNAL_RGBA, OVERLAYS, Layout, Shade

pytest.importorskip("napari", reason="overlays are checked as real layers: install geneglass[viewer]")

from napari.layers import Image, Layer, Points

# 3 x 5 places on a slide that is wider than high.
GRID_YX = np.stack(np.meshgrid(np.arange(3) * 100, np.arange(5) * 100, indexing="ij"), -1).reshape(-1, 2)
CENTRES_YX = GRID_YX.astype(np.float32)
LAYOUT = Layout(CENTRES_YX, mpp=0.5, diameter_px=60.0, lattice=lattice_of(CENTRES_YX))
AS_POINTS = sorted(set(OVERLAYS) - {"raster"})
VALUES = np.linspace(0, 2, 15).astype(np.float32)


def make(name: str, values: FloatArray, shade: Shade, layout: Layout = LAYOUT) -> Layer:
    return Layer.create(*OVERLAYS[name](values, layout, shade))


def colours(layer: Layer) -> np.ndarray:
    """Return the (15, 4) colours of the places, in their order."""
    if isinstance(layer, Points):
        return np.asarray(layer.face_color)
    assert isinstance(layer, Image)
    low, high = layer.contrast_limits
    return np.asarray(layer.colormap.map(((np.asarray(layer.data) - low) / (high - low)).ravel()))


def limits(layer: Layer) -> tuple[float, float]:
    return tuple(layer.face_contrast_limits if isinstance(layer, Points) else layer.contrast_limits)


def world_um(layer: Layer) -> np.ndarray:
    """Return the (15, 2) centres of the places in the viewer's units."""
    places = layer.data if isinstance(layer, Points) else np.argwhere(np.ones(layer.data.shape, bool))
    return np.array([layer.data_to_world(place) for place in places])


@pytest.fixture(params=list(OVERLAYS))
def overlay(request: pytest.FixtureRequest) -> str:
    return request.param


def test_same_input_same_output(overlay: str) -> None:
    first, second = (make(overlay, VALUES, Shade(0, 2)) for _ in range(2))
    assert np.array_equal(colours(first), colours(second))
    assert np.array_equal(first.data, second.data)


def test_input_is_left_as_it_was(overlay: str) -> None:
    before = VALUES.copy()
    make(overlay, VALUES, Shade(0, 2))
    assert np.array_equal(VALUES, before)


def test_extent_is_that_of_the_places(overlay: str) -> None:
    layer = make(overlay, VALUES, Shade(0, 2))
    # A viewer puts the middle of the first pixel at 0: the slide's corner lies half a pixel before it.
    np.testing.assert_allclose(world_um(layer), (CENTRES_YX - 0.5) * 0.5, atol=1e-4)
    assert {str(unit) for unit in layer.units} == {"micrometer"}


def test_limits_are_finite_and_colours_follow_the_values(overlay: str) -> None:
    layer = make(overlay, VALUES, Shade(0, 2, clear_low=False))
    assert limits(layer) == (0, 2)
    assert len(np.unique(colours(layer), axis=0)) == 15


def test_missing_is_absent_and_the_others_keep_their_colour(overlay: str) -> None:
    holes = VALUES.copy()
    holes[[2, 7]] = np.nan
    whole, layer = (make(overlay, values, Shade(0, 2, clear_low=False)) for values in (VALUES, holes))
    assert colours(layer)[[2, 7], 3].tolist() == [0, 0]
    others = np.delete(np.arange(15), [2, 7])
    assert np.array_equal(colours(layer)[others], colours(whole)[others])


def test_values_at_or_below_the_threshold_are_clear(overlay: str) -> None:
    values = np.full(15, 0.5, np.float32)
    values[:3] = (0.0, 0.1, np.nextafter(np.float32(0.1), np.float32(1)))
    layer = make(overlay, values, Shade(float(np.float32(0.1)), 1.0))
    assert colours(layer)[:, 3].tolist() == [0, 0] + [1] * 13


def test_all_zero_without_signal_is_neutral_never_the_top_colour(overlay: str) -> None:
    layer = make(overlay, np.zeros(15, np.float32), Shade(signal=False))
    assert np.allclose(colours(layer), NO_SIGNAL_RGBA)


def test_all_missing_shows_nothing(overlay: str) -> None:
    layer = make(overlay, np.full(15, np.nan, np.float32), Shade(signal=False))
    assert not colours(layer)[:, 3].any()


def test_without_a_threshold_the_lowest_value_is_seen(overlay: str) -> None:
    layer = make(overlay, VALUES, Shade(0.5, 2, clear_low=False))
    assert (colours(layer)[:, 3] == 1).all()


def test_places_in_doubt_look_otherwise_and_the_others_as_before(overlay: str) -> None:
    doubtful = np.arange(15) % 4 == 1
    sure, layer = (
        make(overlay, VALUES, Shade(0, 2, clear_low=False), replace(LAYOUT, doubtful=doubt))
        for doubt in (None, doubtful)
    )
    others = np.flatnonzero(~doubtful)
    assert np.array_equal(colours(layer)[others], colours(sure)[others])
    if isinstance(layer, Points):
        glyphs = {(str(symbol), size) for symbol, size in zip(layer.symbol, layer.size, strict=True)}
        assert len(glyphs) == 2
        assert (layer.size[doubtful] < layer.size[others].min()).all()
    else:
        assert not colours(layer)[doubtful, 3].all()


@pytest.mark.parametrize("name", AS_POINTS)
def test_few_integer_values_stay_a_continuous_scale(name: str) -> None:
    layer = make(name, np.arange(15) % 3, Shade(0, 2))
    assert layer.face_color_mode == "colormap"


@pytest.mark.parametrize("name", AS_POINTS)
def test_one_feature_only(name: str) -> None:
    assert list(make(name, VALUES, Shade()).features) == ["value"]


@pytest.mark.parametrize("name", AS_POINTS)
def test_no_border(name: str) -> None:
    assert not make(name, VALUES, Shade()).border_width.any()


def test_values_are_as_many_as_places(overlay: str) -> None:
    with pytest.raises(ValueError, match="15 places need 15 values, got"):
        make(overlay, VALUES[:14], Shade())


def test_a_raster_of_places_on_no_lattice_is_refused() -> None:
    with pytest.raises(ValueError, match="no lattice"):
        make("raster", VALUES, Shade(), replace(LAYOUT, lattice=None))
