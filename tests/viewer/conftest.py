"""Fixtures of the window's tests: they need an X display, which `make test` gives through xvfb-run."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QApplication, QMainWindow

import remembered
from hand import Hand

os.environ["NAPARI_ENSURE_PLUGIN_MAIN_THREAD"] = "1"
# Read when napari is imported: nobody's settings are used or changed, and none are written.
os.environ["NAPARI_CONFIG"] = ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    no_display = sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    for item in items:
        if here not in item.path.parents:
            continue
        if no_display and {"qtbot", "make_napari_viewer", "make_napari_viewer_proxy"} & set(item.fixturenames):
            item.add_marker(pytest.mark.skip(reason="a window needs an X display: run the tests through xvfb-run"))


@pytest.fixture(scope="session", autouse=True)
def _worked_out_once() -> Iterator[None]:
    """Spare each window what an earlier one has worked out."""
    from npe2 import PluginManifest
    from vispy.gloo.program import Program
    from vispy.visuals.text.text import SDFRendererCPU

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "discover", remembered.plugins(PluginManifest.discover))
        patch.setattr(
            Program, "_parse_variables_from_code", remembered.shader_variables(Program._parse_variables_from_code)
        )
        patch.setattr(SDFRendererCPU, "render_to_texture", remembered.letters(SDFRendererCPU.render_to_texture))
        yield


@pytest.fixture(autouse=True)
def _left_behind_set_aside() -> None:
    """Set aside what earlier tests imported, and what napari keeps of their windows: each window collects garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def nothing_set_aside() -> Iterator[None]:
    """Have garbage collected as it is where a person works: by default these tests set much of it aside."""
    from geneglass.viewer.collecting import somebody_else_does

    gc.unfreeze()
    somebody_else_does.cache_clear()
    yield
    somebody_else_does.cache_clear()
    assert gc.get_freeze_count() == 0


@pytest.fixture(autouse=True)
def _own_user_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test user folders of its own: nothing is written to, or found in, those of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))


@pytest.fixture
def wait_for(qtbot: Any) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Return a function that runs the window until a condition holds."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        qtbot.waitUntil(condition, timeout=int(seconds * 1000))

    return wait


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cohort.toml of two small sections, "left" and "right": 320 x 480 px at 0.8 um, 40 spots, 5 genes.

    ERBB2 rises from the left edge to the right, RARE is in two spots, SILENT in none.
    """
    import anndata
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_matrix

    from geneglass.data.pyramid import write_pyramid

    folder = tmp_path_factory.mktemp("small_cohort")
    tables = []
    for number, name in enumerate(("left", "right")):
        rng = np.random.default_rng(number)
        write_pyramid(folder / f"{name}.ome.tif", rng.integers(150, 255, (320, 480, 3), dtype=np.uint8), 0.8, tile=128)
        y, x = (axis.ravel() for axis in np.meshgrid(np.arange(40, 320, 60), np.arange(30, 480, 58), indexing="ij"))
        lam = np.stack([x, 400 + 0 * x, 300 + 0 * x, 0 * x, 0 * x], axis=1).astype(float)
        counts = rng.poisson(lam).astype(np.float32)
        counts[:2, 4] = 4
        counts[7] = (1, 2, 0, 0, 0)
        table = anndata.AnnData(csr_matrix(counts), var=pd.DataFrame(index=["ERBB2", "ACTB", "CD74", "SILENT", "RARE"]))
        table.obs_names = [f"spot_{i}" for i in range(len(x))]
        table.obsm["spatial"] = np.stack([x, y], axis=1).astype(float)
        table.write_h5ad(folder / f"{name}.h5ad")
        tables.append(
            f'[[section]]\nname = "{name}"\npatient = "{name}"\nslide = "{name}.ome.tif"\nspots = "{name}.h5ad"\n'
        )
    (folder / "cohort.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder / "cohort.toml"


@pytest.fixture
def predicted() -> Callable[..., Any]:
    """Return a function that makes a prediction of a section's spots, in reverse order, without SILENT, with NOVEL."""
    import anndata
    import numpy as np
    import pandas as pd

    def make(section: Any, *, trained: bool = False, spots: slice = slice(None, None, -1)) -> Any:
        table = section.spots.table
        x = section.centres_yx[:, 1] / 480
        values = np.stack([2 + x, 4 + 0 * x, 4 - x, 1 + x, x], axis=1).astype(np.float32)
        genes = pd.DataFrame(
            {"trust_r": [0.41, np.nan, 0.2, 0.1, 0.3]}, index=["ERBB2", "ACTB", "CD74", "RARE", "NOVEL"]
        )
        prediction = anndata.AnnData(values, obs=pd.DataFrame(index=table.obs_names), var=genes)
        prediction.obs["trained_on"] = trained
        prediction.obs["confidence"] = 0.5
        prediction.obsm["spatial"] = section.centres_yx[:, ::-1].astype(float)
        prediction.uns["geneglass"] = {
            "section": section.name,
            "slide": section.slide.path.name,
            "slide_hash": section.slide.content_hash(),
            "unit": "ln(1 + 10,000 x / total of the spot over all genes)",
            "min_counts": 500,
            "stride_um": 0,
            "mpp": section.mpp,
            "spot_diameter_um": 55.0,
        }
        return prediction[spots].copy()

    return make


@pytest.fixture
def viewer() -> Any:
    """Return napari's viewer model with a canvas of 800 x 1200 px; no window is needed."""
    from napari.components import ViewerModel

    viewer = ViewerModel()
    viewer.canvas.size = (800, 1200)
    return viewer


@pytest.fixture(scope="session")
def three_sections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cohort.toml of three invented sections of 800 x 1100 um, 40 genes."""
    from make_cohort import make_cohort

    folder = tmp_path_factory.mktemp("three_sections")
    return make_cohort(folder, 5, sections=3, size_um=(800.0, 1100.0), n_genes=40)


@pytest.fixture
def make_panel(make_napari_viewer_proxy: Callable[..., Any], qtbot: Any) -> Callable[[], Any]:
    """Return a function that shows the panel in a window of its own, of 1280 x 800 px."""
    from panels import docked

    return lambda: docked(make_napari_viewer_proxy(show=True), qtbot)


@pytest.fixture
def panel(make_panel: Callable[[], Any]) -> Any:
    """Return the panel in a window."""
    return make_panel()


SIZES = [(1600, 1000), (1280, 800)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def hand(
    request: pytest.FixtureRequest,
    make_napari_viewer_proxy: Callable[..., Any],
    qtbot: Any,
    tmp_path: Path,
) -> Iterator[Hand]:
    """Return a hand at a napari window of a size, with nothing open and no panel."""
    width, height = request.param
    make_napari_viewer_proxy(show=True)
    (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow)]
    screen = window.screen().size()
    if screen.width() < width or screen.height() < height:
        pytest.skip(f"the screen has only {screen.width()} x {screen.height()} px")
    window.resize(width, height)
    qtbot.waitExposed(window)
    asked = os.environ.get("GENEGLASS_SCREENSHOTS")
    folder = tmp_path if not asked else Path(asked) / f"{request.node.originalname}_{width}x{height}"
    folder.mkdir(parents=True, exist_ok=True)
    window.activateWindow()
    hand = Hand(window, qtbot, folder)
    yield hand
    grown = (window.width(), window.height())
    # pytest keeps what a fixture gave; napari's checks that no window is kept.
    del hand.window, window
    assert grown == (width, height), "the window grew"


@pytest.fixture
def real(her2st_cohort: Path, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the window with a real section, C4, that is measured and predicted."""
    from real_tissue import opened

    return opened(hand, her2st_cohort, monkeypatch)


@pytest.fixture
def compare(viewer: Any, small_cohort: Path) -> Any:
    """Return the comparison of a viewer with the section "left" open."""
    from geneglass.data.cohort import read_cohort
    from geneglass.viewer.compare import compare_of

    compare = compare_of(viewer)
    cohort = read_cohort(small_cohort)
    compare.session.set_cohort(cohort)
    compare.session.open_section(cohort.sections[0])
    return compare


@pytest.fixture
def both(compare: Any, predicted: Callable[..., Any]) -> Any:
    """Return it with a prediction and ERBB2 shown."""
    compare.session.set_prediction(predicted(compare.session.section))
    compare.session.set_gene("ERBB2")
    return compare


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the disk that everything is written to, which can be full."""
    from autosaving import Disk

    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


@pytest.fixture
def left(small_cohort: Path) -> Iterator[Any]:
    """Return the section "left" with its slide open."""
    yield from _with_slide(small_cohort, "left")


@pytest.fixture
def right(small_cohort: Path) -> Iterator[Any]:
    """Return the section "right" with its slide open."""
    yield from _with_slide(small_cohort, "right")


def _with_slide(cohort: Path, name: str) -> Iterator[Any]:
    from geneglass.data.cohort import find_section
    from geneglass.data.section import open_section

    section = open_section(find_section(f"{cohort}#{name}"))
    yield section
    section.close()


@pytest.fixture
def window(small_cohort: Path) -> Any:
    """Return a viewer with the small cohort that is drawn on, with no window."""
    from drawing import Window
    from geneglass.data.cohort import read_cohort

    return Window(read_cohort(small_cohort))
