"""Flat pictures: one cached lossless pyramid, whatever their size and kind of pixels."""

import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from geneglass.data import tiled_tiff
from geneglass.data.cache import cache_folder
from geneglass.data.slide_formats import flat, open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError
from slide_pixels import whole

IMAGE = np.random.default_rng(2).integers(0, 256, (90, 140, 3), dtype=np.uint8)


def _pixels(path):
    with open_slide(path) as slide:
        return whole(slide)


def test_the_pyramid_is_made_once_and_keeps_every_pixel(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(IMAGE).save(path)
    np.testing.assert_array_equal(_pixels(path), IMAGE)
    monkeypatch.setattr(flat, "write_pyramid", lambda *args, **options: pytest.fail("made twice"))
    np.testing.assert_array_equal(_pixels(path), IMAGE)
    assert len(list(cache_folder("pyramids").iterdir())) == 1


def test_a_changed_picture_gets_a_pyramid_of_its_own(tmp_path):
    path = tmp_path / "a.png"
    for image in (IMAGE, 255 - IMAGE):
        Image.fromarray(image).save(path)
        np.testing.assert_array_equal(_pixels(path), image)


def test_a_damaged_cached_pyramid_is_made_again(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(IMAGE).save(path)
    _pixels(path)
    (cached,) = cache_folder("pyramids").iterdir()
    cached.write_bytes(cached.read_bytes()[:500])
    np.testing.assert_array_equal(_pixels(path), IMAGE)


def _pillow_over_white(image):
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA"])
def test_kinds_of_png_become_rgb(tmp_path, mode):
    Image.fromarray(np.dstack([IMAGE, IMAGE[..., 0]])).convert(mode).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        expected = _pillow_over_white(image)
    assert np.abs(_pixels(tmp_path / "a.png").astype(int) - expected).max() <= 1


def test_a_16_bit_grey_png_keeps_its_high_byte(tmp_path):
    Image.fromarray(IMAGE[..., 0].astype(np.uint16) * 256 + 200).save(tmp_path / "a.png")
    np.testing.assert_array_equal(_pixels(tmp_path / "a.png"), np.repeat(IMAGE[..., :1], 3, axis=-1))


def test_a_cmyk_jpeg_is_light_without_its_inks(tmp_path):
    inks = np.full((32, 48, 4), (51, 102, 204, 51), np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", quality=100)
    expected = (255 - inks[0, 0, :3].astype(float)) * (255 - 51) / 255
    assert np.abs(_pixels(tmp_path / "a.jpg") - expected).max() <= 2


def test_a_size_that_no_file_of_this_length_can_hold_is_refused(tmp_path):
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = (30_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png is damaged or cut short: it claims 30,000 x 30,000 px"):
        open_slide(tmp_path / "a.png")


def test_a_camera_orientation_is_not_applied_but_said(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(IMAGE).save(tmp_path / "a.jpg", exif=exif, quality=95)
    with open_slide(tmp_path / "a.jpg") as slide:
        assert (slide.levels[0].height_px, slide.levels[0].width_px) == (90, 140)
        assert "orientation tag (6) is not applied" in slide.warnings[0]


def test_a_jpeg_density_is_no_mpp(tmp_path):
    Image.fromarray(IMAGE).save(tmp_path / "a.jpg", dpi=(25_400, 25_400))
    with open_slide(tmp_path / "a.jpg") as slide:
        assert slide.mpp is None


def test_a_flat_tiff_brings_its_mpp_and_its_warnings(tmp_path):
    options = {"photometric": "rgb", "metadata": None, "resolutionunit": "INCH"}
    tifffile.imwrite(tmp_path / "a.tif", IMAGE, resolution=(50_800, 50_800), **options)
    tifffile.imwrite(tmp_path / "b.tif", IMAGE, resolution=(72, 72), **options)
    with open_slide(tmp_path / "a.tif") as first, open_slide(tmp_path / "b.tif") as second:
        assert first.mpp == pytest.approx(0.5)
        assert first.warnings == ()
        assert second.mpp is None
        assert "no microscope slide" in second.warnings[0]


def test_too_many_pixels_are_refused_with_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(flat, "MAX_PIXELS", 1000)
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"140 x 90 px, more than the 1,000 .* tiled pyramidal TIFF"):
        open_slide(tmp_path / "a.png")


def test_a_large_tiff_of_one_tiled_level_gets_a_pyramid(tmp_path, monkeypatch):
    monkeypatch.setattr(tiled_tiff, "MAX_SINGLE_LEVEL_PX", 2000)
    image = np.random.default_rng(3).integers(0, 256, (1100, 2100, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", image, tile=(256, 256), photometric="rgb", metadata=None)
    with open_slide(tmp_path / "a.tif") as slide:
        assert [(level.height_px, level.width_px) for level in slide.levels] == [(1100, 2100), (550, 1050), (275, 525)]
        np.testing.assert_array_equal(slide.read(Region(0, 0, 0, 1100, 2100)), image)


def test_a_full_cache_disk_is_one_sentence_and_leaves_no_rest(tmp_path, small_disk, monkeypatch):
    monkeypatch.setenv("GENEGLASS_CACHE", str(small_disk))
    noise = np.random.default_rng(3).integers(0, 256, (1100, 1300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="the disk is full"):
        open_slide(tmp_path / "a.png")
    assert list((small_disk / "pyramids").iterdir()) == []


def test_a_picture_cut_short_leaves_nothing_in_the_cache(tmp_path):
    Image.fromarray(IMAGE).save(tmp_path / "a.jpg", quality=95)
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="cut short"):
        open_slide(tmp_path / "a.jpg")
    assert list(cache_folder("pyramids").iterdir()) == []


# ru_maxrss would begin with the peak of this process, which the child inherits.
_OPEN = """
import sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from geneglass.data.slide_formats import open_slide
def peak_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
before = peak_kib()
slide = open_slide(Path(sys.argv[1]))
print(slide.levels[0].width_px, slide.levels[0].height_px, (peak_kib() - before) // 1024)
"""


def _opened_alone(path):
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    done = subprocess.run([sys.executable, "-c", _OPEN, path], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return tuple(int(number) for number in done.stdout.split())


def test_a_picture_of_180_megapixels_opens_without_a_warning_and_without_a_float_copy(tmp_path):
    """Pillow warns above 89 and refuses above 179 megapixels; a float32 copy would take 2.2 GB."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (15_000, 12_100), (200, 150, 180)).save(path)
    width, height, megabytes = _opened_alone(path)
    assert (width, height) == (15_000, 12_100)
    assert megabytes < 180 * 4 + 400, "Pillow's own 4 bytes a pixel, and bands"


def test_a_real_jpeg_of_92_megapixels(shared_data):
    path = next((shared_data / "her2st" / "data" / "ST-imgs" / "C" / "C5").glob("*.jpg"))
    width, height, megabytes = _opened_alone(path)
    assert (width, height) == (9272, 9901)
    assert megabytes < 92 * 4 + 400


@pytest.mark.parametrize("bits", [12, 16])
def test_a_png_of_sixteen_bits_of_which_twelve_are_used_is_told(tmp_path, bits):
    Image.fromarray(IMAGE[..., 0].astype(np.uint16) << (bits - 8)).save(tmp_path / "a.png")
    with open_slide(tmp_path / "a.png") as slide:
        assert [text.startswith("It looks almost black") for text in slide.warnings] == [True] * (bits == 12)
