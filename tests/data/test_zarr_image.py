"""The slide among the pictures of an OME-Zarr is found by size and pyramid, and by what the others are called."""

import json

import numpy as np
import pytest
import zarr

from geneglass.data.slide_formats import open_slide
from geneglass.errors import InputError
from slide_pixels import whole
from zarr_stores import IMAGE, write_ome_zarr


def test_of_pictures_without_names_a_pyramid_is_the_slide_beside_a_larger_plain_one(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.open_group(path, mode="w", zarr_format=2).attrs["bioformats2raw.layout"] = 3
    slide_yxc = np.random.default_rng(0).integers(0, 256, (1024, 1000, 3), dtype=np.uint8)
    red = np.zeros((1100, 1100, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    write_ome_zarr(path, slide_yxc, key="0", n_levels=4)
    write_ome_zarr(path, red, key="1", n_levels=1)
    with open_slide(path) as slide:
        np.testing.assert_array_equal(whole(slide), slide_yxc)
        assert slide.warnings == ("It holds 2 scanned pictures; that of 1,000 x 1,024 px is shown.",)


@pytest.mark.parametrize("name", ["LabelImage", "SlideLabel", "macroimage", "S1_cytassist_image"])
def test_a_picture_that_calls_itself_no_slide_is_opened_only_where_its_path_says_so_too(tmp_path, name):
    for path in (tmp_path / "a.zarr", tmp_path / f"{name}.zarr"):
        write_ome_zarr(path, IMAGE)
        scales = json.loads((path / ".zattrs").read_text())["multiscales"]
        (path / ".zattrs").write_text(json.dumps({"multiscales": [{**scales[0], "name": name}]}))
    with pytest.raises(InputError, match=rf"its picture '{name}' is no slide"):
        open_slide(tmp_path / "a.zarr")
    with open_slide(tmp_path / f"{name}.zarr") as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
