"""What a damaged TIFF claims about its size is compared with the file before memory is taken for it."""

import numpy as np
import pytest
import tifffile

from geneglass.data.slide_formats import open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError

IMAGE = np.kron(np.random.default_rng(3).integers(0, 256, (10, 14, 3), dtype=np.uint8), np.ones((32, 32, 1), np.uint8))


def _written(path, **options):
    tifffile.imwrite(path, IMAGE, **{"tile": (64, 64), "photometric": "rgb", "metadata": None, **options})
    return path


def _with_tag(path, code, value):
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tif.pages[0].tags[code].overwrite(value)
    return path


def _in_first_tile(path, find, put, at=0):
    """Change bytes that follow a marker in the first tile."""
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[0].dataoffsets[0]
    content = bytearray(path.read_bytes())
    place = content.index(find, offset) + len(find) + at
    content[place : place + len(put)] = put
    path.write_bytes(content)
    return path


def test_a_tile_larger_than_the_file_can_hold(tmp_path):
    path = _with_tag(_written(tmp_path / "a.tif", compression="zstd"), 322, 2**20)
    _with_tag(path, 323, 2**16)
    with pytest.raises(InputError, match=r"states tiles of 1,048,576 x 65,536 px, more than it can hold"):
        open_slide(path)


def test_a_strip_larger_than_the_file_can_hold(tmp_path):
    path = _with_tag(_written(tmp_path / "a.tif", tile=None, compression="lzw"), 256, 2**31)
    with pytest.raises(InputError, match="states strips of 2,147,483,648 x"):
        open_slide(path)


@pytest.mark.parametrize(("code", "value"), [(256, 2**30), (257, 2**30)])
def test_a_picture_with_more_tiles_than_are_listed(tmp_path, code, value):
    path = _with_tag(_written(tmp_path / "a.tif", compression="zstd"), code, value)
    with pytest.raises(InputError, match="cut short"):
        open_slide(path)


@pytest.mark.parametrize("value", [0, 3])
def test_a_picture_or_tile_without_pixels(tmp_path, value):
    for code in (256, 257, 322):
        path = _with_tag(_written(tmp_path / f"{code}.tif", compression="zstd"), code, value)
        if value and code != 322:
            continue
        with pytest.raises(InputError, match=r"\.tif "):
            open_slide(path)


@pytest.mark.parametrize("compression", ["jpeg", "jpeg2000", "webp"])
def test_a_tile_that_claims_more_than_its_page_is_not_decoded(tmp_path, compression, monkeypatch):
    args = {"codecformat": "j2k"} if compression == "jpeg2000" else None
    path = _written(tmp_path / "a.tif", compression=compression, compressionargs=args)
    marker = {"jpeg": b"\xff\xc0\x00\x11\x08", "jpeg2000": b"\xff\x51", "webp": b"VP8 "}[compression]
    huge, at = {"jpeg": (b"\xff\x00\xff\x00", 0), "jpeg2000": (b"\x7f" * 8, 4), "webp": (b"\xff\x3f\xff\x3f", 10)}[
        compression
    ]
    if compression == "webp" and marker not in path.read_bytes():
        marker, huge, at = b"VP8L", b"\xff\xff\xff\x0f", 5
    with pytest.raises(
        InputError, match=r"a\.tif is damaged: its tile number 0 cannot be decoded \(it claims \d+ x \d+"
    ):
        open_slide(_in_first_tile(path, marker, huge, at))


def test_jpeg2000_in_countless_parts_is_not_decoded(tmp_path):
    path = _written(tmp_path / "a.tif", compression="jpeg2000", compressionargs={"codecformat": "j2k"})
    with pytest.raises(InputError, match="claims 64 x 64 px in parts of 1 x 1"):
        open_slide(_in_first_tile(path, b"\xff\x51", b"\0\0\0\1\0\0\0\1", 20))


def test_an_ome_header_of_countless_planes(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, IMAGE, tile=(64, 64), photometric="rgb", metadata={"axes": "YXS"})
    with tifffile.TiffFile(path) as tif:
        xml = tif.ome_metadata.replace('SizeZ="1"', 'SizeZ="999999999"')
    _with_tag(path, 270, xml)
    with pytest.raises(InputError, match="claims 2,999,999,997 planes"):
        open_slide(path)


def test_an_edge_tile_may_be_stored_without_its_padding(tmp_path):
    """Some writers cut the last JPEG tile of a row at the picture's edge."""
    import imagecodecs

    image = np.full((64, 100, 3), (200, 120, 90), np.uint8)
    tiles = [imagecodecs.jpeg_encode(image[:, x : x + 64].copy(), level=95) for x in (0, 64)]
    options = {"shape": image.shape, "dtype": np.uint8, "tile": (64, 64), "photometric": "ycbcr", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", iter(tiles), compression="jpeg", **options)
    with open_slide(tmp_path / "a.tif") as slide:
        assert np.abs(slide.read(Region(0, 0, 0, 64, 100)).astype(int) - image).max() <= 3
