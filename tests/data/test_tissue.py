"""Tissue is told from glass, from the black of masked pictures and from grey frames."""

import numpy as np
import pytest

from geneglass.data.pyramid import write_pyramid
from geneglass.data.slide_formats import open_slide
from geneglass.data.tissue import grid_yx, tissue_mask

TISSUE, GLASS = (150, 90, 160), (243, 240, 244)


@pytest.fixture
def picture():
    """1,600 x 2,400 px of glass with a block of tissue from (400, 300) to (1,200, 1,500)."""
    rng = np.random.default_rng(0)
    image = np.empty((1600, 2400, 3), dtype=np.int16)
    image[:] = GLASS
    image[400:1200, 300:1500] = TISSUE
    image += rng.integers(-25, 11, image.shape, dtype=np.int16)
    return image.clip(0, 255).astype(np.uint8)


def _mask(tmp_path, image):
    write_pyramid(tmp_path / "a.ome.tif", image, 1.0, compression="zstd")
    with open_slide(tmp_path / "a.ome.tif") as slide:
        return tissue_mask(slide)


def _share(mask, downsample, top, bottom, left, right):
    y, x = (slice(int(a / downsample), int(b / downsample)) for a, b in ((top, bottom), (left, right)))
    return mask[y, x].mean()


def test_tissue_and_nothing_else(tmp_path, picture):
    mask, downsample = _mask(tmp_path, picture)
    assert mask.shape == (1600 // downsample, 2400 // downsample)
    assert _share(mask, downsample, 420, 1180, 320, 1480) > 0.99
    assert mask.mean() == pytest.approx(800 * 1200 / (1600 * 2400), rel=0.05)


def test_pink_glass_is_no_tissue(tmp_path, picture):
    picture[:, 1500:] = (picture[:, 1500:].astype(float) * (0.96, 0.86, 0.93)).astype(np.uint8)
    mask, downsample = _mask(tmp_path, picture)
    assert _share(mask, downsample, 0, 1600, 1560, 2400) < 0.01
    assert _share(mask, downsample, 420, 1180, 320, 1480) > 0.99


def test_the_black_of_a_masked_picture_is_no_tissue(tmp_path, picture):
    picture[:380] = picture[1220:] = 0
    picture[:, :280] = picture[:, 1520:] = 0
    mask, downsample = _mask(tmp_path, picture)
    assert _share(mask, downsample, 0, 370, 0, 2400) == 0
    assert _share(mask, downsample, 420, 1180, 320, 1480) > 0.95


def test_a_grey_frame_is_no_tissue(tmp_path, picture):
    picture[1300:1500, 1700:2300] = 120
    mask, downsample = _mask(tmp_path, picture)
    assert _share(mask, downsample, 1320, 1480, 1720, 2280) < 0.02


@pytest.mark.parametrize(("colour", "share"), [(GLASS, 0), (TISSUE, 1), ((0, 0, 0), 0)])
def test_a_slide_of_one_kind_is_not_cut_in_two(tmp_path, colour, share):
    image = np.random.default_rng(1).integers(-4, 5, (700, 1100, 3)) + np.array(colour)
    mask, _ = _mask(tmp_path, image.clip(0, 255).astype(np.uint8))
    assert mask.mean() == pytest.approx(share, abs=0.01)


def test_the_grid_lies_on_tissue_in_rows(tmp_path, picture):
    write_pyramid(tmp_path / "a.ome.tif", picture, 2.0, compression="zstd")
    with open_slide(tmp_path / "a.ome.tif") as slide:
        centres = grid_yx(slide, 2.0, 100.0)
    assert centres.dtype == np.float32
    assert len(centres) == pytest.approx(800 * 1200 / 50**2, rel=0.05)
    steps = centres / 50 - 0.5
    np.testing.assert_array_equal(steps, steps.round())
    assert centres[:, 0].min() >= 390
    assert centres[:, 0].max() <= 1210
    assert centres[:, 1].min() >= 290
    assert centres[:, 1].max() <= 1510
    assert (np.lexsort((centres[:, 1], centres[:, 0])) == np.arange(len(centres))).all()


def test_a_slide_without_tissue_has_no_places(tmp_path):
    write_pyramid(tmp_path / "a.ome.tif", np.full((700, 1100, 3), 250, np.uint8), 1.0)
    with open_slide(tmp_path / "a.ome.tif") as slide:
        assert grid_yx(slide, 1.0, 50.0).shape == (0, 2)


def test_real_masked_and_pink_slides(shared_data):
    images = shared_data / "her2st"
    with open_slide(next(images.glob("data/ST-imgs/C/C5/*.jpg"))) as slide:
        mask, _ = tissue_mask(slide)
        assert 0.14 < mask.mean() < 0.20, "one piece of tissue beside a pink smear"
    with open_slide(images / "app" / "www" / "imgs" / "A1_HE_image_dark.png") as slide:
        mask, downsample = tissue_mask(slide)
        assert not mask[: int(480 / downsample), : int(1400 / downsample)].any(), "blacked out"
        assert 0.3 < mask.mean() < 0.4
