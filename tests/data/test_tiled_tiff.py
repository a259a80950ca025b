"""Tiled TIFFs of every kind give the pixels that were written."""

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from geneglass.data.slide_formats import open_slide
from geneglass.data.tile_cache import TILES
from geneglass.data.tiled_slide import TiledSlide
from geneglass.data.tiled_tiff import TiledTiffSlide
from geneglass.data.types import Region
from geneglass.errors import InputError
from slide_pixels import whole
from tiled_tiff_file import IMAGE, write_tiled


@pytest.mark.parametrize("compression", [None, "deflate", "lzw", "zstd", "packbits", "jpeg2000"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_lossless_compressions_give_the_pixels(tmp_path, compression, planar):
    image = np.moveaxis(IMAGE, -1, 0) if planar == "separate" else IMAGE
    path = write_tiled(tmp_path / "a.tif", image, compression=compression, planarconfig=planar)
    with TiledTiffSlide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)
        np.testing.assert_array_equal(slide.read(Region(0, 60, 40, 70, 200)), IMAGE[60:130, 40:240])


def test_big_endian_bigtiff_with_a_predictor(tmp_path):
    path = write_tiled(tmp_path / "a.btf", bigtiff=True, byteorder=">", compression="deflate", predictor=True)
    with open_slide(path) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)


def test_jpeg_tiles_are_close(tmp_path):
    with TiledTiffSlide(write_tiled(tmp_path / "a.tif", compression="jpeg", compressionargs={"level": 95})) as slide:
        assert np.abs(whole(slide).astype(int) - IMAGE).mean() < 8


def test_ycbcr_jpeg2000_of_aperio_is_turned_to_rgb(tmp_path):
    stored = np.asarray(Image.fromarray(IMAGE).convert("YCbCr"))
    path = write_tiled(
        tmp_path / "a.svs", stored, compression=33003, compressionargs={"codecformat": "j2k", "mct": False}
    )
    with TiledTiffSlide(path) as slide:
        assert np.abs(whole(slide).astype(int) - IMAGE).max() <= 4, "two roundings of the conversion"


@pytest.mark.parametrize(("photometric", "expected"), [("minisblack", 200), ("miniswhite", 55)])
def test_grey_becomes_rgb(tmp_path, photometric, expected):
    path = write_tiled(tmp_path / "a.tif", np.full((50, 70), 200, dtype=np.uint8), photometric=photometric)
    with TiledTiffSlide(path) as slide:
        assert whole(slide).shape == (50, 70, 3)
        assert (whole(slide) == expected).all()


def test_sixteen_bits_keep_their_high_byte(tmp_path):
    with TiledTiffSlide(write_tiled(tmp_path / "a.tif", IMAGE.astype(np.uint16) * 256 + 255)) as slide:
        np.testing.assert_array_equal(whole(slide), IMAGE)


def test_alpha_is_laid_over_white(tmp_path):
    image = np.full((40, 60, 4), 100, dtype=np.uint8)
    image[..., 3] = np.linspace(0, 255, 60).round()
    path = write_tiled(tmp_path / "a.tif", image, extrasamples=["unassalpha"])
    with TiledTiffSlide(path) as slide:
        opacity = image[..., 3:].astype(float) / 255
        assert np.abs(whole(slide) - (100 * opacity + 255 * (1 - opacity))).max() < 1


def test_alpha_that_is_multiplied_in_is_only_filled_up(tmp_path):
    image = np.full((40, 60, 4), 60, dtype=np.uint8)
    image[..., 3] = 128
    with TiledTiffSlide(write_tiled(tmp_path / "a.tif", image, extrasamples=["assocalpha"])) as slide:
        assert (whole(slide) == 60 + 127).all()


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.zeros((50, 70, 3), np.uint8), {"photometric": "cielab"}, "CIELAB"),
        (np.zeros((50, 70, 4), np.uint8), {"photometric": "separated", "extratags": [(332, "H", 1, 2, True)]}, "inks"),
        (np.zeros((50, 70, 3), np.uint8), {"photometric": "minisblack", "planarconfig": "contig"}, "3 separate chann"),
        (np.zeros((50, 70, 3), np.float32), {}, "float32"),
        (np.zeros((50, 70), np.uint32), {"photometric": "minisblack"}, "32-bit uint32"),
        (np.zeros((50, 70, 3), np.uint8), {"compression": "jpegxr"}, "JPEGXR"),
        (np.zeros((3, 50, 70), np.uint8), {"photometric": "minisblack"}, "no plain colour picture but"),
    ],
)
def test_what_is_no_rgb_picture_is_refused_by_name(tmp_path, image, options, message):
    path = write_tiled(tmp_path / "a.tif", image, **options)
    with pytest.raises(InputError, match=rf"a\.tif cannot be opened as a slide: .*{message}.*; export it"):
        TiledTiffSlide(path)


def test_tiles_that_the_file_leaves_out_are_white(tmp_path):
    path = write_tiled(tmp_path / "a.tif", np.zeros((64, 96, 3), np.uint8))
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tif.pages[0].tags[325].overwrite([64 * 48 * 3, 0])
    with TiledTiffSlide(path) as slide:
        assert (whole(slide)[:, :48] == 0).all()
        assert (whole(slide)[:, 48:] == 255).all()


def _pyramid_of_pages(path: Path, *, marked: bool) -> Path:
    """A scanner's file: slide, thumbnail in strips, two reductions, a label and a macro picture."""
    with tifffile.TiffWriter(path) as writer:
        tile = {"tile": (64, 48), "photometric": "rgb"}
        writer.write(IMAGE, **tile)
        writer.write(IMAGE[::5, ::5].copy(), photometric="rgb")
        writer.write(IMAGE[:204:2, ::2].copy(), subfiletype=int(marked), **tile)
        writer.write(IMAGE[:204:4, :308:4].copy(), subfiletype=int(marked), **tile)
        writer.write(IMAGE[:90, :100].copy(), **tile)
        writer.write(IMAGE[:50, :200].copy(), photometric="rgb", subfiletype=9)
    return path


@pytest.mark.parametrize("marked", [True, False])
def test_pages_of_the_same_aspect_are_levels_and_nothing_else_is(tmp_path, marked):
    with TiledTiffSlide(_pyramid_of_pages(tmp_path / "a.tif", marked=marked)) as slide:
        sizes = [(level.height_px, level.width_px, level.downsample) for level in slide.levels]
        assert sizes == [(205, 310, 1.0), (102, 155, 2.0), (51, 77, 4.0)]
        np.testing.assert_array_equal(whole(slide, 1), IMAGE[:204:2, ::2])


def test_both_kinds_of_tiled_slides_share_one_pool_of_threads():
    assert TiledTiffSlide._read is TiledSlide._read


def test_a_damaged_tile_is_one_sentence_and_the_rest_reads(tmp_path):
    path = write_tiled(tmp_path / "a.tif", compression="zstd")
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[0].dataoffsets[-1]
    content = bytearray(path.read_bytes())
    content[offset : offset + 20] = bytes(20)
    path.write_bytes(content)
    with TiledTiffSlide(path) as slide:
        np.testing.assert_array_equal(slide.read(Region(0, 0, 0, 60, 60)), IMAGE[:60, :60])
        with pytest.raises(InputError, match=r"a\.tif is damaged: its tile number 27"):
            whole(slide)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_file_cut_short_is_refused_when_opened(tmp_path, share):
    content = write_tiled(tmp_path / "a.tif", compression="deflate").read_bytes()
    (tmp_path / "b.tif").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"b\.tif is (damaged or )?cut short: .*copy it again"):
        TiledTiffSlide(tmp_path / "b.tif")


def test_several_threads_read_the_same_slide(tmp_path):
    wrong = []
    with TiledTiffSlide(write_tiled(tmp_path / "a.tif", compression="deflate")) as slide:

        def read(seed):
            rng = np.random.default_rng(seed)
            for _ in range(50):
                y, x = int(rng.integers(0, 140)), int(rng.integers(0, 240))
                if (slide.read(Region(0, y, x, 65, 70)) != IMAGE[y : y + 65, x : x + 70]).any():
                    wrong.append((y, x))

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_closed_slide_gives_back_its_memory_and_cannot_be_read(tmp_path):
    path, before = write_tiled(tmp_path / "a.tif"), TILES.held_bytes
    slide = TiledTiffSlide(path)
    whole(slide)
    assert TILES.held_bytes == before + IMAGE.nbytes
    slide.close()
    slide.close()
    assert TILES.held_bytes == before
    with pytest.raises(ValueError, match="closed"):
        slide.read(Region(0, 0, 0, 5, 5))


def test_a_forgotten_slide_closes_itself(tmp_path):
    before = TILES.held_bytes
    slide = TiledTiffSlide(write_tiled(tmp_path / "a.tif"))
    del slide
    gc.collect()
    assert TILES.held_bytes == before


def test_the_hash_is_of_the_content(tmp_path):
    first, second = write_tiled(tmp_path / "a.tif"), tmp_path / "b.tif"
    second.write_bytes(first.read_bytes())
    other = write_tiled(tmp_path / "c.tif", 255 - IMAGE)
    digests = []
    for path in (first, second, other):
        with TiledTiffSlide(path) as slide:
            digests.append(slide.content_hash())
    assert digests[0] == digests[1] != digests[2]


def test_a_set_of_files_is_refused(tmp_path):
    """An OME-TIFF may name another file that holds its pixels."""
    first = write_tiled(
        tmp_path / "a.ome.tif", metadata={"axes": "YXS", "UUID": "11111111-1111-1111-1111-111111111111"}
    )
    write_tiled(tmp_path / "b.ome.tif", metadata={"axes": "YXS", "UUID": "22222222-2222-2222-2222-222222222222"})
    with tifffile.TiffFile(first, mode="r+b") as tif:
        xml = tif.ome_metadata.replace(
            'IFD="0" PlaneCount="1"/>',
            'IFD="0" PlaneCount="1"><UUID FileName="b.ome.tif">urn:uuid:22222222-2222-2222-2222-222222222222</UUID>'
            "</TiffData>",
        )
        assert "b.ome.tif" in xml
        tif.pages[0].tags[270].overwrite(xml)
    with pytest.raises(InputError, match="its pixels lie in another file"):
        open_slide(first)


def test_a_real_svs(shared_data):
    with open_slide(shared_data / "slides" / "CMU-1-Small-Region.svs") as slide:
        assert [(level.height_px, level.width_px) for level in slide.levels] == [(2967, 2220)]
        assert slide.mpp == pytest.approx(0.499)
        assert 120 < whole(slide).mean() < 240


def test_a_real_pyramid_with_a_bogus_resolution(shared_data):
    with open_slide(shared_data / "slides" / "boxes.tiff") as slide:
        assert [level.downsample for level in slide.levels] == [1, 2, 4, 8]
        assert slide.mpp is None


def test_a_real_zstd_pyramid(shared_data):
    with open_slide(shared_data / "slides" / "odd" / "largeimage_yb10kx5k.zstd.tiff") as slide:
        assert (slide.levels[0].height_px, slide.levels[0].width_px) == (5000, 10000)
        coarse = slide.read(Region(2, 100, 200, 64, 64)).astype(int)
        fine = slide.read(Region(0, 400, 800, 256, 256)).reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
        assert np.abs(coarse - fine).mean() < 3


def test_a_real_file_of_unknown_compression_is_refused(shared_data):
    with pytest.raises(InputError, match="compressed as 52479, which is not read here"):
        open_slide(shared_data / "slides" / "unopenable.tiff")
