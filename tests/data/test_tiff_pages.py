"""The slide among the pictures of a TIFF is found by size and pyramid, and by what the others are called."""

import numpy as np
import pytest
import tifffile

from geneglass.data.slide_formats import open_slide
from geneglass.errors import InputError
from slide_pixels import whole
from vendor_tiffs import LABEL, TILED

PICTURE = np.random.default_rng(0).integers(0, 200, (512, 768, 3), dtype=np.uint8)


def test_a_file_that_holds_only_a_label_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.svs", LABEL, description="Aperio Image Library v11.2.1\nlabel 900x600", **TILED)
    with pytest.raises(InputError, match=r"holds no picture of the tissue \(its pictures: label\)"):
        open_slide(tmp_path / "a.svs")


@pytest.mark.parametrize("name", ["macrophages", "Macrodissected tumour", "labelled retina"])
def test_a_name_that_only_contains_the_word_is_no_label(tmp_path, name):
    options = {**TILED, "metadata": {"axes": "YXS", "Name": name}}
    tifffile.imwrite(tmp_path / "a.ome.tif", PICTURE, **options)
    with open_slide(tmp_path / "a.ome.tif") as slide:
        np.testing.assert_array_equal(whole(slide), PICTURE)


@pytest.mark.parametrize("name", ["LabelImage", "SlideLabel", "macroimage", "label_image", "S1_cytassist_image"])
def test_a_larger_picture_named_as_no_slide_is_not_shown(tmp_path, name):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(LABEL, **{**TILED, "metadata": {"axes": "YXS", "Name": name}})
        writer.write(PICTURE, **{**TILED, "metadata": {"axes": "YXS", "Name": "tissue"}})
    with open_slide(tmp_path / "a.ome.tif") as slide:
        np.testing.assert_array_equal(whole(slide), PICTURE)
        assert slide.warnings == ()


@pytest.mark.parametrize(
    "description", ["SlideLabel", "macroimage", "Macro -offset=(0,0)", "Label_Image", "S1_cytassist_image"]
)
def test_a_larger_picture_described_as_no_slide_is_not_shown(tmp_path, description):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(LABEL, description=description, **TILED)
        writer.write(PICTURE, **TILED)
    with open_slide(tmp_path / "a.tif") as slide:
        np.testing.assert_array_equal(whole(slide), PICTURE)


@pytest.mark.parametrize(
    "description", ["Macrodissected tumour", "scanned in May\nlabelled retina", "Barcode = 12", "slide_label=12"]
)
def test_a_description_that_only_begins_with_the_letters_is_the_tissue(tmp_path, description):
    tifffile.imwrite(tmp_path / "a.tif", PICTURE, description=description, **TILED)
    with open_slide(tmp_path / "a.tif") as slide:
        np.testing.assert_array_equal(whole(slide), PICTURE)


def test_a_pyramid_is_the_slide_beside_a_somewhat_larger_plain_picture(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(LABEL, **TILED)
        for times in range(3):
            writer.write(PICTURE[:: 2**times, :: 2**times].copy(), **TILED)
    with open_slide(tmp_path / "a.tif") as slide:
        assert [level.width_px for level in slide.levels] == [768, 384, 192]
        np.testing.assert_array_equal(whole(slide), PICTURE)
        assert slide.warnings == ("It holds 2 scanned pictures; that of 768 x 512 px is shown.",)
