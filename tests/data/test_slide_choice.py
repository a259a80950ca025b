"""What a picture's name says it is, by whole words, and how many pictures may be the slide."""

import pytest

from geneglass.data.slide_choice import named_otherwise, rivals_warning, role_of, weight


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("LabelImage", "label"),
        ("SlideLabel", "label"),
        ("slidelabel", "label"),
        ("SLIDE_LABEL", "label"),
        ("LABELImage", "label"),
        ("label_image", "label"),
        ("Label image #2", "label"),
        ("label1", "label"),
        ("labels", "label"),
        ("macroimage", "macro"),
        ("S1-macro", "macro"),
        ("MACRO", "macro"),
        ("Thumbnail", "thumbnail"),
        ("thumb_0", "thumb"),
        ("S1_overview", "overview"),
        ("SlidePreview", "preview"),
        ("SlideBarcode", "barcode"),
        ("probability map", "probability"),
        ("S1_cytassist_image", "cytassist"),
        ("CytAssistImage", "cytassist"),
        ("cytassist", "cytassist"),
        ("cytassist_image_2", "cytassist"),
    ],
)
def test_a_picture_that_is_not_the_slide_is_known_by_its_name(name: str, role: str) -> None:
    assert role_of(name) == role


@pytest.mark.parametrize(
    "name",
    [
        "",
        "tissue",
        "S1_hires_image",
        "lowres",
        "full_image",
        "Macrodissected tumour",
        "Macro-dissected tumour",
        "macrophages",
        "labelled retina",
        "label-free",
        "relabel",
        "overviewed",
        "mapped",
        "barcoded array",
        "CytAssist_FFPE_Human_Breast_Cancer_full_image",
        "CytAssist_FFPE_Human_Breast_Cancer_hires_image",
    ],
)
def test_a_name_that_only_holds_the_letters_is_the_tissue(name: str) -> None:
    assert role_of(name) == ""


def test_pictures_left_out_by_name_are_told_in_one_sentence() -> None:
    assert named_otherwise(["hires", "lowres"], "a.zarr") == ()
    (told,) = named_otherwise(["label", "hires", "S1_cytassist_image"], "a.zarr")
    assert told == "Of a.zarr 2 pictures are not shown, being no slide by their names: label, S1_cytassist_image."
    (told,) = named_otherwise(["macro"], "a.zarr")
    assert told == "Of a.zarr 1 picture is not shown, being no slide by its name: macro."


def test_a_pyramid_outweighs_a_larger_plain_picture_and_both_are_told() -> None:
    assert weight((1024, 1024), n_levels=4) > weight((1100, 1100), n_levels=1)
    assert weight((1024, 1024), n_levels=4) < weight((4200, 4200), n_levels=1)
    told = rivals_warning((1024, 900), [(1100, 1100), (200, 200)])
    assert told == "It holds 2 scanned pictures; that of 900 x 1,024 px is shown."
    assert rivals_warning((1024, 900), [(200, 200)]) == ""
