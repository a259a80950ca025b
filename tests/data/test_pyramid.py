"""Pyramids are written by bands, every level the rounded mean of the one before."""

import tracemalloc

import numpy as np
import pytest
import tifffile

from geneglass.data.pyramid import RowBands, halve, level_shapes, write_pyramid
from geneglass.errors import InputError

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, (1303, 2210, 3), dtype=np.uint8)


def test_halve_is_the_rounded_mean_and_drops_the_odd_edge():
    image = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    blocks = image[:4, :6].reshape(2, 2, 3, 2, 3).astype(float)
    np.testing.assert_array_equal(halve(image), np.floor(blocks.mean(axis=(1, 3)) + 0.5))


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1)])
def test_halve_keeps_at_least_one_pixel(shape):
    image = np.full((*shape, 3), 200, dtype=np.uint8)
    assert (halve(image) == 200).all()
    assert halve(image).shape == (max(shape[0] // 2, 1), max(shape[1] // 2, 1), 3)


@pytest.mark.parametrize("compression", ["zstd", "deflate"])
def test_a_lossless_pyramid_holds_the_image_and_its_means(tmp_path, compression):
    path = tmp_path / "a.ome.tif"
    write_pyramid(path, IMAGE, 0.5, tile=128, compression=compression)
    with tifffile.TiffFile(path) as tif:
        levels = tif.series[0].levels
        assert (
            [level.shape[:2] for level in levels] == level_shapes(1303, 2210) == [(1303, 2210), (651, 1105), (325, 552)]
        )
        expected = IMAGE
        for level in levels:
            np.testing.assert_array_equal(level.asarray(), expected)
            assert level.pages[0].tile == (128, 128)
            expected = halve(expected)
        assert 'PhysicalSizeX="0.5"' in tif.ome_metadata


def test_bands_of_any_height_give_the_same_file(tmp_path):
    whole, banded = tmp_path / "1" / "a.ome.tif", tmp_path / "2" / "a.ome.tif"
    whole.parent.mkdir()
    banded.parent.mkdir()
    write_pyramid(whole, IMAGE, None)
    write_pyramid(banded, RowBands(1303, 2210, np.split(IMAGE, [1, 300, 301, 1290])), None)
    assert whole.read_bytes() == banded.read_bytes()


def test_jpeg_is_close_and_smaller(tmp_path):
    smooth = np.repeat(np.repeat(IMAGE[:60, :90], 16, axis=0), 16, axis=1)
    write_pyramid(tmp_path / "a.tif", smooth, 1.0, quality=95)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert np.abs(tif.series[0].asarray().astype(int) - smooth).mean() < 12
    assert (tmp_path / "a.tif").stat().st_size < smooth.nbytes / 4


@pytest.mark.parametrize("rows", [1302, 1304])
def test_a_wrong_number_of_rows_writes_nothing(tmp_path, rows):
    with pytest.raises(ValueError, match="the bands have 1303 rows"):
        write_pyramid(tmp_path / "a.tif", RowBands(rows, 2210, [IMAGE]), None)
    assert list(tmp_path.iterdir()) == []


def test_memory_is_that_of_bands_not_of_the_image(tmp_path):
    height, width = 12_000, 4_000
    bands = (np.full((256, width, 3), 128, dtype=np.uint8) for _ in range(height // 250))
    tracemalloc.start()
    write_pyramid(tmp_path / "a.tif", RowBands(256 * (height // 250), width, bands), None, compression="zstd")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.7 * height * width * 3, "the next level may wait in memory (a quarter), never the whole"


def test_a_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_pyramid(tmp_path / "no" / "a.tif", IMAGE, None)
