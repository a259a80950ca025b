"""Slides through OpenSlide: DICOM pixels are those written, and what is missing or damaged is one sentence."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dicom_file import write_dicom
from geneglass.data import openslide_slide
from geneglass.data.openslide_slide import OpenSlideSlide
from geneglass.data.slide_formats import is_slide_folder, open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError
from slide_pixels import whole
from zarr_stores import halved

IMAGE = np.random.default_rng(3).integers(0, 256, (601, 930, 3), dtype=np.uint8)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Return a folder with a series of two levels."""
    folder = tmp_path / "series"
    folder.mkdir()
    write_dicom(folder / "fine.dcm", IMAGE)
    write_dicom(folder / "coarse.dcm", halved(IMAGE), mpp=1.0, number=2)
    return folder


@pytest.mark.parametrize("name", ["", "fine.dcm", "coarse.dcm"])
def test_a_folder_and_each_of_its_files_open_the_whole_series(series, name):
    path = series / name
    with open_slide(path) as slide:
        assert [level.downsample for level in slide.levels] == [1.0, 2.0]
        np.testing.assert_array_equal(whole(slide), IMAGE)
        np.testing.assert_array_equal(whole(slide, 1), halved(IMAGE))
        np.testing.assert_array_equal(slide.read(Region(1, 120, 200, 90, 260)), halved(IMAGE)[120:210, 200:460])
        assert slide.mpp == pytest.approx(0.5)
        assert slide.warnings == ()
        assert slide.path == path


def test_a_folder_is_a_slide_only_where_nothing_else_lies_in_it(series):
    assert is_slide_folder(series)
    (series / "spots.csv").write_text("x,y\n")
    assert not is_slide_folder(series)


def test_two_series_in_a_folder_are_told_apart(series):
    write_dicom(series / "other.dcm", IMAGE[:200], series="1.2.3.2")
    with pytest.raises(InputError, match=r"series holds 2 slides \(DICOM series\); give one of their files, such as"):
        open_slide(series)
    with open_slide(series / "other.dcm") as other, open_slide(series / "fine.dcm") as slide:
        np.testing.assert_array_equal(whole(other), IMAGE[:200])
        assert other.content_hash() != slide.content_hash()


def test_the_hash_covers_every_file_of_the_slide(series, tmp_path):
    moved = shutil.copytree(series, tmp_path / "elsewhere")
    with open_slide(series) as slide, open_slide(moved) as other:
        before = slide.content_hash()
        assert other.content_hash() == before
    changed = halved(IMAGE)
    changed[-1, -1] ^= 1
    write_dicom(series / "coarse.dcm", changed, mpp=1.0, number=2)
    with open_slide(series / "fine.dcm") as slide:
        assert slide.content_hash() != before


def test_pixels_of_different_height_and_width_are_told(series, monkeypatch):
    monkeypatch.setattr(openslide_slide, "_number", lambda stated, name: 0.25 if name.endswith("y") else 0.5)
    with open_slide(series) as slide:
        assert slide.mpp is None
        assert slide.warnings == ("Its pixels are 0.5 um wide and 0.25 um high; neither is believed.",)


def test_transparent_areas_are_white(series, monkeypatch):
    with open_slide(series) as slide:
        clear = Image.new("RGBA", (512, 512), (90, 10, 10, 0))
        monkeypatch.setattr(slide._handle, "read_region", lambda *_: clear)
        assert (slide.read(Region(0, 0, 0, 100, 100)) == 255).all()


def test_associated_pictures_are_never_asked_for(series, monkeypatch):
    import openslide

    def refuse(_: object) -> None:
        raise AssertionError("a label may name the patient")

    monkeypatch.setattr(openslide.OpenSlide, "associated_images", property(refuse))
    with open_slide(series) as slide:
        whole(slide)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_file_cut_short_is_one_sentence(series, share):
    file = series / "fine.dcm"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    for path in (file, series):
        with pytest.raises(InputError, match=r"is damaged or cut short \([^\n]*\); copy it again, with all its files"):
            open_slide(path)


def test_a_dicom_file_that_is_no_slide_is_one_sentence(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(bytes(128) + b"DICM" + bytes(100))
    with pytest.raises(InputError, match=r"a\.dcm is (damaged or cut short|a DICOM file but no slide)"):
        open_slide(path)


def test_a_mirax_index_is_never_taken_for_the_slide(tmp_path):
    """The index is a JPEG of the whole glass, label included."""
    path = tmp_path / "a.mrxs"
    Image.fromarray(IMAGE).save(path, format="JPEG")
    with pytest.raises(InputError, match=r"a\.mrxs is only the index of a MIRAX slide: the folder a with its pixels"):
        open_slide(path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Slidedat.ini").write_text("[GENERAL]\n")
    with pytest.raises(InputError, match=r"a\.mrxs is (damaged or cut short|a MIRAX file but no slide)"):
        open_slide(path)


def test_a_vms_file_without_its_pictures_is_one_sentence(tmp_path):
    path = tmp_path / "a.vms"
    path.write_text("[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns=1\nNoJpegRows=1\nImageFile=a.jpg\n")
    with pytest.raises(InputError, match=r"a\.vms is damaged or cut short \([^\n]*\); copy it again, with all its"):
        open_slide(path)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.dcm", bytes(128) + b"DICM", "DICOM"),
        ("a.mrxs", b"\xff\xd8\xff\xe0", "MIRAX"),
        ("a.vms", b"[Virtual Microscope Specimen]", "Hamamatsu VMS"),
        ("a.czi", b"ZISRAWFILE", "Zeiss CZI"),
        ("a.svslide", b"SQLite format 3\0", "Sakura SVSLIDE"),
    ],
)
def test_without_openslide_its_name_is_told_only_for_files_that_need_it(tmp_path, monkeypatch, name, content, kind):
    monkeypatch.setitem(sys.modules, "openslide", None)
    (tmp_path / "a").mkdir()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_slide(tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path / name} is a {kind} slide, which is read through OpenSlide; install it with: "
        'pip install "geneglass[openslide]".'
    )
    (tmp_path / "b.jpg").write_bytes(b"none")
    with pytest.raises(InputError) as caught:
        open_slide(tmp_path / "b.jpg")
    assert "OpenSlide" not in str(caught.value)


@pytest.mark.parametrize("file", ["CMU-1-Small-Region.svs", "odd/largeimage_yb10kx5k.zstd.tiff", "boxes.tiff"])
def test_both_readers_agree_on_the_pixels_of_a_tiff(shared_data, file):
    path = shared_data / "slides" / file
    with open_slide(path) as ours, OpenSlideSlide(path, path, [path], "TIFF") as other:
        assert [level.height_px for level in ours.levels] == [level.height_px for level in other.levels]
        for index, level in enumerate(ours.levels[:3]):
            for top, left in ((0, 0), (level.height_px // 2, level.width_px // 3), (level.height_px - 90, 0)):
                region = Region(index, max(top, 0), left, 90, 100)
                difference = np.abs(ours.read(region).astype(int) - other.read(region))
                assert difference.mean() < 1, (index, top, left)


@pytest.mark.parametrize(
    ("name", "size"), [("dicom", 16), ("dicom/boxes_1.dcm", 16), ("odd/highdicom_sm_image.dcm", 50)]
)
def test_real_dicom_slides(shared_data, name, size):
    with open_slide(shared_data / "slides" / name) as slide:
        assert [(level.height_px, level.width_px) for level in slide.levels] == [(size, size)]
        assert slide.mpp == 0.499
        assert 90 < whole(slide).mean() < 255
