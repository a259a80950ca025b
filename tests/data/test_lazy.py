"""Levels as dask arrays decode only what is looked at."""

import dask.array as da
import numpy as np
import pytest

from geneglass.data.lazy import lazy_levels
from geneglass.data.pyramid import halve, write_pyramid
from geneglass.data.slide_formats import open_slide

IMAGE = np.random.default_rng(5).integers(0, 256, (1500, 2300, 3), dtype=np.uint8)


@pytest.fixture
def slide(tmp_path):
    write_pyramid(tmp_path / "a.ome.tif", IMAGE, 0.5, compression="zstd")
    with open_slide(tmp_path / "a.ome.tif") as slide:
        yield slide


def test_levels_hold_the_pixels(slide):
    levels = lazy_levels(slide)
    assert [level.shape for level in levels] == [(1500, 2300, 3), (750, 1150, 3), (375, 575, 3)]
    assert all(isinstance(level, da.Array) and level.dtype == np.uint8 for level in levels)
    np.testing.assert_array_equal(levels[0].compute(), IMAGE)
    np.testing.assert_array_equal(np.asarray(levels[1]), halve(IMAGE))
    np.testing.assert_array_equal(levels[0][1200:1500, 700:1800, 1].compute(), IMAGE[1200:, 700:1800, 1])


def test_chunks_are_whole_tiles(slide):
    level = lazy_levels(slide)[0]
    assert level.chunks[0][0] % slide.tile_yx[0] == 0
    assert level.chunks[1][0] % slide.tile_yx[1] == 0


def test_only_what_is_looked_at_is_decoded(slide, monkeypatch):
    seen = []
    decode = slide._decode
    monkeypatch.setattr(slide, "_decode", lambda *place: seen.append(place) or decode(*place))
    level = lazy_levels(slide)[0]
    assert seen == []
    level[600:700, 600:700].compute()
    assert 0 < len(seen) <= 4, "one chunk of 512 px is four tiles"
    assert {place[0] for place in seen} == {0}


def test_two_slides_of_the_same_size_are_not_confused(slide, tmp_path):
    write_pyramid(tmp_path / "b.ome.tif", 255 - IMAGE, 0.5, compression="zstd")
    with open_slide(tmp_path / "b.ome.tif") as other:
        first, second = (lazy_levels(each)[2] for each in (slide, other))
        assert first.name != second.name
        assert da.compute(first, second)[0].sum() != second.compute().sum()
