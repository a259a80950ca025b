"""Pictures in memory: every kind ends as RGB by a stated rule, with a pyramid."""

from pathlib import Path

import numpy as np
import pytest

from geneglass.data.array_slide import ArraySlide
from geneglass.data.types import Region
from geneglass.errors import InputError

RNG = np.random.default_rng(5)
IMAGE = RNG.integers(0, 256, (37, 61, 3), dtype=np.uint8)
PATH = Path("spots.h5ad")


def _pixels(image: np.ndarray) -> np.ndarray:
    with ArraySlide(image, PATH) as slide:
        return slide.read(Region(0, 0, 0, *image.shape[:2]))


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        np.asfortranarray(IMAGE),
        IMAGE.astype(np.int64),
        IMAGE.astype(np.uint16),
        IMAGE.astype(np.uint16) * 256 + 255,
        IMAGE / 255,
        (IMAGE / 255).astype(np.float32),
        IMAGE / 255 * 1.0005,
        IMAGE.astype(np.float32),
        np.dstack([IMAGE, np.full(IMAGE.shape[:2], 255, np.uint8)]),
    ],
    ids=["u8", "fortran", "i64", "8 bits in u16", "u16", "f64", "f32", "overshoot", "f32 to 255", "opaque"],
)
def test_the_same_picture_in_any_type_gives_the_same_pixels(image):
    np.testing.assert_array_equal(_pixels(image), IMAGE)


def test_grey_is_repeated_and_booleans_are_black_and_white():
    grey = IMAGE[..., 0]
    for image in (grey, grey[..., None], grey / 255):
        np.testing.assert_array_equal(_pixels(image), np.repeat(grey[..., None], 3, axis=-1))
    np.testing.assert_array_equal(_pixels(grey > 99)[..., 1], np.where(grey > 99, 255, 0))


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("factor", [1, 1 / 255])
def test_alpha_is_laid_over_white(channels, factor):
    image = np.full((5, 9, channels), 100.0)
    image[..., -1] = np.linspace(0, 255, 9)
    image[0, 0] = 255
    opacity = image[..., -1:] / 255
    expected = image[..., :1] * opacity + 255 * (1 - opacity)
    assert np.abs(_pixels(image * factor) - expected).max() <= 1


def test_a_pyramid_of_means_up_to_the_size_of_an_overview():
    image = np.kron(RNG.integers(0, 256, (127, 80, 3), dtype=np.uint8), np.ones((20, 16, 1), np.uint8))[:-1]
    with ArraySlide(image, PATH, mpp=0.5) as slide:
        sizes = [(level.height_px, level.width_px, level.downsample) for level in slide.levels]
        assert sizes == [(2539, 1280, 1.0), (1269, 640, 2.0), (634, 320, 4.0)]
        means = image[:2536].reshape(634, 4, 320, 4, 3).mean(axis=(1, 3))
        assert np.abs(slide.read(Region(2, 0, 0, 634, 320)) - means).max() <= 1
        assert slide.mpp == 0.5
        assert slide.path == PATH


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2500, 3), (2500, 1)])
def test_the_narrowest_pictures(shape):
    with ArraySlide(np.full(shape, 9, np.uint8), PATH) as slide:
        for index, level in enumerate(slide.levels):
            assert (slide.read(Region(index, 0, 0, level.height_px, level.width_px)) == 9).all()


def test_the_hash_is_of_the_pixels():
    other = IMAGE.copy()
    other[7, 8, 1] ^= 1
    hashes = [ArraySlide(image, PATH).content_hash() for image in (IMAGE, IMAGE / 255, other, IMAGE.reshape(61, 37, 3))]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_what_is_read_may_be_written_to_and_a_closed_picture_is_not_read():
    slide = ArraySlide(IMAGE.copy(), PATH)
    slide.read(Region(0, 0, 0, 37, 61))[:] = 0
    np.testing.assert_array_equal(slide.read(Region(0, 0, 0, 37, 61)), IMAGE)
    slide.close()
    with pytest.raises(ValueError, match="closed"):
        slide.read(Region(0, 0, 0, 5, 5))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 7, 3)), r"is empty \(0 x 7 px\)"),
        (np.zeros((3, 7, 9)), "has the shape 3 x 7 x 9, which is no picture"),
        (np.zeros(7), "has the shape 7, which"),
        (np.array(0), "has the shape a single number"),
        (np.full((3, 7), -1), "values from -1 to -1, which are no colours; they must be 0 to 255"),
        (np.full((3, 7), 70_000), "from 70000 to 70000"),
        (np.full((3, 7), np.nan), "from nan to nan, which are no colours; they must be 0 to 1"),
        (np.full((3, 7), 300.0), "from 300 to 300"),
        (np.full((3, 7), "red"), "values of the type <U3"),
    ],
)
def test_what_is_no_picture_is_one_sentence(image, message):
    with pytest.raises(InputError, match=rf"^The picture 'hires' in spots\.h5ad .*{message}[^\n]*\.$"):
        ArraySlide(image, PATH, name="hires")
