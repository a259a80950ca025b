"""What the tags of a TIFF say of its pixels: their size, where it is believed, their depth and their orientation."""

import numpy as np
import pytest

from geneglass.data.slide_formats import open_slide
from geneglass.data.tiled_tiff import TiledTiffSlide
from slide_pixels import whole
from tiled_tiff_file import IMAGE, write_tiled


@pytest.mark.parametrize(
    ("options", "mpp"),
    [
        ({"description": "Aperio Image Library v1\n310x205 (64x48)|AppMag = 20|MPP = 0.4990|Left = 1"}, 0.499),
        ({"resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER"}, 0.5),
        ({"resolution": (50_800, 50_800), "resolutionunit": "INCH"}, 0.5),
        ({"resolution": (20_000, 20_000), "resolutionunit": "NONE"}, None),
        ({"resolution": (0, 0), "resolutionunit": "CENTIMETER"}, None),
        ({}, None),
    ],
)
def test_mpp_comes_from_the_tags(tmp_path, options, mpp):
    with TiledTiffSlide(write_tiled(tmp_path / "a.tif", **options)) as slide:
        assert slide.mpp == pytest.approx(mpp)
        assert slide.warnings == ()


@pytest.mark.parametrize("dpi", [72, 300, 10_000_000])
def test_a_screens_resolution_is_not_believed_and_said(tmp_path, dpi):
    with TiledTiffSlide(write_tiled(tmp_path / "a.tif", resolution=(dpi, dpi), resolutionunit="INCH")) as slide:
        assert slide.mpp is None
        assert "no microscope slide" in slide.warnings[0]


@pytest.mark.parametrize(
    ("size", "unit", "mpp"), [(0.25, "µm", 0.25), (250, "nm", 0.25), (0.005, "mm", 5), (1, "pixel", None)]
)
def test_ome_states_its_pixel_size_with_a_unit(tmp_path, size, unit, mpp):
    metadata = {"axes": "YXS", "PhysicalSizeX": size, "PhysicalSizeXUnit": unit}
    with TiledTiffSlide(write_tiled(tmp_path / "a.ome.tif", metadata=metadata)) as slide:
        assert slide.mpp == pytest.approx(mpp)


HALF_UM = {"resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER"}


def _ome(x: float, y: float) -> dict[str, object]:
    return {"metadata": {"axes": "YXS", "PhysicalSizeX": x, "PhysicalSizeY": y}}


@pytest.mark.parametrize(
    ("name", "options", "mpp", "doubt"),
    [
        ("a.ome.tif", _ome(0.25, 0.5), None, "pixels are 0.25 um wide and 0.5 um high; neither is believed"),
        ("a.ome.tif", _ome(352, 352), None, "The OME header means 352 um per pixel, which no microscope slide has"),
        ("a.ome.tif", {**_ome(352, 352), **HALF_UM}, 0.5, "The OME header means 352 um"),
        ("a.tif", {"description": "Aperio|MPP = 300"}, None, "The description means 300 um per pixel"),
        ("a.svs", {"description": "Aperio Image Library|MPP = 300", **HALF_UM}, 0.5, "The description means 300 um"),
        (
            "a.tif",
            {"resolution": (20_000, 10_000), "resolutionunit": "CENTIMETER"},
            None,
            "Its pixels are 0.5 um wide and 1 um high; neither is believed",
        ),
    ],
)
def test_a_stated_size_that_no_microscope_has_is_not_believed_and_said(tmp_path, name, options, mpp, doubt):
    with open_slide(write_tiled(tmp_path / name, **options)) as slide:
        assert slide.mpp == mpp
        (said,) = slide.warnings
        assert doubt in said


@pytest.mark.parametrize("tiled", [True, False], ids=["tiles", "strips"])
@pytest.mark.parametrize(("described", "rivals"), [(0.25, 2), (0.49, 0), (0.5, 0)])
def test_two_sizes_in_one_file_that_contradict_are_both_kept(tmp_path, tiled, described, rivals):
    options = {"description": f"Aperio Image Library|MPP = {described}", **HALF_UM, **({} if tiled else {"tile": None})}
    with open_slide(write_tiled(tmp_path / "a.svs", **options)) as slide:
        assert slide.mpp == described
        assert slide.mpp_rivals == ((described, "description"), (0.5, "resolution tag"))[:rivals]
        assert slide.warnings == ()


@pytest.mark.parametrize("tile", [(64, 48), None], ids=["tiles", "strips"])
@pytest.mark.parametrize("bits", [12, 16])
def test_sixteen_bits_of_which_twelve_are_used_are_told(tmp_path, tile, bits):
    image = IMAGE.astype(np.uint16) << (bits - 8)
    with open_slide(write_tiled(tmp_path / "a.tif", image, tile=tile)) as slide:
        assert len(slide.warnings) == (bits == 12)
        assert all(text.startswith("It looks almost black: of its 16 bits") for text in slide.warnings)


def test_eight_bits_may_be_black(tmp_path):
    with open_slide(write_tiled(tmp_path / "a.tif", IMAGE // 16)) as slide:
        assert slide.warnings == ()


def test_the_orientation_tag_is_not_applied_but_said(tmp_path):
    path = write_tiled(tmp_path / "a.tif", extratags=[(274, "H", 1, 6, True)])
    with TiledTiffSlide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
        assert "orientation tag (6) is not applied" in slide.warnings[0]
