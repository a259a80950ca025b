"""OME-Zarr of every generation gives the pixels that were written."""

import json
import shutil

import numpy as np
import pytest
import zarr

from geneglass.data import cached_pyramid
from geneglass.data.pyramid import write_pyramid
from geneglass.data.slide_formats import is_slide_folder, open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError
from slide_pixels import whole
from zarr_stores import IMAGE, V5, chunk_files, edited, halved, write_ome_zarr, write_spatialdata_image, zipped


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"version": "0.1"},
        {"version": "0.3", "axes": "cyx"},
        {"axes": "yxc", "chunks": (100, 130, 3)},
        {"axes": "czyx", "chunks": (2, 1, 64, 100)},
        {"order": "F", "compressors": None},
        {"chunks": (1, 1, 1, 400, 900)},
        V5,
        {**V5, "axes": "cyx", "chunks": (3, 64, 48), "shards": (3, 256, 192)},
        {**V5, "axes": "yxc", "chunks": (64, 48, 3), "compressors": zarr.codecs.BloscCodec(shuffle="bitshuffle")},
        {**V5, "compressors": [zarr.codecs.GzipCodec(), zarr.codecs.Crc32cCodec()]},
        {**V5, "axes": "cyx", "chunks": (1, 64, 48), "filters": zarr.codecs.TransposeCodec(order=(2, 0, 1))},
    ],
    ids=str,
)
def test_every_layout_gives_the_pixels(tmp_path, options):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", IMAGE, **options)
    with open_slide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
        np.testing.assert_array_equal(whole(slide, 1), halved(IMAGE))
        np.testing.assert_array_equal(slide.read(Region(0, 60, 40, 70, 200)), IMAGE[60:130, 40:240])
        assert slide.mpp == (None if options.get("version") in ("0.1", "0.3") else 0.5)
        assert slide.warnings == ()


@pytest.mark.parametrize("compressor", ["zlib", "lz4", "blosc", "bz2"])
def test_compressors_of_zarr_2(tmp_path, compressor):
    import numcodecs

    codec = numcodecs.get_codec({"id": compressor})
    with open_slide(write_ome_zarr(tmp_path / "a.zarr", IMAGE, compressors=codec)) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)


@pytest.mark.parametrize("options", [{}, V5])
def test_sixteen_bits_keep_their_high_byte_whatever_the_byte_order(tmp_path, options):
    image = (IMAGE.astype(np.uint16) * 256 + 255).astype(">u2" if not options else "u2")
    with open_slide(write_ome_zarr(tmp_path / "a.zarr", image, **options)) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)


@pytest.mark.parametrize("bits", [12, 16])
def test_sixteen_bits_of_which_twelve_are_used_are_told(tmp_path, bits):
    with open_slide(write_ome_zarr(tmp_path / "a.zarr", IMAGE.astype(np.uint16) << (bits - 8))) as slide:
        assert [text.startswith("It looks almost black") for text in slide.warnings] == [True] * (bits == 12)


def test_alpha_is_laid_over_white_and_grey_is_repeated(tmp_path):
    image = np.dstack([IMAGE, np.full(IMAGE.shape[:2], 51, np.uint8)])
    with open_slide(write_ome_zarr(tmp_path / "a.zarr", image)) as slide:
        assert np.abs(whole(slide) - (IMAGE * 0.2 + 255 * 0.8)).max() <= 0.5
    with open_slide(write_ome_zarr(tmp_path / "b.zarr", IMAGE[..., :1], axes="yx")) as slide:
        np.testing.assert_array_equal(whole(slide), np.repeat(IMAGE[..., :1], 3, axis=-1))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_picture_in_a_spatialdata_store(tmp_path, zarr_format):
    path = write_spatialdata_image(tmp_path / "s.zarr", IMAGE, zarr_format=zarr_format)
    assert is_slide_folder(path)
    assert not is_slide_folder(tmp_path / "s.zarr"), "the store holds spots too"
    with open_slide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
        assert [level.downsample for level in slide.levels] == [1.0, 2.0]
        assert slide.mpp is None, "a step into a coordinate system is no pixel size"
        assert slide.warnings == ()


def test_a_zip_file_of_a_store(tmp_path):
    folder = write_ome_zarr(tmp_path / "a.ome.zarr", IMAGE, **V5, axes="cyx", chunks=(3, 64, 48), shards=(3, 256, 192))
    with open_slide(zipped(folder, tmp_path / "a.ome.zarr.zip")) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
        assert slide.mpp == 0.5


def test_of_several_pictures_the_largest_is_the_slide_and_labels_are_none(tmp_path):
    path = tmp_path / "a.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    large = np.random.default_rng(0).integers(0, 256, (700, 500, 3), dtype=np.uint8)
    write_ome_zarr(path, large, key="0")
    write_ome_zarr(path, IMAGE, key="1")
    write_ome_zarr(path, IMAGE, key="1/labels/cells", extra={"image-label": {}})
    write_ome_zarr(path, IMAGE[:100, :100], key="2")
    (path / "OME").mkdir()
    names = "".join(f'<Image Name="{name}"/>' for name in ("Label image", "tissue", "thumbnail"))
    xml = f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{names}</OME>'
    (path / "OME" / "METADATA.ome.xml").write_text(xml)
    with open_slide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
    (path / "OME" / "METADATA.ome.xml").unlink()
    with open_slide(path) as slide:
        assert slide.levels[0].height_px == 700
    with pytest.raises(InputError, match="no slide; export"):
        open_slide(path / "1" / "labels" / "cells")


def test_the_largest_field_of_a_plate(tmp_path):
    path = tmp_path / "a.zarr"
    root = zarr.open_group(path, mode="w", zarr_format=2)
    root.attrs["plate"] = {"wells": [{"path": "A/1"}, {"path": "A/2"}]}
    for well, image in (("A/1", IMAGE[:90]), ("A/2", IMAGE)):
        write_ome_zarr(path, image, key=f"{well}/0")
        root[well].attrs["well"] = {"images": [{"path": "0"}]}
    with open_slide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)


@pytest.mark.parametrize(
    ("axes", "scale", "mpp", "warning"),
    [
        ({}, [1, 1, 1, 0.25, 0.25], 0.25, ""),
        ({"unit": "nanometer"}, [1, 1, 1, 250, 250], 0.25, ""),
        ({"unit": "parsec"}, [1, 1, 1, 0.25, 0.25], None, ""),
        ({}, [1, 1, 1, 0.25, 0.5], None, "0.5 um wide and 0.25 um high"),
        ({}, [1, 1, 1, 352, 352], None, "means 352 um per pixel"),
        ({}, [1, 1, 1, 0, 0], None, ""),
        ({}, [1, 1, 1, float("nan"), 1], None, ""),
    ],
)
def test_mpp_is_the_scale_in_the_unit_of_its_axis(tmp_path, axes, scale, mpp, warning):
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE)
    scales = json.loads((path / ".zattrs").read_text())["multiscales"]
    scales[0]["datasets"][0]["coordinateTransformations"][0]["scale"] = scale
    for axis in scales[0]["axes"][3:]:
        axis.update(axes)
    edited(path / ".zattrs", multiscales=scales)
    with open_slide(path) as slide:
        assert slide.mpp == mpp
        assert [warning in text for text in slide.warnings] == [True] * bool(warning)


def test_channels_of_other_names_are_told(tmp_path):
    channels = [{"label": name, "color": "FFFFFF"} for name in ("DAPI", "CD3", "CD20")]
    with open_slide(write_ome_zarr(tmp_path / "a.zarr", IMAGE, extra={"omero": {"channels": channels}})) as slide:
        assert slide.warnings == ("Its channels DAPI, CD3, CD20 are taken as red, green and blue.",)


def test_the_hash_covers_every_chunk_of_the_levels_and_nothing_else(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE)
    moved = shutil.copytree(path, tmp_path / "elsewhere.zarr")
    with open_slide(path) as slide, open_slide(moved) as other:
        before = slide.content_hash()
        assert other.content_hash() == before
    (path / "notes.txt").write_text("mine")
    with open_slide(path) as slide:
        assert slide.content_hash() == before
    file = chunk_files(path / "1")[-1]
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with open_slide(path) as slide:
        assert slide.content_hash() != before


def test_one_large_level_gets_coarser_ones_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(cached_pyramid, "MAX_SINGLE_LEVEL_PX", 1200)
    image = np.kron(IMAGE, np.ones((5, 5, 1), np.uint8))
    path = write_ome_zarr(tmp_path / "a.zarr", image, n_levels=1, axes="yxc", chunks=(101, 300, 3))
    for _ in range(2):
        with open_slide(path) as slide:
            assert [level.downsample for level in slide.levels] == [1, 2, 4]
            np.testing.assert_array_equal(whole(slide), image)
            assert np.abs(whole(slide, 1).astype(int) - halved(image)).max() <= 1
            assert slide.mpp == 0.5
            assert slide.path == path
        monkeypatch.setattr(cached_pyramid, "write_pyramid", None)  # the second time nothing is made


def test_slides_of_two_formats_never_share_a_number(tmp_path):
    """The number is part of the key of the decoded tiles: one twice would show one slide's pixels as another's."""
    tiff, store = tmp_path / "a.ome.tif", write_ome_zarr(tmp_path / "a.zarr", IMAGE)
    write_pyramid(tiff, IMAGE, 0.5)
    with open_slide(tiff) as first, open_slide(store) as second, open_slide(tiff) as third:
        assert first._number < second._number < third._number
