"""OpenSlide, a second reader, sees the same pixels: at every level, at the edges and beyond them."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from geneglass.data.slide_formats import open_slide
from geneglass.data.types import Region

openslide = pytest.importorskip("openslide")

HEIGHT, WIDTH = 816, 1136
"""16 times a whole number, so that no level is at a fraction of a pixel; no multiple of the tile."""


def _picture():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    colours = np.stack([60 + 120 * y / HEIGHT, 60 + 150 * x / WIDTH, 140 + 60 * np.sin(x / 9) * np.cos(y / 7)], -1)
    return (colours + np.random.default_rng(0).normal(0, 9, colours.shape)).clip(0, 255).astype(np.uint8)


def _svs(path, photometric="ycbcr", compression="jpeg", **args):
    image = Image.fromarray(_picture())
    with tifffile.TiffWriter(path) as writer:
        options = {"tile": (240, 240), "photometric": photometric, "compression": compression, "metadata": None}
        for factor in (1, 2, 4, 16):
            level = np.asarray(image.reduce(factor))
            description = f"Aperio Image Library v11.2.1\r\n{WIDTH}x{HEIGHT}|AppMag = 20|MPP = 0.4990"
            writer.write(level, description=description, compressionargs=args or {"level": 80}, **options)
            if factor == 1:
                writer.write(np.asarray(image.reduce(8)), description="Aperio Image Library v11", photometric="rgb")


def _theirs(slide, level, top, left, height, width):
    """Return the same region by OpenSlide, which counts the corner in level-0 pixels and is clear outside."""
    factor = slide.level_downsamples[level]
    corner = round(left * factor), round(top * factor)
    picture = slide.read_region(corner, level, (width, height))
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB"))


def _places(size, *, whole):
    """(top, left, height, width) of regions inside and over each edge.

    OpenSlide takes the corner in level-0 pixels: only where the level is coarser by a whole number can it be
    put on a pixel, and elsewhere only the first corner can.
    """
    h, w = size.height_px, size.width_px
    yield 0, 0, min(h, 2000), min(w, 2000)
    if not whole:
        return
    yield h // 3, w // 3, min(h // 3, 300), min(w // 3, 400)
    yield max(h - 70, 0), max(w - 90, 0), min(h, 70), min(w, 90)
    yield -16, -32, 100, 120
    yield max(h - 40, 0), max(w - 56, 0), 100, 120
    yield h + 30, 10, 20, 20


def _agree(path, error=0.0, levels=3):
    with open_slide(path) as ours, openslide.OpenSlide(str(path)) as theirs:
        assert len(ours.levels) >= levels
        assert theirs.level_dimensions == tuple((level.width_px, level.height_px) for level in ours.levels)
        for index, level in enumerate(ours.levels):
            for top, left, height, width in _places(level, whole=theirs.level_downsamples[index].is_integer()):
                read = ours.read(Region(index, top, left, height, width)).astype(int)
                other = _theirs(theirs, index, top, left, height, width)
                assert np.abs(read - other).max() <= error, (index, top, left)
        return ours.mpp, theirs.properties.get("openslide.mpp-x")


@pytest.mark.parametrize("photometric", ["rgb", "ycbcr"])
def test_aperio_of_jpeg(tmp_path, photometric):
    _svs(tmp_path / "a.svs", photometric)
    ours, theirs = _agree(tmp_path / "a.svs", error=1, levels=4)
    assert ours == pytest.approx(float(theirs))


@pytest.mark.parametrize("compression", [33003, 33005])
def test_aperio_of_jpeg2000(tmp_path, compression):
    _svs(tmp_path / "a.svs", "rgb", compression, codecformat="j2k", mct=False, level=40)
    _agree(tmp_path / "a.svs", error=2, levels=4)


def test_a_generic_pyramid(tmp_path):
    with tifffile.TiffWriter(tmp_path / "b.tif") as writer:
        for factor in (1, 2, 4):
            options = {"tile": (128, 256), "photometric": "rgb", "compression": "deflate", "metadata": None}
            writer.write(np.asarray(Image.fromarray(_picture()).reduce(factor)), subfiletype=int(factor > 1), **options)
    _agree(tmp_path / "b.tif")


def test_a_real_svs(shared_data):
    ours, theirs = _agree(shared_data / "slides" / "CMU-1-Small-Region.svs", error=1, levels=1)
    assert ours == pytest.approx(float(theirs))


@pytest.mark.parametrize("name", ["boxes.tiff", "odd/largeimage_yb10kx5k.zstd.tiff"])
def test_real_pyramids(shared_data, name):
    _agree(shared_data / "slides" / name, error=1, levels=3)
