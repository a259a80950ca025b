"""Everything that can be dropped on the window, by the real drop event and napari's own reader dialog.

What is dropped is shown, or one sentence says why not: never a traceback, never silence.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Shapes
from napari.settings import get_settings
from qtpy.QtWidgets import QDialog

from geneglass.viewer.drops import GATHER_MS
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.window import show_panel
from make_cohort import make_cohort

ONE_SIZE = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
pytestmark = ONE_SIZE


@pytest.fixture(autouse=True)
def _no_reader_chosen() -> Iterator[None]:
    get_settings().plugins.extension2reader = {}
    yield
    get_settings().plugins.extension2reader = {}


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an invented section: a slide, its spots, and domains drawn on it."""
    folder = tmp_path_factory.mktemp("invented")
    cohort = make_cohort(folder / "made", 5, sections=("Ada",), size_um=(800.0, 1100.0), n_genes=40)
    (slide,), (spots,) = list(cohort.parent.glob("*.tif*")), list(cohort.parent.glob("*.h5ad"))
    shutil.copy(slide, folder / "Ada.ome.tif")
    shutil.copy(spots, folder / "Ada.h5ad")
    (folder / "Ada.geojson").write_text(json.dumps(domains((400, 300), (1000, 800))))
    (folder / "elsewhere.geojson").write_text(json.dumps(domains((90000, 90000), (91000, 91000))))
    return folder


def domains(corner_xy: tuple[int, int], opposite_xy: tuple[int, int]) -> dict[str, Any]:
    """Return a rectangle of a tumour with a hole, as QuPath writes it, and an unclassified point in it."""
    (left, top), (right, bottom) = corner_xy, opposite_xy
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    middle = [(left + right) / 2, (top + bottom) / 2]
    hole = [[(a + b) / 2 for a, b in zip(corner, middle, strict=True)] for corner in ring]
    tumour = {"objectType": "annotation", "classification": {"name": "Tumor", "color": [200, 0, 0]}}
    shapes = [({"type": "Polygon", "coordinates": [ring, hole]}, tumour)]
    shapes.append(({"type": "Point", "coordinates": middle}, {"objectType": "annotation"}))
    features = [{"type": "Feature", "geometry": shape, "properties": given} for shape, given in shapes]
    return {"type": "FeatureCollection", "features": features}


def settled(hand: Any) -> GeneglassPanel:
    """Return the panel when all that was dropped has been opened, or refused."""
    hand.wait(lambda: hand.window.findChild(GeneglassPanel, "geneglass") is not None)
    panel: Any = hand.window.findChild(GeneglassPanel, "geneglass")
    hand.wait(lambda: not panel.drops.busy)
    hand.qtbot.wait(30)
    return panel


def said(panel: GeneglassPanel) -> str:
    """Return what the message strip shows."""
    return panel.messages.text.text() if panel.messages.isVisible() else ""


def is_one_refusal(panel: GeneglassPanel, words: str) -> None:
    assert panel.messages.property("kind") == "error"
    assert words in said(panel)
    assert "\n" not in said(panel)
    assert "Traceback" not in said(panel)


@pytest.mark.parametrize(
    "names", [("Ada.ome.tif", "Ada.h5ad", "Ada.geojson"), ("Ada.geojson", "Ada.h5ad", "Ada.ome.tif")]
)
def test_a_slide_its_spots_and_domains_dropped_together(hand: Any, invented: Path, names: tuple[str, ...]) -> None:
    assert hand.drop(*(invented / name for name in names), reader="geneglass")
    panel = settled(hand)
    section = panel.desk.session.section
    assert said(panel) == ""
    assert section.slide is not None
    table = section.spots.table
    x, y = table.obsm["spatial"].T
    in_hole = (np.abs(x - 700) < 150) & (np.abs(y - 550) < 125)
    inside = (np.abs(x - 700) <= 300) & (np.abs(y - 550) <= 250) & ~in_hole
    np.testing.assert_array_equal((table.obs["domain"] == "Tumor").to_numpy(), inside)
    assert inside.any()
    assert not inside.all()
    (layer,) = [layer for layer in panel._viewer.layers if isinstance(layer, Shapes)]
    assert list(layer.features["domain"]) == ["Tumor", "Tumor", "unnamed"]
    np.testing.assert_allclose(layer.edge_color[0], (200 / 255, 0, 0, 1), atol=1e-6)
    assert not layer.face_color[:, 3].any()
    slide = panel.compare.layer("slide")
    # The corner of a domain is the corner of a pixel; a viewer puts the middle of the first pixel at 0.
    np.testing.assert_allclose(layer.data_to_world((300, 400)), slide.data_to_world((299.5, 399.5)), rtol=1e-6)
    assert f"2 domains with {inside.sum()} spots" in panel.head.facts.text()
    hand.look("three_together")


def test_what_could_not_be_opened_alone_is_opened_with_what_came_meanwhile(hand: Any, invented: Path) -> None:
    """As on a machine so slow that napari takes longer from one path to the next than they are gathered."""
    panel: Any = show_panel()
    panel.drops.add(invented / "Ada.geojson")
    panel.drops._open()
    assert panel.desk.runner.running is not None
    panel.drops.add(invented / "Ada.h5ad")
    panel.drops.add(invented / "Ada.ome.tif")
    settled(hand)
    assert said(panel) == ""
    assert panel.desk.session.section.slide is not None
    assert len(panel.desk.session.domains) == 2


def test_nothing_is_opened_while_a_dialog_asks(hand: Any, invented: Path) -> None:
    panel: Any = show_panel()
    dialog = QDialog(hand.window)
    dialog.open()
    panel.drops.add(invented / "Ada.h5ad")
    hand.qtbot.wait(3 * GATHER_MS)
    assert panel.desk.runner.running is None
    assert panel.drops.busy
    dialog.reject()
    settled(hand)
    assert panel.desk.session.section is not None


def test_one_after_the_other(hand: Any, invented: Path) -> None:
    hand.drop(invented / "Ada.geojson")
    panel = settled(hand)
    is_one_refusal(panel, "open the slide first")
    hand.drop(invented / "Ada.ome.tif", reader="geneglass")
    settled(hand)
    hand.drop(invented / "Ada.geojson")
    settled(hand)
    hand.drop(invented / "Ada.h5ad")
    settled(hand)
    session = panel.desk.session
    assert said(panel) == ""
    assert session.section.slide is not None
    assert len(session.domains) == 2
    assert (session.section.spots.table.obs["domain"] == "Tumor").any()
    hand.drop(invented / "elsewhere.geojson")
    settled(hand)
    is_one_refusal(panel, "lie wholly outside")
    assert len(session.domains) == 2


def test_the_choice_of_a_reader_is_remembered(hand: Any, invented: Path) -> None:
    assert hand.drop(invented / "Ada.ome.tif", reader="geneglass", remember=True)
    panel = settled(hand)
    assert get_settings().plugins.extension2reader == {"*.tif": "geneglass"}
    first = panel.desk.session.section
    assert not hand.drop(invented / "Ada.ome.tif")
    settled(hand)
    assert panel.desk.session.section is first or panel.desk.session.section.slide is not None
    assert said(panel) == ""


def test_cancel_in_the_dialog_opens_nothing(hand: Any, invented: Path) -> None:
    assert hand.drop(invented / "Ada.ome.tif", reader=None)
    assert hand.window.findChild(GeneglassPanel, "geneglass") is None


def test_the_panel_s_offer_ends_the_asking_for_folders_too(hand: Any, shared_data: Path, invented: Path) -> None:
    hand.drop(invented / "Ada.h5ad")
    panel = settled(hand)
    hand.click(panel.offer.accept)
    assert not hand.drop(shared_data / "visium" / "cytassist-lowres" / "outs")
    settled(hand)
    assert panel.desk.session.section.spots.table.n_obs == 2898
    assert not hand.drop(shared_data / "slides" / "CMU-1-Small-Region.svs")
    settled(hand)
    assert panel.desk.session.section.slide.levels[0].width_px == 2220, said(panel)


def test_spots_of_another_slide_are_shown_by_themselves(hand: Any, shared_data: Path) -> None:
    hand.drop(shared_data / "slides" / "CMU-1-Small-Region.svs", reader="geneglass")
    panel = settled(hand)
    hand.drop(shared_data / "her2st" / "data" / "ST-cnts" / "C1.tsv.gz")
    settled(hand)
    assert panel.messages.property("kind") == "warning"
    assert "does not go with what was open" in said(panel)
    assert panel.desk.session.section.slide is None
    assert panel.desk.session.section.spots.table.n_obs == 176


def test_a_mirrored_section_is_told_and_laid_right_by_one_button(hand: Any, shared_data: Path, tmp_path: Path) -> None:
    root = shared_data / "her2st" / "data"
    shutil.copy(root / "ST-cnts" / "C2.tsv.gz", tmp_path)
    header, *rows = ((root / "ST-spotfiles" / "C2_selection.tsv").read_text()).splitlines()
    column = header.split("\t").index("pixel_x")
    cells = [row.split("\t") for row in rows]
    mirrored = [[*row[:column], str(9274 - float(row[column])), *row[column + 1 :]] for row in cells]
    text = "\n".join([header, *("\t".join(row) for row in mirrored)])
    (tmp_path / "C2_selection.tsv").write_text(text + "\n")
    hand.drop(root / "ST-imgs" / "C" / "C2" / "5714_HE_BT_C2.jpg", tmp_path / "C2.tsv.gz", reader="geneglass")
    panel = settled(hand)
    assert "mirrored left to right" in panel.head.doubts.text()
    (tmp_path / "drawn.geojson").write_text(json.dumps(domains((3000, 3000), (5000, 5000))))
    hand.drop(tmp_path / "drawn.geojson", reader="geneglass")
    settled(hand)
    drawn = panel.desk.session.domains
    assert len(drawn) == 2
    hand.look("mirrored")
    hand.click(panel.head.mend)
    hand.wait(lambda: panel.desk.runner.running is None)
    section = panel.desk.session.section
    assert section.source.orientation == "mirror-x"
    assert section.on_tissue > 0.95
    assert section.domains == drawn
    assert "domain" in section.spots.table.obs
    assert panel.head.mend.isHidden()
    assert "mirrored" not in panel.head.doubts.text()
    right = np.array([float(row[column]) for row in cells])
    assert np.abs(np.sort(section.centres_yx[:, 1]) - np.sort(right[: len(section.centres_yx)])).max() < 1.5
    hand.look("laid_right")


def test_a_fluorescence_picture_is_left_to_napari(hand: Any, invented: Path, tmp_path: Path) -> None:
    import tifffile

    tifffile.imwrite(tmp_path / "cells.tif", np.arange(2400, dtype=np.uint16).reshape(40, 60), photometric="minisblack")
    get_settings().plugins.extension2reader = {"*.tif": "geneglass"}
    assert hand.drop(tmp_path / "cells.tif", reader="napari builtins")
    assert hand.window.findChild(GeneglassPanel, "geneglass") is None


SHOWN = (
    "slides/CMU-1-Small-Region.svs",
    "slides/dicom",
    "slides/dicom/boxes_0.dcm",
    "slides/odd/largeimage_test_RGB_16.png",
    "slides/odd/largeimage_test_orient6.tif",
    "slides/odd/libvips_1bit.tif",
    "mob/MOB1.jpg",
    "her2st/data/ST-cnts/C1.tsv.gz",
    "her2st/data/ST-pat/lbl/C1_labeled_coordinates.tsv",
    "visium/cytassist-lowres/outs",
    "visium/scanpy-1.0.0/filtered_feature_bc_matrix.h5",
    "visium/seurat",
)
REFUSED = {
    "geojson": "give a folder with one section",
    "geojson/dlup_qupath05.geojson": "lie wholly outside",
    "h5ad/squidpy_test_data.h5ad": "no raw counts",
    "her2st/data/ST-spotfiles/C1_selection.tsv": "goes with a table of counts",
    "mob/mouse_genes.tsv.gz": "goes with a table of counts",
    "slides/unopenable.tiff": "compressed as 52479",
    "slides/odd/viv_multi-channel.ome.tif": "no plain colour picture",
    "visium/dlpfc-151673": "but no counts",
    "visium/dlpfc-151673/barcode_layer_map_151673.tsv": "open their section first",
    "visium/scanpy-1.0.0/spatial/scalefactors_json.json": "no GeoJSON",
    "visium/seurat_hd": "of another platform",
    "visium/seurat_hd/binned_outputs/square_008um/filtered_feature_bc_matrix.h5": "of another platform",
}


def test_every_kind_of_real_thing(hand: Any, shared_data: Path) -> None:
    for relative in SHOWN:
        hand.drop(shared_data / relative, reader="geneglass")
        panel = settled(hand)
        assert not (said(panel) and panel.messages.property("kind") == "error"), f"{relative}: {said(panel)}"
        assert panel.desk.session.section is not None, relative
        assert len(panel._viewer.layers) in (1, 2), relative
        assert panel.head.facts.text()
    session = panel.desk.session
    hand.look("last_shown")
    hand.drop(shared_data / "slides" / "CMU-1-Small-Region.svs", reader="geneglass")
    settled(hand)
    before = session.section
    for relative, words in REFUSED.items():
        hand.drop(shared_data / relative, reader="geneglass")
        settled(hand)
        is_one_refusal(panel, words)
        assert session.section is before
    hand.look("last_refused")


def test_what_no_reader_takes_is_said_by_napari(hand: Any, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    # napari shows what arrives here as a notification of one line.
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, _: told.append(f"{kind.__name__}: {error}"))
    for name in ("weights/mobilenet_v2_imagenet_features_fp16.pt", "her2st/genes_785.txt"):
        assert not hand.drop(shared_data / name)
        assert told.pop() == f"NoAvailableReaderError: No plugin found capable of reading {shared_data / name}."
        assert not told
    # Python keeps the last exception for a debugger, and with it the window.
    sys.last_value = sys.last_traceback = None


@pytest.mark.parametrize("name", ["slides/CMU-1-Small-Region.svs", "visium/seurat/filtered_feature_bc_matrix.h5"])
def test_a_truncated_file_is_one_sentence(hand: Any, shared_data: Path, tmp_path: Path, name: str) -> None:
    content = (shared_data / name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(content[: len(content) // 3])
    hand.drop(path, reader="geneglass")
    is_one_refusal(settled(hand), path.name)


def test_a_folder_of_something_else_is_left_to_napari(hand: Any, tmp_path: Path) -> None:
    import tifffile

    grey = np.zeros((40, 60), np.uint16)
    for number in range(2):
        tifffile.imwrite(tmp_path / f"{number}.tif", grey, photometric="minisblack")
    assert hand.drop(tmp_path, reader="napari builtins")
    assert hand.window.findChild(GeneglassPanel, "geneglass") is None
