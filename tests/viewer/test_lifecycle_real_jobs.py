"""While a model really trains, or the whole tissue is really predicted: no crash, no leak, no annotation lost."""

import gc
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import ref

import anndata
import numpy as np
import pytest
from qtpy.QtCore import QThreadPool
from qtpy.QtTest import QTest
from shapely import Polygon

from geneglass.data.geojson import read_domains
from geneglass.data.sample import sample_cohort
from geneglass.data.section import open_section
from geneglass.viewer.annotating import annotating_of
from geneglass.viewer.desk import data_folder
from geneglass.viewer.domain_tools import LASSO
from geneglass.viewer.domains import PAN
from geneglass.viewer.panel import GeneglassPanel
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.dense import Part
from geneglass.workflow.events import Event, Job, finish
from geneglass.workflow.predict import predict
from geneglass.workflow.stopped_runs import stopped_runs
from geneglass.workflow.train import train
from panels import open_path, press
from tour.canvas import LEFT, NO_KEY, Canvas
from tour.pictures import show_page

RECIPE, EPOCHS, STRIDE_UM = "mclstexp", 8, 80
TRAINING, PREDICTING = "training", "predicting"
JOBS = pytest.mark.parametrize("kind", [TRAINING, PREDICTING])
RING = np.linspace(0, 2 * np.pi, 13)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a model of the sample, and the cache with the features of its spots."""
    cache = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENEGLASS_CACHE", str(cache))
        out = cache / "ridge.safetensors"
        asked = TrainConfig(sample_cohort(), out, recipe="ridge", panel_size=12, cross_fit=False)
        return finish(train(asked)), cache


@pytest.fixture
def model(trained: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the model; the test's own cache knows the spots and no other place of the sample."""
    model, cache = trained
    shutil.copytree(cache, tmp_path / "cache")
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path / "cache"))
    return model


class End:
    """Holds back what a job returns until it is let go; where it is asked to, also what comes after its first part."""

    def __init__(self) -> None:
        self.reached, self.free = threading.Event(), threading.Event()
        self.after_first_part = False

    def of(self, work: Callable[..., Job[Any]]) -> Callable[..., Job[Any]]:
        def lasting(*asked: Any) -> Job[Any]:
            job = work(*asked)
            try:
                while True:
                    event = next(job)
                    yield event
                    while self.after_first_part and isinstance(event, Part) and not self.free.wait(0.02):
                        yield Event(event.stage, event.done, event.total)
            except StopIteration as stop:
                self.reached.set()
                assert self.free.wait(120)
                return stop.value
            finally:
                job.close()

        return lasting


@pytest.fixture
def end(monkeypatch: pytest.MonkeyPatch) -> Iterator[End]:
    end = End()
    monkeypatch.setattr("geneglass.viewer.train_tab.train", end.of(train))
    monkeypatch.setattr("geneglass.viewer.predict_tab.predict", end.of(predict))
    yield end
    end.free.set()


def opened(panel: Any, kind: str, model: Path, wait_for: Any) -> None:
    """Open the sample, and fill in what a job of it needs."""
    open_path(panel, sample_cohort(), wait_for)
    panel.desk.session.set_gene("ERBB2")
    panel.pages["domains"].annotating.set_annotator("A. Smith")
    if kind == TRAINING:
        tab = panel.train_tab
        tab.recipe.setCurrentIndex(tab.recipe.findData(RECIPE))
        tab.recipe_settings.editor("epochs").value = EPOCHS
        tab.settings.editor("panel_size").value = 20
        tab.settings.editor("cross_fit").value = False
    else:
        panel.desk.session.set_model(model)
        panel.predict_tab.on_grid.setChecked(True)
        panel.predict_tab.stride_um.setValue(STRIDE_UM)


def start(panel: Any, kind: str, qtbot: Any, wait_for: Any) -> None:
    tab = panel.train_tab if kind == TRAINING else panel.predict_tab
    show_page(panel, "Train" if kind == TRAINING else "Predict")
    if kind == PREDICTING:
        wait_for(lambda: not tab.check.pending and tab.check._runner.running is None)
    press(qtbot, tab.train if kind == TRAINING else tab.predict)


def in_full_swing(panel: Any, kind: str) -> bool:
    if kind == TRAINING:
        return bool(panel.job.curve.isVisible())
    return float(panel.desk.session.provenance.get("covered", 0)) > 0


def ring(panel: Any, x_share: float) -> Any:
    """Return corners (y, x) of a disc in the middle of the tissue's height."""
    centres = np.asarray(panel.desk.session.measured_places.centres_yx, float)
    size = np.ptp(centres, axis=0)
    return centres.min(axis=0) + size * (0.5, x_share) + size / 8 * np.stack([np.sin(RING), np.cos(RING)], axis=1)


def take(panel: Any, mode: str, qtbot: Any, wait_for: Any) -> None:
    show_page(panel, "Domains")
    tools = panel.pages["domains"].tools
    wait_for(tools.isVisible)
    press(qtbot, tools.tools[mode])


def draw(panel: Any, x_share: float, qtbot: Any, wait_for: Any) -> Any:
    session, there = panel.desk.session, len(panel.desk.session.domains)
    wait_for(lambda: not panel.compare.laying_out and not panel._refit.isActive())
    take(panel, LASSO, qtbot, wait_for)
    Canvas(panel._viewer).drag(ring(panel, x_share))
    wait_for(lambda: len(session.domains) == there + 1)
    take(panel, PAN, qtbot, wait_for)
    return session.domains[-1]


def delete_layers(panel: Any) -> None:
    for layer in tuple(panel._viewer.layers):
        panel._viewer.layers.remove(layer)
    panel.desk.session.set_gene("KRT8")
    assert panel.compare.layer("measured") in panel._viewer.layers


def rename_layers(panel: Any) -> None:
    for layer in panel._viewer.layers:
        layer.name = "mine"
    panel.desk.session.set_gene("ACTB")
    assert panel.compare.layer("measured").name.startswith("ACTB")


def change_theme(panel: Any) -> None:
    for theme in ("light", "dark"):
        before = panel.styleSheet()
        panel._viewer.theme = theme
        assert panel.styleSheet() != before


def another_section_and_back(panel: Any) -> None:
    session = panel.desk.session
    first = session.source
    session.set_section(open_section(session.cohort.sections[1]))
    assert session.domains == ()
    session.set_section(open_section(first))


def run_twice(panel: Any) -> None:
    """The buttons are greyed out; what else would start is refused in words."""
    assert not panel.train_tab.train.isEnabled()
    assert not panel.predict_tab.predict.isEnabled()
    assert not panel.desk.open_source(panel.desk.session.cohort.sections[1])
    assert "still running" in panel.messages.text.text()
    panel.messages.clear()


@JOBS
def test_layers_themes_windows_and_sections(
    kind: str, make_panel: Callable[[], Any], model: Path, end: End, qtbot: Any, wait_for: Any
) -> None:
    panel = make_panel()
    session, runner = panel.desk.session, panel.desk.runner
    opened(panel, kind, model, wait_for)
    first = draw(panel, 0.3, qtbot, wait_for)
    start(panel, kind, qtbot, wait_for)
    wait_for(lambda: in_full_swing(panel, kind))

    def another_viewer(_: Any) -> None:
        other = make_panel()
        other.desk.session.set_section(open_section(session.source))
        other._viewer.close()

    for act in (delete_layers, rename_layers, change_theme, run_twice, another_section_and_back, another_viewer):
        act(panel)
        qtbot.wait(50)
        assert runner.running is not None
        assert session.domains == (first,)
    second = draw(panel, 0.7, qtbot, wait_for)
    wait_for(end.reached.is_set)
    end.free.set()
    wait_for(lambda: runner.running is None)
    assert panel.messages.isHidden() or panel.messages.property("kind") != "error", panel.messages.text.text()
    assert session.domains == (first, second)
    if kind == TRAINING:
        assert session.model_info.recipe == RECIPE
    else:
        assert session.provenance["covered"] == 1
        assert np.isfinite(session.prediction.X).all()
        wait_for(lambda: panel.compare.layer("predicted") is not None)


def test_a_domain_that_is_drawn_while_the_first_tiles_come_is_whole(
    make_panel: Callable[[], Any], model: Path, end: End, qtbot: Any, wait_for: Any
) -> None:
    """The second pane waits for the hand; the tool stays in it."""
    panel = make_panel()
    session, canvas = panel.desk.session, Canvas(panel._viewer)
    opened(panel, PREDICTING, model, wait_for)
    wait_for(lambda: not panel._refit.isActive())
    start(panel, PREDICTING, qtbot, wait_for)
    take(panel, LASSO, qtbot, wait_for)
    corners = ring(panel, 0.4)
    points = [canvas.at(*corner) for corner in corners]
    QTest.mousePress(canvas.widget, LEFT, NO_KEY, points[0])
    for n, point in enumerate(points[1:]):
        QTest.mouseMove(canvas.widget, point)
        qtbot.wait(20)
        if n == len(points) // 2:
            wait_for(lambda: session.prediction is not None)
            qtbot.wait(300)
    assert panel.compare.layer("predicted") is None
    QTest.mouseRelease(canvas.widget, LEFT, NO_KEY, points[-1])
    wait_for(lambda: len(session.domains) == 1)
    wanted = Polygon(corners[:, ::-1])
    assert session.domains[0].shape.intersection(wanted).area > 0.9 * wanted.area
    wait_for(lambda: panel.compare.layer("predicted") is not None)
    wait_for(lambda: not panel.compare.laying_out and not panel._refit.isActive())
    show_page(panel, "Domains")
    canvas.drag(ring(panel, 0.7))
    wait_for(lambda: len(session.domains) == 2)
    press(qtbot, panel.job.cancel)
    end.free.set()
    wait_for(lambda: panel.desk.runner.running is None)
    assert len(session.domains) == 2


def closed_in_full_swing(make: Any, kind: str, model: Path, qtbot: Any, wait_for: Any) -> tuple[list[Any], Any]:
    """Close a viewer while its job runs; return weak references to what it held, and the domain drawn before."""
    viewer = make(show=True)
    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    viewer.window.resize(1280, 800)
    qtbot.waitExposed(panel)
    runner, session = panel.desk.runner, panel.desk.session
    opened(panel, kind, model, wait_for)
    drawn = draw(panel, 0.3, qtbot, wait_for)
    start(panel, kind, qtbot, wait_for)
    wait_for(lambda: in_full_swing(panel, kind))
    held = [ref(session), ref(panel.compare), ref(panel.field), ref(annotating_of(viewer)), ref(panel), ref(runner)]
    viewer.close()
    wait_for(lambda: runner.running is None)
    qtbot.wait(50)
    return held, drawn


@JOBS
def test_a_closed_viewer_ends_its_job_and_leaves_what_was_done(
    kind: str, make_napari_viewer: Callable[..., Any], model: Path, end: End, qtbot: Any, wait_for: Any
) -> None:
    end.after_first_part = True
    held, drawn = closed_in_full_swing(make_napari_viewer, kind, model, qtbot, wait_for)
    wait_for(lambda: QThreadPool.globalInstance().activeThreadCount() == 0)
    gc.collect()
    assert [item() for item in held] == [None] * len(held)
    (path,) = data_folder().rglob("recovery/*/*.geojson")
    ((kept,), _) = read_domains(path)
    assert (kept.id, kept.name) == (drawn.id, drawn.name)
    assert kept.shape.equals_exact(drawn.shape, 0.01)
    if kind == TRAINING:
        (run,) = stopped_runs(sample_cohort())
        assert run.config.recipe == RECIPE
    else:
        (written,) = (data_folder() / "predictions").glob("*.h5ad")
        table = anndata.read_h5ad(written)
        assert 0 < table.uns["geneglass"]["covered"] < 1
        assert np.isfinite(table.X).all()
