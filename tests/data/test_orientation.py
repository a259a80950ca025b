"""Positions turned or mirrored as a picture is."""

import numpy as np
import pytest
from PIL import Image

from geneglass.data.orientation import ORIENTATIONS, UNTURNED, oriented
from turned_pictures import TURNS


def test_every_orientation_is_tried() -> None:
    assert {UNTURNED, *TURNS} == set(ORIENTATIONS)


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_spot_stays_on_its_pixel_when_the_picture_is_turned(name: str) -> None:
    pixels = np.zeros((30, 50), np.uint8)
    spots_yx = np.array([[4, 9], [20, 41], [29, 0]])
    pixels[tuple(spots_yx.T)] = [10, 20, 30]
    picture = Image.fromarray(pixels)
    turned = np.asarray(picture if name == UNTURNED else picture.transpose(TURNS[name]))
    centres = oriented(spots_yx + 0.5, name, height_px=turned.shape[0], width_px=turned.shape[1])
    y, x = np.floor(centres).astype(int).T
    np.testing.assert_array_equal(turned[y, x], [10, 20, 30])
