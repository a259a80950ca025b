"""Every file and folder of real data opens as what it is, or is refused for its true reason.

What becomes of each is written down here; a file that nothing is written for fails.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from geneglass.data.section import Section
from geneglass.errors import InputError
from geneglass.viewer.opened import Opened
from geneglass.viewer.opening import open_path
from geneglass.workflow.events import finish

ROOT = Path(__file__).resolve().parents[2] / "shared" / "data"
PATHS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*")) if ROOT.is_dir() else []


@dataclass(frozen=True)
class Refused:
    """The reason, as a pattern of its sentence."""

    why: str


@dataclass(frozen=True)
class Slide:
    """A picture without spots: width and height, levels, pixel size, and what it warns of."""

    size_px: tuple[int, int]
    levels: int = 1
    mpp: float | None = None
    warns: str = ""


@dataclass(frozen=True)
class Spots:
    """Measured spots, genes, pixel size, the picture they are shown on, and what they warn of."""

    shape: tuple[int, int]
    mpp: float | None
    picture_px: tuple[int, int] | None = None
    warns: str = ""


@dataclass(frozen=True)
class Legacy:
    """A table of counts whose spots and genes are counted here in another way, and its pixel size."""

    positions: str
    mpp: float | None


@dataclass(frozen=True)
class Labels:
    """Labels of every spot of a table."""

    counts: str


@dataclass(frozen=True)
class Regions:
    """What was drawn: names and shapes, on the spots of some section."""

    drawn: tuple[tuple[str, str], ...]


FOLDER = Refused(r"has \d+ slides?, \d+ spot tables? and 0 cohort files; give a folder with one section")
NO_SLIDE = Refused("is no slide: it holds text")
NO_COUNTS = Refused("spot positions .* but no counts: .*filtered_feature_bc_matrix.* is missing")
GOES_WITH_COUNTS = Refused("goes with a table of counts and is none itself")
NO_GEOJSON = Refused("is no GeoJSON: it holds .* where a Feature should stand")
WRONG_BARCODES = Refused(
    "barcodes like AAACAAGTATCTCCCA-1, of another platform, where bins of Visium HD are named like"
)
NO_RAW_COUNTS = Refused(r"has no raw counts in X, layers\[\"counts\"\] \(raw_counts, raw\) or raw")
BOGUS = r"The resolution tag means \d+\.?\d* um per pixel, which no microscope slide has"
CYTASSIST = Spots((2898, 19465), 23.335, (600, 600), "lowres tissue_lowres_image.png is used .*full-resolution slide")
SCANPY = Spots(
    (100, 100), 16.1134, (600, 600), "4,135 spots of tissue_positions_list.csv are on tissue but have no counts"
)
SEURAT = Spots((2695, 100), 0.7248, None, "tissue_hires_image.png was left out: it is blank")

EXPECTED: dict[str, object] = {
    "INVENTORY.md": NO_SLIDE,
    "geojson": FOLDER,
    "geojson/dlup_qupath05.geojson": Regions((("UT", "Polygon"), ("I", "Polygon"), ("I", "Polygon"))),
    "geojson/*-brush.json": Regions((("brush", "Polygon"),)),
    "geojson/*-ellipse.json": Regions((("ellipse", "Polygon"),)),
    "geojson/*-multipoint.json": Regions((("multipoint", "MultiPoint"),)),
    "geojson/*-point.json": Regions((("point", "Point"),)),
    "geojson/*-polygon.json": Regions((("polygon", "Polygon"),)),
    "geojson/*-polyline.json": Regions((("polyline", "LineString"),)),
    "geojson/*-rectangle.json": Regions((("rectangle", "Polygon"),)),
    "h5ad": FOLDER,
    "h5ad/*.h5ad": NO_RAW_COUNTS,
    "her2st": FOLDER,
    "her2st/genes_785.txt": NO_SLIDE,
    "her2st/app": FOLDER,
    "her2st/app/www": FOLDER,
    "her2st/app/www/imgs": Slide((2000, 2138), 3),
    "her2st/app/www/imgs/A1_HE_image_dark.png": Slide((2000, 2138), 3),
    "her2st/data": FOLDER,
    "her2st/data/ST-cnts": FOLDER,
    "her2st/data/ST-cnts/A?.tsv.gz": Legacy("her2st/data/ST-spotfiles/{}_selection.tsv", 0.92),
    "her2st/data/ST-cnts/[BC]?.tsv.gz": Legacy("her2st/data/ST-spotfiles/{}_selection.tsv", 0.69),
    "her2st/data/ST-cnts/[DEFGH]?.tsv.gz": Legacy("her2st/data/ST-spotfiles/{}_selection.tsv", 0.69),
    "her2st/data/ST-imgs": FOLDER,
    "her2st/data/ST-imgs/C": FOLDER,
    "her2st/data/ST-imgs/C/C2*": Slide((9274, 9911), 5),
    "her2st/data/ST-imgs/C/C3*": Slide((9270, 9936), 5),
    "her2st/data/ST-imgs/C/C4*": Slide((9278, 9916), 5),
    "her2st/data/ST-imgs/C/C5*": Slide((9272, 9901), 5),
    "her2st/data/ST-pat": FOLDER,
    "her2st/data/ST-pat/lbl": FOLDER,
    "her2st/data/ST-pat/lbl/README": NO_SLIDE,
    "her2st/data/ST-pat/lbl/J1_labeled_coordinates.tsv": Refused("holds labels of spots: open their section first"),
    "her2st/data/ST-pat/lbl/*_labeled_coordinates.tsv": Labels("her2st/data/ST-cnts/{}.tsv.gz"),
    "her2st/data/ST-spotfiles": FOLDER,
    "her2st/data/ST-spotfiles/*_selection.tsv": GOES_WITH_COUNTS,
    "mob": FOLDER,
    "mob/MOB?.jpg": Slide((1905, 1905), 2),
    "mob/MOB?.tsv.gz": Legacy("mob/alignment_table_{}.tsv", None),
    "mob/alignment_table_MOB?.tsv": GOES_WITH_COUNTS,
    "mob/mouse_genes.tsv.gz": GOES_WITH_COUNTS,
    "slides": FOLDER,
    "slides/CMU-1-Small-Region.svs": Slide((2220, 2967), mpp=0.499),
    "slides/small.svs": Slide((16, 16), mpp=0.499),
    "slides/boxes.tiff": Slide((300, 250), 4, warns=BOGUS),
    "slides/unopenable.tiff": Refused("its pixels are compressed as 52479, which is not read here"),
    "slides/dicom": Slide((16, 16), mpp=0.499),
    "slides/dicom/boxes_?.dcm": Slide((16, 16), mpp=0.499),
    "slides/odd": FOLDER,
    "slides/odd/highdicom_sm_image.dcm": Slide((50, 50), mpp=0.499),
    "slides/odd/largeimage_test_RGBA_8.png": Slide((64, 64)),
    "slides/odd/largeimage_test_RGB_16.png": Slide((64, 64)),
    "slides/odd/largeimage_test_orient6.tif": Slide((120, 180), 3, warns=r"orientation tag \(6\) is not applied"),
    "slides/odd/largeimage_yb10kx5k.zstd.tiff": Slide((10000, 5000), 5, warns=BOGUS),
    "slides/odd/libvips_1bit.tif": Slide((256, 4), warns=BOGUS),
    "slides/odd/libvips_sample.tif": Slide((290, 442), warns=BOGUS),
    "slides/odd/viv_multi-channel.ome.tif": Refused("holds no plain colour picture but CYX 3x167x439"),
    "visium": FOLDER,
    "visium/cytassist-lowres": CYTASSIST,
    "visium/cytassist-lowres/outs": CYTASSIST,
    "visium/cytassist-lowres/outs/filtered_feature_bc_matrix.h5": CYTASSIST,
    "visium/cytassist-lowres/outs/spatial": CYTASSIST,
    "visium/cytassist-lowres/outs/spatial/tissue_positions.csv": CYTASSIST,
    "visium/dlpfc-151673": NO_COUNTS,
    "visium/dlpfc-151673/spatial": NO_COUNTS,
    "visium/dlpfc-151673/spatial/tissue_positions_list.csv": NO_COUNTS,
    "visium/dlpfc-151673/barcode_layer_map_151673.tsv": Refused("holds labels of spots: open their section first"),
    "visium/scanpy-1.0.0": SCANPY,
    "visium/scanpy-1.0.0/filtered_feature_bc_matrix.h5": SCANPY,
    "visium/scanpy-1.0.0/spatial": SCANPY,
    "visium/scanpy-1.0.0/spatial/tissue_positions_list.csv": SCANPY,
    "visium/scanpy-1.0.0/spatial/tissue_hires_image.png": Slide((2000, 2000), 2),
    "visium/seurat": SEURAT,
    "visium/seurat/filtered_feature_bc_matrix.h5": SEURAT,
    "visium/seurat/spatial": SEURAT,
    "visium/seurat/spatial/tissue_positions_list.csv": SEURAT,
    "visium/seurat/spatial/tissue_hires_image.png": Slide((2000, 1998), 2),
    "visium/seurat/spatial/tissue_lowres_image.png": Slide((600, 599)),
    "visium/seurat_hd": WRONG_BARCODES,
    "visium/seurat_hd/binned_outputs": WRONG_BARCODES,
    "visium/seurat_hd/binned_outputs/square_0??um": WRONG_BARCODES,
    "visium/seurat_hd/binned_outputs/square_0??um/filtered_feature_bc_matrix.h5": WRONG_BARCODES,
    "visium/seurat_hd/binned_outputs/square_0??um/spatial": WRONG_BARCODES,
    "visium/seurat_hd/binned_outputs/square_0??um/spatial/tissue_positions.parquet": WRONG_BARCODES,
    "visium/seurat_hd/binned_outputs/square_0??um/spatial/tissue_hires_image.png": Slide((6000, 5575), 4),
    "visium/seurat_hd/binned_outputs/square_0??um/spatial/tissue_lowres_image.png": Slide((600, 558)),
    "visium/*/scalefactors_json.json": NO_GEOJSON,
    "visium/*/tissue_lowres_image.png": Slide((600, 600)),
    "weights": FOLDER,
    "weights/google-coral-test_data.LICENSE": NO_SLIDE,
    "weights/mobilenet_v2_imagenet_features_fp16.pt": Refused("it holds no picture of tissue"),
}
"""The first pattern that fits a path, relative to the folder of real data, tells what it is."""


def expected(relative: str) -> str | None:
    """Return the pattern that speaks for a path."""
    return next((pattern for pattern in EXPECTED if fnmatchcase(relative, pattern)), None)


@pytest.fixture(scope="module")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens a path as a drop on the window does; pyramids are made once for all."""
    cache = tmp_path_factory.mktemp("pyramids")
    opened: list[Opened] = []

    def read(path: Path, current: Section | None = None) -> Opened:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GENEGLASS_CACHE", str(cache))
            opened.append(finish(open_path(path, None, current)))
        return opened[-1]

    yield read
    for found in opened:
        if found.section is not None:
            found.section.close()


@pytest.mark.parametrize("relative", PATHS)
def test_it_opens_as_what_it_is_or_is_refused_for_its_true_reason(
    relative: str, shared_data: Path, opening: Callable[..., Opened]
) -> None:
    pattern = expected(relative)
    assert pattern is not None, f"nothing is written down for {relative}: open it, judge what happens, and write it"
    fact, path = EXPECTED[pattern], shared_data / relative
    if isinstance(fact, Refused):
        with pytest.raises(InputError) as refusal:
            opening(path)
        sentence = str(refusal.value)
        assert re.search(fact.why, sentence)
        assert "\n" not in sentence
        return
    if isinstance(fact, Regions | Labels):
        goes_on_spots(fact, path, shared_data, opening)
        return
    section = opening(path).section
    assert section is not None
    if isinstance(fact, Slide):
        is_that_slide(section, fact)
    elif isinstance(fact, Spots):
        are_those_spots(section, fact)
    else:
        assert isinstance(fact, Legacy)
        are_the_spots_of_both_files(section, path, shared_data / fact.positions.format(section.name), fact.mpp)


def is_about(mpp: float | None, fact: float | None, within: float) -> None:
    assert (mpp is None) == (fact is None)
    assert mpp is None or fact is None or abs(mpp / fact - 1) <= within


def is_that_slide(section: Section, fact: Slide) -> None:
    assert section.slide is not None
    assert section.spots is None
    level = section.slide.levels[0]
    assert (level.width_px, level.height_px) == fact.size_px
    assert len(section.slide.levels) == fact.levels
    is_about(section.mpp, fact.mpp, 1e-6)
    assert any(re.search(fact.warns, warning) for warning in section.warnings) == bool(fact.warns)


def are_those_spots(section: Section, fact: Spots) -> None:
    assert section.spots is not None
    assert section.spots.table.shape == fact.shape
    is_about(section.mpp, fact.mpp, 1e-3)
    level = None if section.slide is None else section.slide.levels[0]
    assert (None if level is None else (level.width_px, level.height_px)) == fact.picture_px
    assert any(re.search(fact.warns, warning) for warning in section.warnings)


def are_the_spots_of_both_files(section: Section, counts: Path, positions: Path, mpp: float | None) -> None:
    """Count spots by hand: rows of the counts whose place the other file has, on tissue."""
    lines = gzip.decompress(counts.read_bytes()).decode().splitlines()
    header, *rows = (line.rstrip("\n").split("\t") for line in positions.read_text().splitlines())
    column = {name: number for number, name in enumerate(header)}
    on_tissue = [row for row in rows if "selected" not in column or row[column["selected"]] != "0"]
    places = {f"{round(float(row[column['x']]))}x{round(float(row[column['y']]))}" for row in on_tissue}
    measured = {line.split("\t", 1)[0] for line in lines[1:]}
    assert section.spots is not None
    assert set(section.spots.table.obs_names) == measured & places
    assert section.spots.table.n_vars == len(lines[0].split("\t")) - (lines[0][0] == "\t")
    assert section.slide is None
    is_about(section.mpp, mpp, 0.01)


def goes_on_spots(fact: Regions | Labels, path: Path, root: Path, opening: Callable[..., Opened]) -> None:
    """Nothing by itself; on the section it belongs to, it is read."""
    with pytest.raises(InputError, match=r"open (the slide|their section) first"):
        opening(path)
    name = fact.counts.format(path.name[:2]) if isinstance(fact, Labels) else "her2st/data/ST-cnts/C1.tsv.gz"
    current = opening(root / name).section
    found = opening(path, current)
    if isinstance(fact, Regions):
        assert found.domains is not None
        assert tuple((domain.name, domain.shape.geom_type) for domain in found.domains) == fact.drawn
    else:
        assert found.section is not None
        assert found.section.spots is not None
        assert found.section.spots.table.obs["label"].notna().all()


def test_nothing_is_written_down_for_files_that_are_not_there(shared_data: Path) -> None:
    spoken_for = {expected(relative) for relative in PATHS}
    assert not sorted(set(EXPECTED) - spoken_for)
