"""The scanners' own kinds of TIFF, as tifffile tells them apart: slide, scale, and nothing of the label.

No real one of Hamamatsu, Leica, Ventana or Philips was at hand: tifffile writes these, Hamamatsu's layout excepted.
"""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, open_slide
from geneglass.data.types import Region
from geneglass.errors import InputError

Y, X = np.mgrid[:512, :768]
PICTURE = np.stack([40 + Y // 4, 30 + X // 4, 160 + 40 * np.sin(X / 60) * np.cos(Y / 50)], axis=-1).astype(np.uint8)
LABEL_COLOUR = (255, 0, 255)
LABEL = np.full((600, 900, 3), LABEL_COLOUR, np.uint8)
"""Larger than the slide, in a colour that no tissue has."""

TILED = {"tile": (128, 128), "photometric": "rgb", "compression": "deflate", "metadata": None}
STRIPS = {"photometric": "rgb", "compression": "deflate", "metadata": None}


def _halved(times):
    return np.asarray(Image.fromarray(PICTURE).reduce(2**times))


def _all(slide, level=0):
    size = slide.levels[level]
    return slide.read(Region(level, 0, 0, size.height_px, size.width_px))


def _is_the_slide(slide, format_name, path, error=0.01):
    """Every level shows the picture, and `open_slide` comes to the same by the format's own name."""
    for index, level in enumerate(slide.levels):
        assert level.downsample == 2**index
        expected = _halved(index)
        read = _all(slide, index)[: expected.shape[0], : expected.shape[1]]
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
            np.testing.assert_array_equal(_all(slide, index), np.asarray(picture))


def _svs(path, label=STRIPS, description="Aperio Image Library v11.2.1\nlabel 900x600"):
    with tifffile.TiffWriter(path) as writer:
        writer.write(PICTURE, description="Aperio Image Library v11\r\n768x512|AppMag = 20|MPP = 0.4990", **TILED)
        writer.write(_halved(3), description="Aperio Image Library v11\r\n768x512 -> 96x64", **STRIPS)
        for times in (1, 2):
            writer.write(_halved(times), description="Aperio Image Library v11\r\n768x512", **TILED)
        writer.write(LABEL, description=description, subfiletype=1, **label)
        writer.write(LABEL[:200], description="Aperio Image Library v11.2.1\nmacro 900x200", subfiletype=9, **label)
    return path


@pytest.mark.parametrize("label", [STRIPS, TILED], ids=["strips", "tiled"])
@pytest.mark.parametrize("description", ["Aperio Image Library v11.2.1\nlabel 900x600", "Aperio Image Library"])
def test_an_aperio_label_larger_than_the_slide_is_never_shown(tmp_path, label, description):
    path = _svs(tmp_path / "a.svs", label, description)
    with open_slide(path) as slide:
        assert len(slide.levels) == 3
        assert slide.mpp == pytest.approx(0.499)
        _is_the_slide(slide, "svs", path)
        assert slide.associated_names == ("thumbnail", "label", "macro")


def test_a_label_is_read_when_it_is_asked_for_by_name(tmp_path):
    with open_slide(_svs(tmp_path / "a.svs")) as slide:
        np.testing.assert_array_equal(slide.read_associated("label"), LABEL)
        np.testing.assert_array_equal(slide.read_associated("thumbnail"), _halved(3))
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
        np.testing.assert_array_equal(_all(slide), PICTURE)
    (cached,) = cache_folder("pyramids").iterdir()
    with tifffile.TiffFile(cached) as tif:
        for level in tif.series[0].levels:
            assert not (level.asarray() == LABEL_COLOUR).all(axis=-1).any()


def test_an_ome_label_with_levels_of_its_own_is_not_the_slide(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        for name, image, small in (("label image", LABEL, LABEL[::2, ::2]), ("", PICTURE, _halved(1))):
            writer.write(image, subifds=1, **{**TILED, "metadata": {"axes": "YXS", "Name": name}})
            writer.write(small, subfiletype=1, **TILED)
    with open_slide(tmp_path / "a.ome.tif") as slide:
        _is_the_slide(slide, "tiff", tmp_path / "a.ome.tif")
        assert slide.associated_names == ("label",)


def _scn(path, channels="0", view_yx=(128_000, 192_000)):
    """Leica: the macro covers the whole collection; widths in nanometres."""

    def image(view, pixels, ifds, offset):
        dimensions = "".join(
            f'<dimension sizeX="{s[1]}" sizeY="{s[0]}" r="{r}" c="{c}" ifd="{i}"/>' for r, c, i, s in ifds
        )
        return (
            f'<image name="image"><creationDate>2011</creationDate><pixels sizeX="{pixels[1]}" sizeY="{pixels[0]}">'
            f'{dimensions}</pixels><view sizeX="{view[1]}" sizeY="{view[0]}" offsetX="{offset}" offsetY="{offset}"/>'
            "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings><illuminationSettings>"
            "<illuminationSource>brightfield</illuminationSource></illuminationSettings></scanSettings></image>"
        )

    levels = [(r, channels if r else "0", 2 + r, _halved(r).shape) for r in range(3)]
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"><collection '
        'sizeX="26564529" sizeY="76734596">'
        + image((76734596, 26564529), LABEL.shape, [(0, "0", 0, LABEL.shape), (1, "0", 1, LABEL[::2, ::2].shape)], 0)
        + image(view_yx, PICTURE.shape, levels, 9000)
        + "</collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(LABEL, description=xml, **TILED)
        writer.write(LABEL[::2, ::2].copy(), **TILED)
        for times in range(3):
            writer.write(_halved(times), **TILED)
    return path


def test_leica(tmp_path):
    with open_slide(_scn(tmp_path / "a.scn")) as slide:
        assert len(slide.levels) == 3
        _is_the_slide(slide, "scn", tmp_path / "a.scn")
        assert slide.mpp == pytest.approx(0.25)
        assert slide.associated_names == ("macro",)
        _openslide_agrees(slide)


def test_what_leica_states_is_checked(tmp_path):
    with open_slide(_scn(tmp_path / "a.scn", view_yx=(256_000, 192_000))) as slide:
        assert slide.mpp is None
        assert slide.warnings == ("Its pixels are 0.25 um wide and 0.5 um high; neither is believed.",)


def test_leica_fluorescence_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no picture of the tissue"):
        open_slide(_scn(tmp_path / "a.scn", channels="1"))


def _philips(path, spacing_mm=(0.00025, 0.00025)):
    """Philips: levels are padded to whole tiles, and their pixel spacings are in mm, rows first."""
    spacings = "".join(
        '<DataObject ObjectType="PixelDataRepresentation"><Attribute Name="DICOM_PIXEL_SPACING" PMSVR="IDoubleArray">'
        f"&quot;{spacing_mm[0] * 2**times}&quot; &quot;{spacing_mm[1] * 2**times}&quot;</Attribute></DataObject>"
        for times in range(4)
    )
    xml = f'<?xml version="1.0"?><DataObject ObjectType="DPUfsImport"><Array>{spacings}</Array></DataObject>'
    with tifffile.TiffWriter(path) as writer:
        for times in range(4):
            image = _halved(times)
            padding = [(0, -size % 128) for size in image.shape[:2]]
            image = np.pad(image, [*padding, (0, 0)], constant_values=255)
            options = {"description": xml, "software": "Philips DP v1.0"} if not times else {}
            writer.write(image, subfiletype=0, **options, **TILED)
        writer.write(LABEL, description="Label", **STRIPS)
        writer.write(LABEL[:200], description="Macro -offset=(0,0)", **STRIPS)
    return path


def test_philips(tmp_path):
    with open_slide(_philips(tmp_path / "a.tiff")) as slide:
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
    with open_slide(_philips(tmp_path / "a.tiff", spacing_mm)) as slide:
        assert slide.mpp is None
        assert slide.warnings == (doubt,)
        assert [level.downsample for level in slide.levels] == [1, 2, 4, 8]


def _bif(path, overlap, mpp=0.465):
    scan = f'<Metadata><iScan Magnification="20" ScanRes="{mpp}"/></Metadata>'.encode()
    joints = f'<EncodeInfo><TileJointInfo Tile1="1" Tile2="2" OverlapX="{overlap}" OverlapY="0"/></EncodeInfo>'.encode()
    if overlap is None:
        joints = b"<EncodeInfo/>"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        xmp = [(700, 1, len(scan), scan, True)]
        writer.write(LABEL, description="Label_Image", software="ScanOutputManager 1.1", extratags=xmp, **STRIPS)
        writer.write(LABEL[:200], description="Thumbnail", **STRIPS)
        for times in range(3):
            extra = {"extratags": [(700, 1, len(joints), joints, True)]} if not times else {}
            writer.write(
                _halved(times), description=f"level={times} mag={20 / 2**times:g} quality=95", **extra, **TILED
            )
    return path


def test_ventana_without_overlap(tmp_path):
    with open_slide(_bif(tmp_path / "a.bif", 0)) as slide:
        assert len(slide.levels) == 3
        _is_the_slide(slide, "bif", tmp_path / "a.bif")
        assert slide.mpp == pytest.approx(0.465)
        assert set(slide.associated_names) == {"label", "thumbnail"}


def test_what_ventana_states_is_checked(tmp_path):
    with open_slide(_bif(tmp_path / "a.bif", 0, mpp=46.5)) as slide:
        assert slide.mpp is None
        assert "The Ventana header means 46.5 um per pixel" in slide.warnings[0]


@pytest.mark.parametrize(("overlap", "how"), [(12, "overlap;"), (None, "overlap by amounts it does not state;")])
def test_ventana_with_overlapping_tiles_is_refused_with_a_way_out(tmp_path, overlap, how):
    path = _bif(tmp_path / "a.bif", overlap)
    with pytest.raises(
        InputError, match=rf"a\.bif .*Ventana BIF whose tiles {how}.*geneglass\[openslide\].*export"
    ) as caught:
        SLIDE_FORMATS["bif"].open(path)
    assert str(caught.value).count(". ") == 0, "one sentence"


def _restarts(image, blocks):
    """Return a JPEG that restarts after every so many blocks, and where each part begins."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=95, subsampling=0, restart_marker_blocks=blocks)
    data = out.getvalue()
    scan = data.index(b"\xff\xda")
    starts = [scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")]
    at = starts[0]
    while (at := data.find(b"\xff", at)) >= 0:
        if 0xD0 <= data[at + 1] <= 0xD7:
            starts.append(at + 2)
        at += 2
    return data, starts


def _ndpi_page(file, image, lens, restarts):
    height, width = image.shape[:2]
    data, starts = _restarts(image, width // 4 // 8 if restarts else 0)
    at = file.tell()
    file.write(data)
    # (code, type, values): 3 short, 4 long, 5 rational, 11 float, 2 text
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [8, 8, 8]), (259, 3, [7]), (262, 3, [6]),
        (271, 2, b"Hamamatsu\0"), (273, 4, [at]), (277, 3, [3]), (278, 4, [height]), (279, 4, [len(data)]),
        (282, 5, [22_727, 1]), (283, 5, [22_727, 1]), (296, 3, [3]), (530, 3, [1, 1]), (65420, 4, [1]),
        (65421, 11, [lens]), (65424, 9, [0]), *([(65426, 4, starts)] if restarts else []),
    ]  # fmt: skip
    packed = []
    for code, kind, values in entries:
        letters = {2: None, 3: "H", 4: "I", 5: "I", 9: "i", 11: "f"}[kind]
        value = values if letters is None else struct.pack(f"<{len(values)}{letters}", *values)
        count = len(values) // 2 if kind == 5 else len(values)
        if len(value) > 4:
            place = file.tell()
            file.write(value)
            value = struct.pack("<I", place)
        packed.append(struct.pack("<HHI", code, kind, count) + value.ljust(4, b"\0"))
    directory = file.tell()
    file.write(struct.pack("<H", len(packed)) + b"".join(packed))
    following = file.tell()
    # Hamamatsu's layout: the next directory as 64 bits, then the high halves of every value.
    file.write(bytes(8) + bytes(4 * len(packed)))
    return directory, following


def _ndpi(path):
    with path.open("wb") as file:
        file.write(b"II*\0" + bytes(8))
        following = 4
        pages = [(_halved(0), 20.0, True), (_halved(1), 10.0, True), (_halved(2), 5.0, False)]
        for image, lens, restarts in [*pages, (LABEL[:200], -1.0, False), (LABEL, -2.0, False)]:
            directory, after = _ndpi_page(file, image, lens, restarts)
            end = file.tell()
            file.seek(following)
            file.write(struct.pack("<Q", directory))
            file.seek(end)
            following = after
    return path


@pytest.mark.parametrize("name", ["a.ndpi", "renamed.tif"])
def test_hamamatsu(tmp_path, name):
    with open_slide(_ndpi(tmp_path / name)) as slide:
        assert [(level.height_px, level.width_px) for level in slide.levels] == [(512, 768), (256, 384), (128, 192)]
        assert slide.tile_yx == (8, 192), "the parts between two restart marks"
        _is_the_slide(slide, "ndpi", tmp_path / name, error=1.5)
        assert slide.mpp == pytest.approx(0.44, abs=0.0001)
        assert slide.associated_names == ("macro", "map")
        _openslide_agrees(slide)


def test_another_tiff_under_hamamatsus_name_opens(tmp_path):
    _svs(tmp_path / "a.ndpi")
    with open_slide(tmp_path / "a.ndpi") as slide:
        _is_the_slide(slide, "svs", tmp_path / "a.ndpi")
