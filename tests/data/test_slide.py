"""What every slide does, whatever its format."""

import numpy as np
import pytest

from geneglass.data.slide import Slide
from geneglass.data.types import Level, Region


class Chequer(Slide):
    """60 x 100 px whose red is the row and green the column; a coarser level beside it."""

    def __init__(self):
        self.levels = (Level(60, 100, 1.0), Level(15, 25, 4.0))
        self.mpp = None
        self.closed = False

    def _read(self, region):
        y, x = np.mgrid[
            region.top_px : region.top_px + region.height_px, region.left_px : region.left_px + region.width_px
        ]
        return np.stack([y, x, y * 0], axis=-1).astype(np.uint8)

    def content_hash(self):
        return "chequer"

    def close(self):
        self.closed = True


def test_a_region_inside_is_as_stored():
    pixels = Chequer().read(Region(0, 10, 40, 5, 7))
    assert pixels.shape == (5, 7, 3)
    assert pixels[0, 0, :2].tolist() == [10, 40]
    assert pixels[-1, -1, :2].tolist() == [14, 46]


@pytest.mark.parametrize(("top", "left"), [(-3, -4), (-3, 96), (58, -4), (58, 96), (-3, 20), (20, 97)])
def test_beyond_the_edge_is_white_and_inside_stays_in_place(top, left):
    pixels = Chequer().read(Region(0, top, left, 6, 9))
    for i, j in np.ndindex(6, 9):
        inside = 0 <= top + i < 60 and 0 <= left + j < 100
        assert pixels[i, j].tolist() == ([top + i, left + j, 0] if inside else [255] * 3)


def test_a_region_far_outside_is_all_white():
    assert (Chequer().read(Region(0, 500, -500, 4, 4)) == 255).all()


@pytest.mark.parametrize("region", [Region(2, 0, 0, 1, 1), Region(-1, 0, 0, 1, 1), Region(0, 0, 0, 0, 5)])
def test_an_impossible_region_is_an_error(region):
    with pytest.raises(ValueError, match=r"level must be|at least 1 x 1"):
        Chequer().read(region)


@pytest.mark.parametrize(("downsample", "level"), [(0.3, 0), (1, 0), (3.9, 0), (3.999, 1), (4, 1), (100, 1)])
def test_level_for_is_the_coarsest_that_is_fine_enough(downsample, level):
    assert Chequer().level_for(downsample) == level


def test_a_slide_closes_at_the_end_of_a_with_block():
    with Chequer() as slide:
        assert not slide.closed
    assert slide.closed
