"""The scanners' own kinds of TIFF: a picture of tissue, its reductions, and a label that is larger than it.

tifffile writes them, Hamamatsu's layout excepted.
"""

import io
import struct

import numpy as np
import tifffile
from PIL import Image

Y, X = np.mgrid[:512, :768]
PICTURE = np.stack([40 + Y // 4, 30 + X // 4, 160 + 40 * np.sin(X / 60) * np.cos(Y / 50)], axis=-1).astype(np.uint8)
LABEL_COLOUR = (255, 0, 255)
LABEL = np.full((600, 900, 3), LABEL_COLOUR, np.uint8)
"""Larger than the slide, in a colour that no tissue has."""

TILED = {"tile": (128, 128), "photometric": "rgb", "compression": "deflate", "metadata": None}
STRIPS = {"photometric": "rgb", "compression": "deflate", "metadata": None}


def reduced(times):
    """Return the picture at 1, 1/2, 1/4 of its size, for 0, 1, 2 times."""
    return np.asarray(Image.fromarray(PICTURE).reduce(2**times))


def write_svs(path, label=STRIPS, description="Aperio Image Library v11.2.1\nlabel 900x600"):
    """Aperio: slide, thumbnail, two reductions, label and macro picture."""
    with tifffile.TiffWriter(path) as writer:
        writer.write(PICTURE, description="Aperio Image Library v11\r\n768x512|AppMag = 20|MPP = 0.4990", **TILED)
        writer.write(reduced(3), description="Aperio Image Library v11\r\n768x512 -> 96x64", **STRIPS)
        for times in (1, 2):
            writer.write(reduced(times), description="Aperio Image Library v11\r\n768x512", **TILED)
        writer.write(LABEL, description=description, subfiletype=1, **label)
        writer.write(LABEL[:200], description="Aperio Image Library v11.2.1\nmacro 900x200", subfiletype=9, **label)
    return path


def write_scn(path, channels="0", view_yx=(128_000, 192_000)):
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

    levels = [(r, channels if r else "0", 2 + r, reduced(r).shape) for r in range(3)]
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
            writer.write(reduced(times), **TILED)
    return path


def write_philips(path, spacing_mm=(0.00025, 0.00025)):
    """Philips: levels are padded to whole tiles, and their pixel spacings are in mm, rows first."""
    spacings = "".join(
        '<DataObject ObjectType="PixelDataRepresentation"><Attribute Name="DICOM_PIXEL_SPACING" PMSVR="IDoubleArray">'
        f"&quot;{spacing_mm[0] * 2**times}&quot; &quot;{spacing_mm[1] * 2**times}&quot;</Attribute></DataObject>"
        for times in range(4)
    )
    xml = f'<?xml version="1.0"?><DataObject ObjectType="DPUfsImport"><Array>{spacings}</Array></DataObject>'
    with tifffile.TiffWriter(path) as writer:
        for times in range(4):
            image = reduced(times)
            padding = [(0, -size % 128) for size in image.shape[:2]]
            image = np.pad(image, [*padding, (0, 0)], constant_values=255)
            options = {"description": xml, "software": "Philips DP v1.0"} if not times else {}
            writer.write(image, subfiletype=0, **options, **TILED)
        writer.write(LABEL, description="Label", **STRIPS)
        writer.write(LABEL[:200], description="Macro -offset=(0,0)", **STRIPS)
    return path


def write_bif(path, overlap, mpp=0.465):
    """Ventana: the label first; tiles that overlap by so many pixels, or by None, which is not stated."""
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
                reduced(times), description=f"level={times} mag={20 / 2**times:g} quality=95", **extra, **TILED
            )
    return path


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


def write_ndpi(path):
    """Hamamatsu: strips with restart marks, offsets of 64 bits, and macro and map by a negative lens."""
    with path.open("wb") as file:
        file.write(b"II*\0" + bytes(8))
        following = 4
        pages = [(reduced(0), 20.0, True), (reduced(1), 10.0, True), (reduced(2), 5.0, False)]
        for image, lens, restarts in [*pages, (LABEL[:200], -1.0, False), (LABEL, -2.0, False)]:
            directory, after = _ndpi_page(file, image, lens, restarts)
            end = file.tell()
            file.seek(following)
            file.write(struct.pack("<Q", directory))
            file.seek(end)
            following = after
    return path
