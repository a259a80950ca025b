"""Values as points: one feature, finite limits, nothing where nothing is known."""

import numpy as np
import pytest

from geneglass.overlay import COLOURMAPS, OVERLAYS, Layout, Shade, colour_ramp, spot_diameter_px

CENTRES_YX = np.array([[10, 20], [10, 120], [60, 20], [60, 300]], np.float32)
LAYOUT = Layout(CENTRES_YX, mpp=0.5, diameter_px=110.0)


def test_integer_counts_become_one_float_feature() -> None:
    _, kwargs, kind = OVERLAYS["spots"](np.array([0, 1, 2, 3]), LAYOUT, Shade())
    assert kind == "points"
    assert list(kwargs["features"]) == ["value"]
    assert kwargs["features"]["value"].dtype == np.float64


def test_places_lie_in_micrometres_and_half_a_pixel_off_the_corner() -> None:
    data, kwargs, _ = OVERLAYS["spots"](np.zeros(4, np.float32), LAYOUT, Shade())
    world_um = data * kwargs["scale"] + kwargs["translate"]
    # A viewer puts the middle of pixel 0 at 0: what lies at the corner of the slide lies half a pixel before it.
    assert np.allclose(world_um, (CENTRES_YX - 0.5) * 0.5)
    assert kwargs["size"] * kwargs["scale"][0] == 55.0
    assert kwargs["units"] == ("um", "um")


def test_unknown_pixel_size_gives_pixels() -> None:
    _, kwargs, _ = OVERLAYS["spots"](np.zeros(4, np.float32), Layout(CENTRES_YX, None, 40.0), Shade())
    assert kwargs["units"] == ("pixel", "pixel")
    assert kwargs["scale"] == (1.0, 1.0)


def test_spots_set_aside_are_rings() -> None:
    kept = np.array([True, False, True, True])
    _, kwargs, _ = OVERLAYS["spots"](np.zeros(4, np.float32), Layout(CENTRES_YX, 0.5, 110.0, kept), Shade())
    assert list(kwargs["symbol"]) == ["disc", "ring", "disc", "disc"]


def test_tiles_are_not_drawn_as_spots() -> None:
    values = np.zeros(4, np.float32)
    spots, tiles = (OVERLAYS[name](values, LAYOUT, Shade())[1]["symbol"] for name in ("spots", "tiles"))
    assert set(spots) & set(tiles) == set()


def test_values_and_places_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="4 places need 4 values"):
        OVERLAYS["spots"](np.zeros(3, np.float32), LAYOUT, Shade())


@pytest.mark.parametrize("limits", [(0.0, 0.0), (1.0, 0.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_limits_must_be_finite_and_in_order(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="finite and in order"):
        Shade(*limits)


def test_unknown_colourmap_names_the_choices() -> None:
    with pytest.raises(ValueError, match="viridis"):
        Shade(colourmap="jet")


def test_a_ramp_does_not_depend_on_the_limits() -> None:
    first, second = colour_ramp(Shade(0, 1)), colour_ramp(Shade(2, 5))
    assert first["name"] == second["name"]
    assert np.array_equal(first["colors"], second["colors"])


def test_ramps_of_different_looks_have_different_names() -> None:
    shades = [Shade(colourmap=name, clear_low=clear) for name in COLOURMAPS for clear in (True, False)]
    names = [colour_ramp(shade)["name"] for shade in (*shades, Shade(signal=False))]
    assert len(set(names)) == len(names)


def test_diameter_from_platform_else_half_the_pitch() -> None:
    assert spot_diameter_px(CENTRES_YX, 0.5, 55.0) == 110.0
    square = np.array([[0, 0], [0, 80], [80, 0], [80, 80]], np.float32)
    assert spot_diameter_px(square, None, 55.0) == 40.0
    assert spot_diameter_px(square[:1], None, None) > 0
