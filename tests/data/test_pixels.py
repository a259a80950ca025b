"""Every kind of pixel that a TIFF may hold becomes 8-bit RGB by its stated rule."""

import base64
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from geneglass.data.tiled_tiff import TiledTiffSlide
from slide_pixels import whole

RNG = np.random.default_rng(5)
SIZE = (70, 101)


def _read(path, image=None, **options):
    if image is not None:
        tifffile.imwrite(path, image, **{"tile": (32, 48), "metadata": None, **options})
    with TiledTiffSlide(path, strips=True) as slide:
        return whole(slide)


def _set_tag(path, code, value):
    """Change what tifffile wrote: it writes neither packed bits nor coarser colours."""
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tif.pages[0].tags[code].overwrite(value)


@pytest.mark.parametrize("compression", [None, "deflate", "jpeg"])
def test_cmyk_is_light_less_its_inks(tmp_path, compression):
    inks = np.kron(RNG.integers(0, 256, (7, 10, 4), dtype=np.uint8), np.ones((16, 16, 1), np.uint8))
    options = {"compressionargs": {"level": 100}} if compression == "jpeg" else {}
    read = _read(tmp_path / "a.tif", inks, photometric="separated", compression=compression, **options)
    expected = (255 - inks[..., :3].astype(float)) * (255 - inks[..., 3:]) / 255
    assert np.abs(read - expected).max() <= (3 if compression == "jpeg" else 0.5)


def test_cmyk_of_16_bits_in_planes(tmp_path):
    inks = RNG.integers(0, 2**16, (4, *SIZE), dtype=np.uint16)
    read = _read(tmp_path / "a.tif", inks, photometric="separated", planarconfig="separate")
    light = 255 - np.moveaxis(inks >> 8, 0, -1).astype(float)
    assert np.abs(read - light[..., :3] * light[..., 3:] / 255).max() <= 0.5


@pytest.mark.parametrize("scale", [257, 256, 1])
def test_a_palette_gives_its_colours(tmp_path, scale):
    """A map of 8-bit numbers where 16-bit ones belong is understood."""
    index = RNG.integers(0, 256, SIZE, dtype=np.uint8)
    colours = RNG.integers(0, 256, (3, 256), dtype=np.uint16)
    read = _read(tmp_path / "a.tif", index, photometric="palette", colormap=colours * np.uint16(scale))
    np.testing.assert_array_equal(read, colours.T[index])


def test_a_palette_of_16_colours(tmp_path):
    image = Image.fromarray(RNG.integers(0, 256, (*SIZE, 3), dtype=np.uint8)).quantize(16)
    image.save(tmp_path / "a.tif", bits=4)
    np.testing.assert_array_equal(_read(tmp_path / "a.tif"), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("options", [{}, {"tile": None, "rowsperstrip": 9}], ids=["tiles", "strips"])
def test_one_bit_is_black_and_white(tmp_path, photometric, options):
    mask = RNG.random(SIZE) < 0.4
    read = _read(tmp_path / "a.tif", mask, photometric=photometric, **options)
    white = mask if photometric == "minisblack" else ~mask
    np.testing.assert_array_equal(read, np.repeat(np.where(white, 255, 0)[..., None], 3, axis=-1))


@pytest.mark.parametrize(("bits", "dtype"), [(2, np.uint8), (4, np.uint8), (12, np.uint16), (10, np.uint16)])
def test_grey_of_other_depths_spans_black_to_white(tmp_path, bits, dtype):
    grey = RNG.integers(0, 2**bits, SIZE).astype(dtype)
    grey[0, :2] = (0, 2**bits - 1)
    digits = (grey[..., None] >> np.arange(bits)[::-1]) & 1
    packed = np.packbits(digits.reshape(SIZE[0], -1).astype(np.uint8), axis=1).tobytes()
    options = {"shape": SIZE, "dtype": dtype, "photometric": "minisblack", "compression": "deflate", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", iter([zlib.compress(packed)]), rowsperstrip=SIZE[0], **options)
    _set_tag(tmp_path / "a.tif", 258, bits)
    expected = grey // 2 ** (bits - 8) if bits > 8 else grey.astype(int) * 255 // (2**bits - 1)
    np.testing.assert_array_equal(_read(tmp_path / "a.tif"), np.repeat(expected[..., None], 3, axis=-1))
    assert expected[0, :2].tolist() == [0, 255]


def test_grey_with_alpha(tmp_path):
    grey = np.stack([np.full(SIZE, 100), np.broadcast_to(np.linspace(0, 255, SIZE[1]).round(), SIZE)], axis=-1)
    read = _read(
        tmp_path / "a.tif", grey.astype(np.uint8), photometric="minisblack", planarconfig="contig", extrasamples=[2]
    )
    opacity = grey[..., 1:] / 255
    assert np.abs(read - (100 * opacity + 255 * (1 - opacity))).max() < 1


def _ycbcr(rgb):
    return np.asarray(Image.fromarray(rgb).convert("YCbCr"))


def test_ycbcr_without_jpeg(tmp_path):
    rgb = RNG.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    options = {"photometric": "ycbcr", "compression": "deflate", "subsampling": (1, 1)}
    read = _read(tmp_path / "a.tif", _ycbcr(rgb), **options)
    assert np.abs(read.astype(int) - rgb).max() <= 4, "two roundings of the conversion"


@pytest.mark.parametrize("across", [1, 2, 4])
@pytest.mark.parametrize("down", [1, 2])
def test_ycbcr_whose_colours_are_stored_coarser(tmp_path, across, down):
    """Written as libtiff does: for each block its light, pixel by pixel, and one pair of colours."""
    height, width, rows = 22, 36, 8
    light = RNG.integers(40, 200, (24, 36), dtype=np.uint8)
    colour = np.kron(RNG.integers(120, 136, (24 // down, 36 // across, 2)), np.ones((down, across, 1))).astype(np.uint8)
    strips = []
    for top in range(0, height, rows):
        strip = b""
        for y in range(top, min(top + rows, height), down):
            for x in range(0, width, across):
                strip += light[y : y + down, x : x + across].tobytes() + colour[y, x].tobytes()
        strips.append(strip)
    path = tmp_path / "a.tif"
    options = {"photometric": "ycbcr", "compression": "deflate", "rowsperstrip": rows, "metadata": None}
    packed = iter([zlib.compress(strip) for strip in strips])
    tifffile.imwrite(path, packed, shape=(height, width, 3), dtype=np.uint8, subsampling=(1, 1), **options)
    _set_tag(path, 530, (across, down))
    expected = np.dstack([light, colour])[:height]
    rgb = np.asarray(Image.frombytes("YCbCr", (width, height), expected.tobytes()).convert("RGB"))
    np.testing.assert_array_equal(_read(path), rgb)


COARSE_JPEG2000 = base64.b64decode(
    "/0//UQAvAAAAAABAAAAAMAAAAAAAAAAAAAAAQAAAADAAAAAAAAAAAAADBwEBBwIBBwIB/1IADAAAAAEABQQEAAH/XAATQEBISFBISFBISFBISFBI"
    "SFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjD/kAAKAAAAAABjAAH/k8+0FAlAOAkPw+cGCFFfx9QEAn/D6gQADPodR4CA"
    "wfOGABvuHaVR34CAwPkEADac/LNuEPA/gIDAfCQAX6fHuPGxnKGAgMA6WItiAXT3aMFD2f9/gID/2Q=="
)
"""64 x 48 px of YCbCr by OpenJPEG, colours at half the width: light from 40 to 220 to the right, Cb 100, Cr 160."""


def test_aperio_jpeg2000_whose_colours_are_stored_coarser(tmp_path):
    """The decoder turns these to RGB by itself, and those stored in full it does not."""
    light = np.broadcast_to(np.linspace(40, 220, 64).astype(np.uint8), (48, 64))
    stored = np.dstack([light, np.full_like(light, 100), np.full_like(light, 160)])
    expected = np.asarray(Image.frombytes("YCbCr", (64, 48), stored.tobytes()).convert("RGB")).astype(int)
    options = {"shape": (48, 64, 3), "dtype": np.uint8, "tile": (48, 64), "photometric": "rgb", "metadata": None}
    for name in ("a.svs", "b.svs"):
        description = {"description": "Aperio Image Library v11"}
        if name == "a.svs":
            tifffile.imwrite(tmp_path / name, iter([COARSE_JPEG2000]), compression=33003, **options, **description)
        else:
            full = {"compression": 33003, "compressionargs": {"codecformat": "j2k", "mct": False}}
            tifffile.imwrite(tmp_path / name, stored, **options, **full, **description)
        assert np.abs(_read(tmp_path / name) - expected).max() <= 3


def test_aperio_jpeg2000_of_rgb(tmp_path):
    rgb = RNG.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    args = {"codecformat": "j2k", "reversible": True, "level": 0}
    read = _read(tmp_path / "a.svs", rgb, photometric="rgb", compression=33005, compressionargs=args)
    np.testing.assert_array_equal(read, rgb)
