"""Properties of patches: whatever the centre, size and scale, each pixel shows the place that it should."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geneglass.data import pyramid
from geneglass.data.patches import SlidePatches
from geneglass.data.slide_formats import open_slide
from geneglass.data.types import PatchSpec, Region

HEIGHT, WIDTH = 400, 460
SLOPE, HALF_PERIOD = 3, 70
"""Of the gradient, per pixel of level 0: steep, so that a shift by a fraction of a pixel is seen in 8 bits."""


def _wave(place):
    """Return the colour of places: it falls and rises evenly, and is whole in the middle of a pixel."""
    return 20.5 + SLOPE * np.abs(place % (2 * HALF_PERIOD) - HALF_PERIOD)


def _falls(place):
    return place % (2 * HALF_PERIOD) < HALF_PERIOD


def _from_turn(place):
    """Return how far a place is from where the gradient turns."""
    return np.minimum(place % HALF_PERIOD, -place % HALF_PERIOD)


DERANDOMISED = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MPP = st.floats(0.05, 20)
CENTRE_YX = st.tuples(st.floats(-300, HEIGHT + 300), st.floats(-300, WIDTH + 300))
EDGE_PX = st.floats(3, 350)
"""Of the patch, in pixels of level 0."""
SIZE_PX = st.integers(4, 96)


def _gradient():
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return np.stack([_wave(y), _wave(x), np.zeros_like(y)], axis=-1).astype(np.uint8)


GRADIENT = _gradient()


def _slide(folder, image, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyramid, "TOP_LEVEL_PX", 150)
        pyramid.write_pyramid(folder / "a.ome.tif", image, None, tile=64, **options)
    return open_slide(folder / "a.ome.tif")


@pytest.fixture(scope="module")
def gradient(tmp_path_factory):
    with _slide(tmp_path_factory.mktemp("gradient"), GRADIENT, compression="zstd") as slide:
        assert [level.downsample for level in slide.levels] == [1, 2, 4]
        yield slide


@pytest.fixture(scope="module")
def texture(tmp_path_factory):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    # Fine in light, coarse in colour: JPEG stores colour at half the size.
    light = 40 * np.sin(x / 5) * np.cos(y / 9) + np.random.default_rng(1).normal(0, 5, (HEIGHT, WIDTH))
    colours = [130 + 30 * np.sin(x / 50), 100 + x / 8, 150 + 20 * np.sin((x + y) / 60)]
    image = (np.stack(colours, axis=-1) + light[..., None]).clip(0, 255).astype(np.uint8)
    with _slide(tmp_path_factory.mktemp("texture"), image, quality=90) as slide:
        yield slide


def _patch(slide, centre_yx, spec, mpp):
    ((patch,),) = SlidePatches(slide, np.array([centre_yx]), (spec,), mpp).read(np.array([0]))
    assert patch.shape == (spec.size_px, spec.size_px, 3)
    return patch


def _places(centre, edge_px, size_px):
    """Return the level-0 coordinates of the pixels' centres along one axis."""
    return centre + ((np.arange(size_px) + 0.5) / size_px - 0.5) * edge_px


def _reach(slide, edge_px, size_px):
    """Return how far, in level-0 pixels, what a patch's pixel shows can lie from its centre."""
    downsample = slide.levels[slide.level_for(edge_px / size_px)].downsample
    return 1.5 * max(edge_px / size_px, downsample) + downsample


@DERANDOMISED
@given(centre_yx=CENTRE_YX, edge_px=EDGE_PX, size_px=SIZE_PX, mpp=MPP)
def test_every_pixel_shows_its_place_and_beyond_the_slide_is_white(gradient, centre_yx, edge_px, size_px, mpp):
    patch = _patch(gradient, centre_yx, PatchSpec(edge_px * mpp, size_px), mpp)
    y, x = (_places(centre, edge_px, size_px) for centre in centre_yx)
    reach = _reach(gradient, edge_px, size_px)
    inside = np.outer((y > reach) & (y < HEIGHT - reach), (x > reach) & (x < WIDTH - reach))
    outside = ~np.outer((y > -reach) & (y < HEIGHT + reach), (x > -reach) & (x < WIDTH + reach))
    assert (patch[outside] == 255).all()
    for colour, place in ((patch[..., 0], y[:, None] + 0 * x), (patch[..., 1], x + 0 * y[:, None])):
        seen = inside & (_from_turn(place) > reach)
        shift_px = ((colour - _wave(place)) / np.where(_falls(place), SLOPE, -SLOPE))[seen]
        assert np.abs(shift_px).max(initial=0) < 0.7, "two grey values: each of four roundings may be half of one"
        if np.unique(place[seen]).size >= 12:
            assert abs(shift_px.mean()) < 0.35


@DERANDOMISED
@given(
    centre_yx=CENTRE_YX,
    edge_px=EDGE_PX,
    size_px=st.integers(48, 96),
    mpp=MPP,
    steps=st.tuples(*[st.integers(-3, 3)] * 2),
)
def test_a_step_of_the_centre_is_a_step_of_the_pixels(texture, centre_yx, edge_px, size_px, mpp, steps):
    spec = PatchSpec(edge_px * mpp, size_px)
    first = _patch(texture, centre_yx, spec, mpp).astype(int)
    moved_yx = tuple(centre + step * edge_px / size_px for centre, step in zip(centre_yx, steps, strict=True))
    second = _patch(texture, moved_yx, spec, mpp).astype(int)
    (down, right), n = steps, size_px
    same_first = first[max(down, 0) : n + min(down, 0), max(right, 0) : n + min(right, 0)]
    same_second = second[max(-down, 0) : n + min(-down, 0), max(-right, 0) : n + min(-right, 0)]
    assert np.abs(same_first - same_second).max(initial=0) <= 2


@DERANDOMISED
@given(centre_yx=CENTRE_YX, size_px=st.integers(1, 200), mpp=MPP)
def test_a_native_patch_is_the_picture_itself_padded_with_white(gradient, centre_yx, size_px, mpp):
    patch = _patch(gradient, centre_yx, PatchSpec(0, size_px, native=True), mpp)
    padding = 600
    padded = np.pad(GRADIENT, [(padding, padding), (padding, padding), (0, 0)], constant_values=255)
    top, left = (round(centre - size_px / 2) + padding for centre in centre_yx)
    np.testing.assert_array_equal(patch, padded[top : top + size_px, left : left + size_px])


@DERANDOMISED
@given(data=st.data())
def test_a_level_is_the_finest_made_smaller_within_the_error_of_jpeg(texture, data):
    level = data.draw(st.sampled_from([1, 2]))
    size = texture.levels[level]
    height, width = data.draw(st.integers(16, 60)), data.draw(st.integers(16, 60))
    top = data.draw(st.integers(0, size.height_px - height))
    left = data.draw(st.integers(0, size.width_px - width))
    coarse = texture.read(Region(level, top, left, height, width)).astype(float)
    factor = 2**level
    fine = texture.read(Region(0, top * factor, left * factor, height * factor, width * factor)).astype(float)
    mean = fine.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))
    assert np.abs(coarse - mean).mean() < 2.5
    assert abs((coarse - mean).mean()) < 1, "no shift of brightness"
