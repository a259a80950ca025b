"""The scanners' own kinds of TIFF, as tifffile tells them apart: slide, scale, and nothing of the label.

No real one of Hamamatsu, Leica, Ventana or Philips was at hand: tifffile writes these, Hamamatsu's layout excepted.
"""

import numpy as np
import pytest
import tifffile

from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, open_slide
from geneglass.errors import InputError
from slide_pixels import whole
from vendor_tiffs import (
    LABEL,
    LABEL_COLOUR,
    PICTURE,
    STRIPS,
    TILED,
    reduced,
    write_bif,
    write_ndpi,
    write_philips,
    write_scn,
    write_svs,
)


def _is_the_slide(slide, format_name, path, error=0.01):
    """Every level shows the picture, and `open_slide` comes to the same by the format's own name."""
    for index, level in enumerate(slide.levels):
        assert level.downsample == 2**index
        expected = reduced(index)
        read = whole(slide, index)[: expected.shape[0], : expected.shape[1]]
        assert np.abs(read.astype(int) - expected).mean() <= error
        assert not (read == LABEL_COLOUR).all(axis=-1).any()
    SLIDE_FORMATS[format_name].open(path).close()
    for other in {"tiff", "svs", "ndpi", "scn", "bif", "philips"} - {format_name}:
        with pytest.raises(NotThisFormatError):
            SLIDE_FORMATS[other].open(path)


def _openslide_agrees(slide):
    """A second reader knows the file for what it is and sees the same pixels in every level."""
    openslide = pytest.importorskip("openslide")
    with openslide.OpenSlide(str(slide.path)) as other:
        corner = tuple(int(other.properties.get(f"openslide.bounds-{axis}", 0)) for axis in "xy")
        for index, level in enumerate(slide.levels):
            picture = other.read_region(corner, index, (level.width_px, level.height_px)).convert("RGB")
            np.testing.assert_array_equal(whole(slide, index), np.asarray(picture))


@pytest.mark.parametrize("label", [STRIPS, TILED], ids=["strips", "tiled"])
@pytest.mark.parametrize("description", ["Aperio Image Library v11.2.1\nlabel 900x600", "Aperio Image Library"])
def test_an_aperio_label_larger_than_the_slide_is_never_shown(tmp_path, label, description):
    path = write_svs(tmp_path / "a.svs", label, description)
    with open_slide(path) as slide:
        assert len(slide.levels) == 3
        assert slide.mpp == pytest.approx(0.499)
        _is_the_slide(slide, "svs", path)
        assert slide.associated_names == ("thumbnail", "label", "macro")


def test_a_label_is_read_when_it_is_asked_for_by_name(tmp_path):
    with open_slide(write_svs(tmp_path / "a.svs")) as slide:
        np.testing.assert_array_equal(slide.read_associated("label"), LABEL)
        np.testing.assert_array_equal(slide.read_associated("thumbnail"), reduced(3))
        with pytest.raises(InputError, match=r"a\.svs has no picture 'map'; it has: thumbnail, label, macro"):
            slide.read_associated("map")


@pytest.mark.parametrize("options", [STRIPS, TILED], ids=["strips", "tiled"])
def test_nothing_of_a_label_comes_into_the_cache_of_a_flat_slide(tmp_path, monkeypatch, options):
    """A slide in strips, with a label that is larger than it."""
    from geneglass.data.cache import cache_folder

    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(LABEL, description="Label", **options)
        writer.write(PICTURE, **STRIPS)
    with open_slide(tmp_path / "a.tif") as slide:
        np.testing.assert_array_equal(whole(slide), PICTURE)
    (cached,) = cache_folder("pyramids").iterdir()
    with tifffile.TiffFile(cached) as tif:
        for level in tif.series[0].levels:
            assert not (level.asarray() == LABEL_COLOUR).all(axis=-1).any()


def test_an_ome_label_with_levels_of_its_own_is_not_the_slide(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        for name, image, small in (("label image", LABEL, LABEL[::2, ::2]), ("", PICTURE, reduced(1))):
            writer.write(image, subifds=1, **{**TILED, "metadata": {"axes": "YXS", "Name": name}})
            writer.write(small, subfiletype=1, **TILED)
    with open_slide(tmp_path / "a.ome.tif") as slide:
        _is_the_slide(slide, "tiff", tmp_path / "a.ome.tif")
        assert slide.associated_names == ("label",)


def test_leica(tmp_path):
    with open_slide(write_scn(tmp_path / "a.scn")) as slide:
        assert len(slide.levels) == 3
        _is_the_slide(slide, "scn", tmp_path / "a.scn")
        assert slide.mpp == pytest.approx(0.25)
        assert slide.associated_names == ("macro",)
        _openslide_agrees(slide)


def test_what_leica_states_is_checked(tmp_path):
    with open_slide(write_scn(tmp_path / "a.scn", view_yx=(256_000, 192_000))) as slide:
        assert slide.mpp is None
        assert slide.warnings == ("Its pixels are 0.25 um wide and 0.5 um high; neither is believed.",)


def test_leica_fluorescence_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no picture of the tissue"):
        open_slide(write_scn(tmp_path / "a.scn", channels="1"))


def test_philips(tmp_path):
    with open_slide(write_philips(tmp_path / "a.tiff")) as slide:
        assert [(level.height_px, level.width_px) for level in slide.levels[:2]] == [(512, 768), (256, 384)]
        assert len(slide.levels) == 4
        _is_the_slide(slide, "philips", tmp_path / "a.tiff")
        assert slide.mpp == pytest.approx(0.25)
        assert set(slide.associated_names) == {"label", "macro"}


@pytest.mark.parametrize(
    ("spacing_mm", "doubt"),
    [
        ((0.0005, 0.00025), "Its pixels are 0.25 um wide and 0.5 um high; neither is believed."),
        ((0.352, 0.352), "The Philips header means 352 um per pixel, which no microscope slide has; it is ignored."),
    ],
)
def test_what_philips_states_is_checked(tmp_path, spacing_mm, doubt):
    with open_slide(write_philips(tmp_path / "a.tiff", spacing_mm)) as slide:
        assert slide.mpp is None
        assert slide.warnings == (doubt,)
        assert [level.downsample for level in slide.levels] == [1, 2, 4, 8]


def test_ventana_without_overlap(tmp_path):
    with open_slide(write_bif(tmp_path / "a.bif", 0)) as slide:
        assert len(slide.levels) == 3
        _is_the_slide(slide, "bif", tmp_path / "a.bif")
        assert slide.mpp == pytest.approx(0.465)
        assert set(slide.associated_names) == {"label", "thumbnail"}


def test_what_ventana_states_is_checked(tmp_path):
    with open_slide(write_bif(tmp_path / "a.bif", 0, mpp=46.5)) as slide:
        assert slide.mpp is None
        assert "The Ventana header means 46.5 um per pixel" in slide.warnings[0]


@pytest.mark.parametrize(("overlap", "how"), [(12, "overlap;"), (None, "overlap by amounts it does not state;")])
def test_ventana_with_overlapping_tiles_is_refused_with_a_way_out(tmp_path, overlap, how):
    path = write_bif(tmp_path / "a.bif", overlap)
    with pytest.raises(
        InputError, match=rf"a\.bif .*Ventana BIF whose tiles {how}.*geneglass\[openslide\].*export"
    ) as caught:
        SLIDE_FORMATS["bif"].open(path)
    assert str(caught.value).count(". ") == 0, "one sentence"


@pytest.mark.parametrize("name", ["a.ndpi", "renamed.tif"])
def test_hamamatsu(tmp_path, name):
    with open_slide(write_ndpi(tmp_path / name)) as slide:
        assert [(level.height_px, level.width_px) for level in slide.levels] == [(512, 768), (256, 384), (128, 192)]
        assert slide.tile_yx == (8, 192), "the parts between two restart marks"
        _is_the_slide(slide, "ndpi", tmp_path / name, error=1.5)
        assert slide.mpp == pytest.approx(0.44, abs=0.0001)
        assert slide.associated_names == ("macro", "map")
        _openslide_agrees(slide)


def test_another_tiff_under_hamamatsus_name_opens(tmp_path):
    write_svs(tmp_path / "a.ndpi")
    with open_slide(tmp_path / "a.ndpi") as slide:
        _is_the_slide(slide, "svs", tmp_path / "a.ndpi")
