"""Every slide format reads the same picture the same way, and says in one sentence why it cannot."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from dicom_file import write_dicom
from geneglass.data.pyramid import write_pyramid
from geneglass.data.slide_formats import SLIDE_FORMATS, open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError
from zarr_stores import halved, write_ome_zarr, zipped

HEIGHT, WIDTH = 1201, 2050


def _picture():
    """Smooth colours with a fine grain, so that every place differs and JPEG stays close."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    colours = np.stack([60 + 120 * y / HEIGHT, 60 + 150 * x / WIDTH, 140 + 60 * np.sin(x / 90) * np.cos(y / 70)], -1)
    return (colours + np.random.default_rng(0).normal(0, 2, colours.shape)).clip(0, 255).astype(np.uint8)


PICTURE = _picture()


def _svs(path):
    with tifffile.TiffWriter(path) as writer:
        options = {"tile": (240, 240), "photometric": "rgb", "compression": "jpeg", "compressionargs": {"level": 95}}
        description = f"Aperio Image Library v1 \r\n{WIDTH}x{HEIGHT} (240x240) JPEG/RGB Q=95|AppMag = 20|MPP = 0.5"
        writer.write(PICTURE, description=description, metadata=None, **options)
        small = np.asarray(Image.fromarray(PICTURE).reduce(4))[: HEIGHT // 4, : WIDTH // 4]
        writer.write(small, description="Aperio Image Library v1", metadata=None, **options)


def _strips(path):
    tifffile.imwrite(path, PICTURE, rowsperstrip=7, compression="lzw", photometric="rgb", metadata=None)


def _one_tile_level(path):
    tifffile.imwrite(path, PICTURE, tile=(512, 256), compression="deflate", photometric="rgb", metadata=None)


def _dicom(path):
    write_dicom(path, PICTURE)
    write_dicom(path.with_name("level.dcm"), halved(PICTURE), mpp=1.0, number=2)


def _zarr_in_a_file(path):
    zipped(write_ome_zarr(path.parent / "a.zarr", PICTURE, zarr_format=3, version="0.5"), path)


FILES = {
    ("tiff", "a.ome.tif"): lambda path: write_pyramid(path, PICTURE, 0.5),
    ("svs", "a.svs"): _svs,
    ("tiff", "a.tiff"): _one_tile_level,
    ("flat", "a.jpg"): lambda path: Image.fromarray(PICTURE).save(path, quality=95),
    ("flat", "a.png"): lambda path: Image.fromarray(PICTURE).save(path, compress_level=1),
    ("flat", "a.tif"): _strips,
    ("dicom", "a.dcm"): _dicom,
    ("ome-zarr", "a.ome.zarr"): lambda path: write_ome_zarr(path, PICTURE),
    ("ome-zarr", "a.ome.zarr.zip"): _zarr_in_a_file,
}


@pytest.fixture(params=FILES, ids=lambda key: f"{key[0]}-{Path(key[1]).suffix[1:]}")
def slide_file(request, tmp_path):
    path = tmp_path / request.param[1]
    FILES[request.param](path)
    return path


@pytest.fixture
def slide(slide_file):
    with open_slide(slide_file) as slide:
        yield slide


def test_every_format_has_a_file_here():
    """A format of another file is added to `FILES`, or is stated to be untested."""
    here = {name for name, _ in FILES}
    assert {name for name, each in SLIDE_FORMATS.items() if each.tried_on_real_file} <= here <= set(SLIDE_FORMATS)


def test_endings_are_lower_case_with_a_dot():
    for each in SLIDE_FORMATS.values():
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in each.suffixes)


def test_levels_shrink_and_say_by_how_much(slide):
    assert (slide.levels[0].height_px, slide.levels[0].width_px) == (HEIGHT, WIDTH)
    assert slide.levels[0].downsample == 1
    for finer, coarser in zip(slide.levels, slide.levels[1:], strict=False):
        assert coarser.height_px < finer.height_px
        assert coarser.width_px < finer.width_px
        assert coarser.downsample > finer.downsample
    for level in slide.levels:
        assert level.height_px == pytest.approx(HEIGHT / level.downsample, abs=1)
        assert level.width_px == pytest.approx(WIDTH / level.downsample, abs=1)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (501, 1203), (1000, 1900), (255, 239)])
def test_pixels_are_in_their_place(slide, top, left):
    read = slide.read(Region(0, top, left, 130, 140)).astype(int)
    assert read.shape == (130, 140, 3)
    inside = PICTURE[top : top + 130, left : left + 140]
    assert np.abs(read[: inside.shape[0], : inside.shape[1]] - inside).mean() < 2.5


def test_a_coarser_level_is_the_mean_of_the_finest(slide):
    for index, level in enumerate(slide.levels[1:], start=1):
        factor = round(level.downsample)
        coarse = slide.read(Region(index, 40, 60, 50, 70)).astype(int)
        fine = slide.read(Region(0, 40 * factor, 60 * factor, 50 * factor, 70 * factor))
        assert np.abs(coarse - fine.reshape(50, factor, 70, factor, 3).mean(axis=(1, 3))).mean() < 2


def test_beyond_the_slide_is_white(slide):
    read = slide.read(Region(0, HEIGHT - 3, WIDTH - 2, 10, 10))
    assert (read[3:] == 255).all()
    assert (read[:, 2:] == 255).all()
    assert (read[:3, :2] < 255).any()


def test_the_path_is_what_the_user_named(slide, slide_file):
    assert slide.path == slide_file


def test_the_hash_stays_from_one_opening_to_the_next(slide, slide_file):
    with open_slide(slide_file) as again:
        assert again.content_hash() == slide.content_hash()
        np.testing.assert_array_equal(again.read(Region(0, 200, 300, 50, 60)), slide.read(Region(0, 200, 300, 50, 60)))


def test_threads_agree(slide):
    expected = slide.read(Region(0, 100, 100, 400, 700))
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(slide.read(Region(0, 100, 100, 400, 700)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all((result == expected).all() for result in results)


def test_a_closed_slide_is_not_read(slide):
    slide.close()
    with pytest.raises(ValueError, match="closed"):
        slide.read(Region(0, 700, 900, 300, 300))


def test_a_file_cut_short_is_one_sentence(slide_file):
    file = slide_file if slide_file.is_file() else slide_file / ".zattrs"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(InputError, match=rf"{slide_file.name} is (damaged or )?cut short.*copy it again") as caught:
        open_slide(slide_file)
    assert str(caught.value).count("copy it again") == 1


def test_a_wrong_ending_does_not_matter(slide_file):
    other = slide_file.with_name("wrong.png" if slide_file.suffix != ".png" else "wrong.svs")
    slide_file.rename(other)
    with open_slide(other) as slide:
        assert slide.levels[0].width_px == WIDTH


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.svs", b"Dear reader, this is no slide.", r"a\.svs is no slide: it holds text \('Dear reader"),
        ("a.tif", b"", r"a\.tif is empty \(0 bytes\); copy it again"),
        ("a.jpg", bytes(range(1, 40)), r"a\.jpg is no slide: it begins with the bytes 01 02"),
        ("a.tif", b"II*\0\x08\0\0\0", r"a\.tif is damaged or cut short"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(30), r"a\.png is damaged or cut short"),
        ("a.jpg", b"\xff\xd8\xff\xe0", r"a\.jpg is damaged or cut short"),
    ],
)
def test_what_is_no_slide_is_one_sentence(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_slide(tmp_path / name)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(InputError, match=r"b\.svs does not exist; check the path"):
        open_slide(tmp_path / "b.svs")
    with pytest.raises(InputError, match="is a folder; give the slide file in it"):
        open_slide(tmp_path)


_AS_NOBODY = """
import os, sys
from pathlib import Path
from geneglass.data.slide_formats import SLIDE_FORMATS, open_slide
from geneglass.errors import InputError
assert list(SLIDE_FORMATS)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    open_slide(Path(sys.argv[1]))
except InputError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_may_not_be_read_is_one_sentence():
    folder = Path(tempfile.mkdtemp(prefix="geneglass-"))
    try:
        folder.chmod(0o755)
        (folder / "a.svs").write_bytes(b"II*\0")
        (folder / "a.svs").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, folder / "a.svs"], check=False, capture_output=True, text=True
        )
        assert done.returncode == 1, done.stderr
        assert "a.svs cannot be read (Permission denied); check its permissions." in done.stdout
    finally:
        shutil.rmtree(folder)
