"""An OME-Zarr that is no slide, makes no sense or is damaged is one sentence."""

import json
import shutil

import numpy as np
import pytest

from geneglass.data.slide_formats import open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError
from slide_pixels import whole
from zarr_stores import IMAGE, V5, chunk_files, edited, node_file, write_ome_zarr


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((30, 40, 2), np.uint8), "it has 2 channels, not RGB, RGBA or grey"),
        (np.zeros((30, 40, 12), np.uint8), "it has 12 channels"),
        (np.zeros((30, 40, 3), np.float32), "its pixels are float32, not 8- or 16-bit unsigned"),
        (np.zeros((30, 40, 3), np.int16), "its pixels are int16"),
    ],
)
@pytest.mark.parametrize("options", [{}, V5])
def test_what_is_no_colour_picture_is_refused_by_name(tmp_path, image, message, options):
    path = write_ome_zarr(tmp_path / "a.zarr", image, **options)
    with pytest.raises(InputError, match=rf"a\.zarr cannot be opened as a slide: {message}[^\n]*\.$"):
        open_slide(path)


@pytest.mark.parametrize("options", [{}, V5])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": [1, 3, 1, 10**12, 470]}, "states the shape"),
        ({"shape": [1, 3, 1, 4 * 10**6, 4 * 10**6]}, "which no slide has"),
        ({"shape": [1, 3, 1, 301, -470]}, "states the shape"),
        ({"shape": [1, 3, 1, 301, 4700]}, "no smaller copy of the finest"),
        ({"shape": [1, 3, 7, 301, 470]}, "7 planes in depth"),
        ({"shape": [9, 3, 1, 301, 470]}, "9 points in time"),
        ({"shape": "big"}, "shape|understood"),
        ({"dtype": "|V9", "data_type": "r72"}, "type|understood"),
        (
            {
                "chunks": [1, 1, 1, 10**5, 10**5],
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1, 1, 10**5, 10**5]}},
            },
            "chunks of 9,537 MiB",
        ),
        ({"compressor": {"id": "secret"}, "codecs": ["bytes", {"name": "secret"}]}, "compressed with '?.*secret"),
    ],
)
def test_a_description_that_makes_no_sense_is_one_sentence(tmp_path, options, changes, message):
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE, **options)
    edited(node_file(path / "0"), **changes)
    with pytest.raises(InputError, match=rf"^[^\n]*a\.zarr cannot be opened as a slide: [^\n]*({message})[^\n]*\.$"):
        open_slide(path)


@pytest.mark.parametrize("options", [{}, V5])
def test_a_description_cut_short_or_missing_is_one_sentence(tmp_path, options):
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE, **options)
    node = node_file(path / "0")
    node.write_bytes(node.read_bytes()[:60])
    with pytest.raises(InputError, match=r"a\.zarr is damaged or cut short: its 0/.* cannot be read; copy it"):
        open_slide(path)
    node.unlink()
    with pytest.raises(InputError, match="its array '0' is missing; copy"):
        open_slide(path)
    root = path / (".zattrs" if not options else "zarr.json")
    root.write_text("{")
    with pytest.raises(InputError, match="cannot be read; copy"):
        open_slide(path)


@pytest.mark.parametrize(
    "options", [{}, V5, {**V5, "axes": "cyx", "chunks": (3, 64, 48), "shards": (3, 256, 192)}], ids=str
)
def test_a_damaged_chunk_is_named(tmp_path, options):
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE, **options)
    for file in chunk_files(path / "0"):
        file.write_bytes(file.read_bytes()[:-90])
    with open_slide(path) as slide, pytest.raises(InputError, match=r"a\.zarr is damaged: chunk [\d.]+ of its array 0"):
        whole(slide)


def test_chunks_that_are_not_there_are_the_fill_value_and_told(tmp_path):
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE, fill_value=240, chunk_px=100)
    for channel in range(3):
        (path / "0" / f"0.{channel}.0.1.2").unlink()
    with open_slide(path) as slide:
        assert (slide.read(Region(0, 100, 200, 100, 100)) == 240).all()
        np.testing.assert_array_equal(slide.read(Region(0, 0, 0, 301, 200)), IMAGE[:, :200])
        (warning,) = slide.warnings
        assert warning.startswith("3 of the 60 chunks of its finest level are not in the store and shown as 240")
    for file in chunk_files(path / "0"):
        file.unlink()
    with pytest.raises(InputError, match="its finest level holds no pixels; copy it again"):
        open_slide(path)


def test_flipped_bits_never_end_in_anything_but_a_sentence(tmp_path):
    image = np.kron(IMAGE[:40, :60], np.ones((8, 8, 1), np.uint8))
    intact = write_ome_zarr(tmp_path / "intact.zarr", image, chunk_px=128)
    rng = np.random.default_rng(1)
    files = sorted(file for file in intact.rglob("*") if file.is_file())
    told = []
    for _ in range(60):
        copy = tmp_path / "copy.zarr"
        shutil.copytree(intact, copy)
        file = copy / files[rng.integers(len(files))].relative_to(intact)
        content = bytearray(file.read_bytes())
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        file.write_bytes(content)
        try:
            with open_slide(copy) as slide:
                whole(slide)
        except InputError as error:
            told.append(str(error))
        shutil.rmtree(copy)
    assert len(told) > 10
    assert not any("\n" in text for text in told)


def test_a_store_does_not_reach_out_of_itself(tmp_path):
    write_ome_zarr(tmp_path / "secret.zarr", IMAGE)
    path = write_ome_zarr(tmp_path / "a.zarr", IMAGE)
    scales = json.loads((path / ".zattrs").read_text())["multiscales"]
    scales[0]["datasets"][0]["path"] = "../secret.zarr/0"
    edited(path / ".zattrs", multiscales=scales)
    with pytest.raises(InputError, match="lies outside it"):
        open_slide(path)
