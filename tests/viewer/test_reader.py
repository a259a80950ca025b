"""What napari opens through geneglass, by menu, by drop and by sample."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
import pytest
from napari.settings import get_settings
from npe2 import PluginManifest

from geneglass.data.geojson import SUFFIXES as GEOJSON
from geneglass.data.slide_formats import SLIDE_FORMATS
from geneglass.data.spot_formats import SPOT_FORMATS
from geneglass.viewer import preferred
from geneglass.viewer.compare import compare_of
from geneglass.viewer.reader import NOTHING, get_reader, read
from geneglass.viewer.session import session_of

MANIFEST = Path(__file__).resolve().parents[2] / "src" / "geneglass" / "napari.yaml"

Drop = Callable[[Path], None]
PANEL = "geneglass (geneglass)"


def test_manifest_is_valid_and_its_commands_can_be_imported() -> None:
    manifest = PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()


def test_top_level_manifest_is_the_packages() -> None:
    assert (MANIFEST.parents[2] / "napari.yaml").resolve() == MANIFEST


def test_manifest_names_every_registered_suffix() -> None:
    (reader,) = PluginManifest.from_file(MANIFEST).contributions.readers
    formats = [*SLIDE_FORMATS.values(), *SPOT_FORMATS.values()]
    suffixes = {suffix for item in formats for suffix in item.suffixes} | {*GEOJSON, ".toml"}
    wanted = {f"*{suffix}" for suffix in suffixes}
    missing = sorted(wanted - set(reader.filename_patterns))
    assert not missing, "add to filename_patterns in napari.yaml:\n" + "\n".join(f'        - "{p}"' for p in missing)
    extra = sorted(set(reader.filename_patterns) - wanted)
    assert not extra, f"no format of geneglass reads {extra}; take them out of napari.yaml"


def test_menus_are_napari_s_own() -> None:
    manifest = PluginManifest.from_file(MANIFEST)
    assert set(manifest.contributions.menus) == {"napari/layers/visualize"}


def test_what_is_left_to_others(tmp_path: Path) -> None:
    import tifffile

    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "notes.tsv").write_text("a\tb\n")
    tifffile.imwrite(tmp_path / "fluorescence.tif", np.zeros((5, 40, 60), np.uint16), photometric="minisblack")
    assert get_reader(str(tmp_path / "pyproject.toml")) is None
    assert get_reader(str(tmp_path / "fluorescence.tif")) is None
    assert get_reader([str(tmp_path / "a.svs"), str(tmp_path / "b.svs")]) is None


def test_what_is_ours(small_cohort: Path) -> None:
    for name in ("cohort.toml", "left.ome.tif", "left.h5ad"):
        assert get_reader(str(small_cohort.parent / name)) is not None


@pytest.mark.parametrize(
    ("dtype", "photometric", "ours"), [("uint8", "rgb", True), ("uint16", "rgb", True), ("uint16", "minisblack", False)]
)
def test_colour_pictures_are_ours_at_any_depth(tmp_path: Path, dtype: str, photometric: str, ours: bool) -> None:
    import tifffile

    shape = (40, 60, 3) if photometric == "rgb" else (40, 60)
    tifffile.imwrite(tmp_path / "picture.tif", np.zeros(shape, dtype), photometric=photometric)
    assert (get_reader(str(tmp_path / "picture.tif")) is not None) == ours


def test_folders_are_ours_only_with_slides_or_spots_in_them(tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    assert get_reader(str(tmp_path)) is None
    (tmp_path / "cohort.toml").write_text('[[section]]\nname = "a"\nslide = "a.svs"\n')
    assert get_reader(str(tmp_path)) is not None
    assert get_reader(str(shared_data / "visium" / "seurat")) is not None
    assert get_reader(str(shared_data / "slides" / "dicom")) is not None
    assert get_reader(str(shared_data / "visium")) is None


def test_a_slide_without_a_window_is_a_plain_image(small_cohort: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(napari, "current_viewer", lambda: None)
    ((data, kwargs, kind),) = read(str(small_cohort.parent / "left.ome.tif"))
    assert kind == "image"
    assert not kwargs["multiscale"]
    assert data.shape == (320, 480, 3)
    assert kwargs["scale"] == pytest.approx((0.8, 0.8))
    assert kwargs["units"] == ("um", "um")


def test_what_can_not_be_read_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("geneglass.viewer.reader.show_error", said.append)
    (tmp_path / "notes.svs").write_text("This is not a slide.")
    assert read(str(tmp_path / "notes.svs")) == NOTHING
    assert len(said) == 1
    assert "notes.svs" in said[0]
    assert "Traceback" not in said[0]


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    viewer = make_napari_viewer()
    monkeypatch.setattr(napari, "current_viewer", lambda: viewer)
    return viewer


@pytest.fixture
def drop(viewer: Any, qtbot: Any) -> Callable[[Path], None]:
    """Return a function that opens a file as a drop on the window does, and waits until it is open."""

    def drop(path: Path) -> None:
        assert viewer.open(str(path), plugin="geneglass") == []
        runner = viewer.window.dock_widgets[PANEL].desk.runner
        with qtbot.waitSignal(runner.finished, timeout=20_000):
            pass
        qtbot.wait(20)

    return drop


def test_drop_a_cohort(viewer: Any, drop: Drop, small_cohort: Path) -> None:
    drop(small_cohort)
    session = session_of(viewer)
    assert PANEL in viewer.window.dock_widgets
    assert [source.name for source in session.cohort.sections] == ["left", "right"]
    assert [layer.name for layer in viewer.layers] == ["left H&E", "40 measured spots"]
    assert compare_of(viewer).layer("slide") is viewer.layers[0]


def test_a_dropped_file_does_not_hold_up_the_window(viewer: Any, tmp_path: Path, qtbot: Any) -> None:
    from PIL import Image

    pixels = np.random.default_rng(3).integers(120, 255, (700, 900, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "scan.png")
    assert viewer.open(str(tmp_path / "scan.png"), plugin="geneglass") == []
    panel = viewer.window.dock_widgets[PANEL]
    assert len(viewer.layers) == 0
    qtbot.waitUntil(lambda: panel.desk.runner.running == "Opening scan.png", timeout=20_000)
    assert len(viewer.layers) == 0
    qtbot.waitUntil(lambda: panel.desk.runner.running is None, timeout=20_000)
    assert [layer.name for layer in viewer.layers] == ["scan H&E"]
    np.testing.assert_array_equal(
        viewer.layers[0].data[0][:5, :5] if viewer.layers[0].multiscale else viewer.layers[0].data[:5, :5],
        pixels[:5, :5],
    )


def test_spots_join_a_flat_picture_that_was_dropped_before(
    viewer: Any, drop: Drop, small_cohort: Path, tmp_path: Path
) -> None:
    from PIL import Image

    pixels = np.random.default_rng(3).integers(120, 255, (320, 480, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "scan.png")
    drop(small_cohort.parent / "left.h5ad")
    drop(tmp_path / "scan.png")
    session = session_of(viewer)
    assert session.section.slide is not None
    assert session.section.spots is not None


def test_a_damaged_flat_picture_is_said_in_the_panel(viewer: Any, drop: Drop, tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\x01" * 200)
    drop(tmp_path / "cut.jpg")
    panel = viewer.window.dock_widgets[PANEL]
    assert panel.messages.property("kind") == "error"
    assert "cut.jpg" in panel.messages.text.text()
    assert len(viewer.layers) == 0


def test_drop_a_second_section(viewer: Any, drop: Drop, small_cohort: Path) -> None:
    drop(small_cohort)
    drop(small_cohort.parent / "right.ome.tif")
    assert [layer.name for layer in viewer.layers] == ["right H&E"]
    assert len([name for name in viewer.window.dock_widgets if "geneglass" in name]) == 1


@pytest.mark.parametrize("names", [("left.ome.tif", "left.h5ad"), ("left.h5ad", "left.ome.tif")])
def test_drop_a_slide_and_its_spots_in_either_order(
    viewer: Any, drop: Drop, small_cohort: Path, names: tuple[str, str]
) -> None:
    for name in names:
        drop(small_cohort.parent / name)
    assert [layer.name for layer in viewer.layers] == ["left H&E", "40 measured spots"]
    section = session_of(viewer).section
    assert section.slide is not None
    assert section.spots is not None


def test_drop_a_prediction_on_its_section(
    viewer: Any, drop: Drop, small_cohort: Path, predicted: Callable[..., Any], tmp_path: Path
) -> None:
    drop(small_cohort)
    predicted(session_of(viewer).section).write_h5ad(tmp_path / "prediction.h5ad")
    drop(tmp_path / "prediction.h5ad")
    assert viewer.canvas.grid.enabled
    assert len(viewer.layers) == 4
    assert viewer.layers[3].name.split()[1].rstrip(",") == "predicted"


def test_drop_a_prediction_before_its_section(
    viewer: Any, drop: Drop, small_cohort: Path, predicted: Callable[..., Any], tmp_path: Path
) -> None:
    from geneglass.data.cohort import read_cohort
    from geneglass.data.section import open_section

    predicted(open_section(read_cohort(small_cohort).sections[0])).write_h5ad(tmp_path / "prediction.h5ad")
    drop(tmp_path / "prediction.h5ad")
    assert [layer.name for layer in viewer.layers] == ["prediction of left"]
    drop(small_cohort)
    assert len(viewer.layers) == 4
    assert session_of(viewer).prediction is not None


def test_sample(viewer: Any, qtbot: Any) -> None:
    viewer.open_sample("geneglass", "cohort")
    qtbot.wait(20)
    session = session_of(viewer)
    assert PANEL in viewer.window.dock_widgets
    assert len(session.cohort.sections) == 4
    assert session.section.spots is not None
    assert len(viewer.layers) == 2


def test_theme_and_grid_can_be_changed_while_maps_are_shown(
    viewer: Any, drop: Drop, small_cohort: Path, predicted: Callable[..., Any]
) -> None:
    drop(small_cohort)
    session = session_of(viewer)
    session.set_prediction(predicted(session.section))
    session.set_gene("ERBB2")
    viewer.theme = "light"
    viewer.canvas.grid.enabled = False
    session.set_gene("CD74")
    viewer.canvas.grid.enabled = True
    viewer.theme = "dark"
    assert viewer.layers[1].name == "CD74 measured"


def test_offer_is_made_until_taken() -> None:
    get_settings().plugins.extension2reader = {"*.tif": "napari"}
    assert preferred.offer_needed()
    preferred.make_preferred()
    chosen = get_settings().plugins.extension2reader
    assert chosen["*.svs"] == "geneglass"
    assert chosen["*.tif"] == "napari"
    assert not preferred.offer_needed()
    get_settings().plugins.extension2reader = {}


def test_offer_is_made_until_dismissed() -> None:
    get_settings().plugins.extension2reader = {}
    assert preferred.offer_needed()
    preferred.dismiss()
    assert not preferred.offer_needed()
