"""A small whole file or folder of each kind that geneglass reads: those of the contract tests, and real ones."""

import gzip
import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import tifffile

TESTS = Path(__file__).resolve().parents[1]
REAL = TESTS.parents[1] / "shared" / "data"


@dataclass(frozen=True)
class Sample:
    """How a sample is made: `make` writes it into a folder and returns what is opened, or None where it is not here."""

    kind: str
    make: Callable[[Path], Path | None]


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, TESTS / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sys.path.insert(0, str(TESTS / "writers"))
SLIDES = _load("contracts/test_slide_formats.py")
SPOTS = _load("contracts/test_spot_formats.py")
SCANNERS = _load("writers/vendor_tiffs.py")


def _slide(key: tuple[str, str]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / key[1]
        SLIDES.FILES[key](path)
        return path

    return make


def _scanned(name: str, write: Callable[[Path], Path]) -> Callable[[Path], Path]:
    return lambda folder: write(folder / name)


def _jpeg2000(path: Path) -> Path:
    options = {"photometric": "rgb", "tile": (240, 240), "compression": "aperio_jp2000_rgb", "metadata": None}
    with tifffile.TiffWriter(path) as writer:
        for picture in (SLIDES.PICTURE, SLIDES.PICTURE[::4, ::4]):
            writer.write(picture, description="Aperio Image Library v1 |MPP = 0.5", **options)
    return path


def _spots(name: str) -> Callable[[Path], Path]:
    return lambda folder: SPOTS.MAKERS[name](folder, SPOTS.counts(), SPOTS.GENES)


def _plain(name: str) -> Callable[[Path], Path]:
    """Unzip a text: damage to a zipped one ends in its checksum, before anything is parsed."""

    def make(folder: Path) -> Path:
        zipped = _spots(name)(folder)
        zipped.with_suffix("").write_bytes(gzip.decompress(zipped.read_bytes()))
        zipped.unlink()
        return zipped.with_suffix("")

    return make


def _labels(folder: Path) -> Path:
    _spots("legacy ST")(folder)
    lines = [f"{column}.02\t{row - 0.03}\ttumour" for row, column in SPOTS.SPOTS_YX]
    (folder / "labels.tsv").write_text("x\ty\tlabel\n" + "\n".join(lines) + "\n")
    return folder / "labels.tsv"


def _annotations(folder: Path) -> Path:
    from shapely import Point, Polygon

    from geneglass.data.annotation import Domain
    from geneglass.data.geojson import write_domains

    ring = Point(300, 250).buffer(80)
    holed = Polygon(ring.exterior.coords, [Point(300, 250).buffer(20).exterior.coords])
    domains = (Domain("tumour", holed, (200, 0, 0)), Domain("stroma", ring.envelope, (0, 120, 90)))
    write_domains(folder / "a.geojson", domains)
    return folder / "a.geojson"


def _cohort(folder: Path) -> Path:
    _spots("AnnData")(folder)
    lines = ["[[section]]", 'name = "S"', 'patient = "P"', 'spots = "s.h5ad"', "mpp = 0.5", "scale = 1.0"]
    (folder / "cohort.toml").write_text("\n".join(lines) + "\n")
    return folder / "cohort.toml"


def _real(relative: str) -> Callable[[Path], Path | None]:
    def make(folder: Path) -> Path | None:
        source = REAL / relative
        if not source.exists():
            return None
        target = folder / source.name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        return target

    return make


SAMPLES: dict[str, Sample] = {
    **{f"{key[0]}, {key[1]}": Sample("slide", _slide(key)) for key in SLIDES.FILES},
    "svs, JPEG 2000": Sample("slide", _scanned("a.svs", _jpeg2000)),
    "ndpi": Sample("slide", _scanned("a.ndpi", SCANNERS.write_ndpi)),
    "scn": Sample("slide", _scanned("a.scn", SCANNERS.write_scn)),
    "bif": Sample("slide", _scanned("a.bif", lambda path: SCANNERS.write_bif(path, 0))),
    "philips": Sample("slide", _scanned("a.tiff", SCANNERS.write_philips)),
    **{
        f"real {Path(relative).name}": Sample("slide", _real(relative))
        for relative in (
            "slides/small.svs",
            "slides/boxes.tiff",
            "slides/dicom",
            "slides/odd/largeimage_yb10kx5k.zstd.tiff",
            "slides/odd/libvips_sample.tif",
        )
    },
    **{name: Sample("spots", _spots(name)) for name in SPOTS.MAKERS},
    **{f"{name}, plain": Sample("spots", _plain(name)) for name in ("legacy ST", "CSV")},
    "real Space Ranger 1.0": Sample("spots", _real("visium/scanpy-1.0.0")),
    "labels": Sample("labels", _labels),
    "annotations": Sample("annotations", _annotations),
    "cohort": Sample("cohort", _cohort),
}
