"""Patches have the right size, place and pixels, and each tile is decoded about once."""

import math

import numpy as np
import pytest

from geneglass.data import tiled_slide
from geneglass.data.patches import SlidePatches, iter_patches, tile_order
from geneglass.data.pyramid import write_pyramid
from geneglass.data.slide_formats import open_slide
from geneglass.data.tile_cache import TileCache
from geneglass.data.types import PatchSpec, Region
from geneglass.errors import InputError

HEIGHT, WIDTH = 1400, 2200
MPP = 0.5


def _open(tmp_path, image, name="a.ome.tif"):
    write_pyramid(tmp_path / name, image, MPP, tile=128, compression="zstd")
    return open_slide(tmp_path / name)


@pytest.fixture
def ramp(tmp_path):
    """Red grows down, green to the right, both by one every ten pixels."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    with _open(tmp_path, np.stack([y // 10, x // 10, y * 0], axis=-1).astype(np.uint8)) as slide:
        yield slide


def _read_all(slide, centres, specs, **options):
    out = [np.zeros((len(centres), spec.size_px, spec.size_px, 3), np.uint8) for spec in specs]
    seen = []
    for rows, patches in iter_patches(slide, centres, specs, mpp=MPP, **options):
        seen.extend(rows.tolist())
        for into, patch in zip(out, patches, strict=True):
            into[rows] = patch
    assert sorted(seen) == list(range(len(centres)))
    return out


@pytest.mark.parametrize("size_um", [20, 64, 130.7, 400])
@pytest.mark.parametrize("size_px", [32, 50])
def test_a_patch_is_centred_and_spans_its_physical_size(ramp, size_um, size_px):
    centres = np.array([[700.0, 1000.0], [611.4, 1333.8], [612.6, 901.2]])
    (patches,) = _read_all(ramp, centres, (PatchSpec(size_um, size_px),))
    edge_px = size_um / MPP
    for centre, patch in zip(centres, patches.astype(float), strict=True):
        expected = (centre - 5) / 10  # a step of ten pixels, seen through its mean
        np.testing.assert_allclose(patch.mean(axis=(0, 1))[:2], expected, atol=0.6)
        down = patch[-size_px // 4 :, :, 0].mean() - patch[: size_px // 4, :, 0].mean()
        right = patch[:, -size_px // 4 :, 1].mean() - patch[:, : size_px // 4, 1].mean()
        assert down == pytest.approx(edge_px * 0.075, abs=0.8)
        assert right == pytest.approx(edge_px * 0.075, abs=0.8)


@pytest.mark.parametrize("size_px", [50, 20, 11])
def test_the_centre_is_right_to_a_fraction_of_a_pixel(tmp_path, size_px):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    steep = np.stack([5 * (y - 600), 5 * (x - 900), y * 0], axis=-1).clip(0, 255).astype(np.uint8)
    centres = np.array([[625.0, 925.0], [624.5, 926.25], [627.3, 923.6]])
    with _open(tmp_path, steep) as slide:
        (patches,) = _read_all(slide, centres, (PatchSpec(20, size_px),))
    places = patches.mean(axis=(1, 2))[:, :2] / 5 + (600.5, 900.5)
    np.testing.assert_allclose(places, centres, atol=0.2)


def test_a_native_patch_is_cut_and_not_resampled(ramp):
    centres = np.array([[300.0, 1000.0], [300.4, 1000.6]])
    (patches,) = _read_all(ramp, centres, (PatchSpec(0, 64, native=True),))
    for patch, left in zip(patches, (968, 969), strict=True):
        np.testing.assert_array_equal(patch, ramp.read(Region(0, 268, left, 64, 64)))


def test_a_patch_of_whole_pixels_keeps_them(ramp):
    (patches,) = _read_all(ramp, np.array([[300.0, 1000.0]]), (PatchSpec(32, 64),))
    np.testing.assert_array_equal(patches[0], ramp.read(Region(0, 268, 968, 64, 64)))


def test_beyond_the_edge_is_white(ramp):
    centres = np.array([[0.0, 0.0], [HEIGHT, WIDTH], [-5000, 3e7]])
    for spec in (PatchSpec(32, 64), PatchSpec(0, 64, native=True), PatchSpec(300, 40)):
        (patches,) = _read_all(ramp, centres, (spec,))
        half = spec.size_px // 2
        assert (patches[0][: half - 1] == 255).all()
        assert (patches[0][half + 1 :, half + 1 :, 2] == 0).all()
        assert (patches[1][half + 1 :] == 255).all()
        assert (patches[2] == 255).all()


def test_several_views_and_batches_agree_with_one_by_one(ramp):
    rng = np.random.default_rng(0)
    centres = rng.uniform(-50, (HEIGHT + 50, WIDTH + 50), (41, 2)).astype(np.float32)
    specs = (PatchSpec(40, 24), PatchSpec(300, 33))
    together = _read_all(ramp, centres, specs, batch=7)
    source = SlidePatches(ramp, centres, specs, MPP)
    rows = rng.permutation(len(centres))
    for patches, shuffled, twice in zip(together, source.read(rows), source.read(np.array([3, 3])), strict=True):
        np.testing.assert_array_equal(shuffled, patches[rows])
        np.testing.assert_array_equal(twice, patches[[3, 3]])


def test_fine_detail_becomes_its_mean_and_no_pattern(tmp_path):
    y, x = np.mgrid[:700, :900]
    chequer = np.repeat(((y + x) % 2 * 255).astype(np.uint8)[..., None], 3, axis=-1)
    with _open(tmp_path, chequer) as slide:
        (patches,) = _read_all(slide, np.array([[350.0, 450.0]]), (PatchSpec(160, 97),))
    assert np.abs(patches.astype(int) - 127).max() < 12


def test_each_tile_is_decoded_about_once(tmp_path, monkeypatch):
    image = np.random.default_rng(1).integers(0, 256, (2048, 3072, 3), dtype=np.uint8)
    slide = _open(tmp_path, image)
    n_tiles = 16 * 24
    monkeypatch.setattr(tiled_slide, "TILES", TileCache(image.nbytes // 4))
    decoded = []
    decode = slide._decode
    monkeypatch.setattr(slide, "_decode", lambda *place: decoded.append(place) or decode(*place))
    centres = np.random.default_rng(2).uniform(0, (2048, 3072), (3000, 2))
    for _ in iter_patches(slide, centres, (PatchSpec(0, 112, native=True),), mpp=MPP):
        pass
    slide.close()
    assert len(set(decoded)) == n_tiles
    assert len(decoded) < 1.35 * n_tiles


def test_the_order_is_a_permutation_that_stays_near(ramp):
    centres = np.random.default_rng(3).uniform(0, 100_000, (4000, 2))
    order = tile_order(centres, 256.0)
    assert sorted(order) == list(range(4000))
    steps = np.linalg.norm(np.diff(centres[order], axis=0), axis=1)
    assert np.median(steps) < 4 * 100_000 / math.sqrt(4000)


def test_a_reader_that_stops_early_leaves_nothing_hanging(ramp):
    centres = np.random.default_rng(4).uniform(0, 1000, (500, 2))
    places = iter_patches(ramp, centres, (PatchSpec(100, 64),), mpp=MPP, batch=16)
    next(places)
    places.close()
    (patch,) = _read_all(ramp, centres[:1], (PatchSpec(100, 64),))
    assert patch.shape == (1, 64, 64, 3)


def test_an_error_of_the_slide_reaches_the_caller(ramp, monkeypatch):
    def fail(region):
        raise InputError("tile 3 is damaged")

    monkeypatch.setattr(ramp, "_read", fail)
    with pytest.raises(InputError, match="tile 3 is damaged"):
        list(iter_patches(ramp, np.array([[700.0, 900.0]]), (PatchSpec(100, 64),), mpp=MPP))


@pytest.mark.parametrize("mpp", [0.0, -1.0, math.nan, math.inf, 1e-6, 1e6])
def test_an_impossible_scale_is_an_input_error(ramp, mpp):
    with pytest.raises(InputError, match="mpp"):
        next(iter_patches(ramp, np.array([[1.0, 1.0]]), (PatchSpec(100, 64),), mpp=mpp))


def test_centres_must_be_finite_pairs(ramp):
    for centres in (np.array([[math.nan, 1.0]]), np.zeros((3, 3))):
        with pytest.raises(ValueError, match="finite"):
            SlidePatches(ramp, centres, (PatchSpec(100, 64),), MPP)


def test_no_places_give_no_batches(ramp):
    assert list(iter_patches(ramp, np.empty((0, 2)), (PatchSpec(100, 64),), mpp=MPP)) == []
