"""A real breast section predicted over its whole tissue: tile by tile, in view first, stopped, gone on with."""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from napari.layers import Image
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt

from geneglass.viewer.confidence_controls import ConfidenceControls
from geneglass.viewer.layers import RASTER_ABOVE
from geneglass.viewer.panes import MEASURED, PREDICTED
from geneglass.viewer.predict_tab import GO_ON, PREDICT, PREDICT_ANYWAY
from geneglass.viewer.view_controls import ViewControls
from geneglass.workflow import dense
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.dense import Part
from geneglass.workflow.embed import read_features
from geneglass.workflow.events import Event, Job, finish
from geneglass.workflow.predict import predict
from real_tissue import Real
from shown_colours import Shown, apart, coloured

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "IGKC"
STRIDE_UM, FINER = 120, 14
"""Step of the grid, and how many tiles of the raster go on an edge of one of its tiles."""
NOTCHES = 8
"""Of the wheel: an end of the tissue then fills the view."""
ALIKE = 16
"""Of 255: a colour that is painted may differ by this from the one of its value."""
FREE = (0.1, 0.5), (0.1, 0.8)
"""Shares of a pane's height and width between which nothing is written."""
SOME = 40
"""Places whose colours are looked at."""
Rows = NDArray[np.int64]
Pair = tuple[float, float]


@pytest.fixture
def caches(real: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return two caches that know the slides and nothing of their tissue; the window uses the first."""
    pyramids = Path(os.environ["GENEGLASS_CACHE"]) / "pyramids"
    made = [tmp_path / name for name in ("window", "apart")]
    for folder in made:
        folder.mkdir()
        (folder / "pyramids").symlink_to(pyramids)
    monkeypatch.setenv("GENEGLASS_CACHE", str(made[0]))
    return made


class Gate:
    """Holds a prediction before the first block of its grid that has no place in a part of the slide."""

    def __init__(self, real: Real) -> None:
        self.opened = threading.Event()
        now, size = real.panel.field.now(), np.array(real.panel.field.size_yx_px())
        self._low, self._high = now.centre_yx_px - size / 2, now.centre_yx_px + size / 2

    def read(self, section: Any, encoder: Any, centres_yx: Any, *, total: int = 0, **counted: int) -> Job[Any]:
        """Read a block as ever, once it may be."""
        within = ((centres_yx > self._low) & (centres_yx < self._high)).all(axis=1).any()
        # Places that stand for the whole slide are read without a total.
        if total and not within:
            assert self.opened.wait(60)
        return (yield from read_features(section, encoder, centres_yx, total=total, **counted))


@pytest.fixture
def gate(real: Real, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Return what holds a prediction once the part in view is read; each block is told as soon as it is read."""
    come_nearer_to_an_end_of_the_tissue(real)
    gate, due = Gate(real), dense.Pace.due
    monkeypatch.setattr(dense, "read_features", gate.read)
    monkeypatch.setattr(dense.Pace, "due", lambda pace: due(pace) or not gate.opened.is_set())
    yield gate
    gate.opened.set()


class Told:
    """What the window hears of a prediction: the places of its parts, and how many are read at each step."""

    def __init__(self) -> None:
        self.parts: list[Rows] = []
        self.read: list[int] = []

    def take(self, events: Sequence[Event]) -> None:
        self.read += [event.done for event in events if event.stage.startswith("Reading the tissue")]
        self.parts += [event.rows for event in events if isinstance(event, Part)]

    @property
    def rows(self) -> Rows:
        return np.concatenate([np.empty(0, np.int64), *self.parts])


def test_the_whole_tissue(
    real: Real, caches: list[Path], gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.load_model(monkeypatch)
    real.page("Genes")
    real.show_gene(GENE)
    real.key(real.panel.genes.findChild(ViewControls).opacity, Qt.Key.Key_End)
    told = Told()
    real.panel.desk.runner.progressed.connect(told.take)
    begin(real)
    what_is_in_view_comes_first(real, told)
    so_far = stop(real, gate)
    go_on(real, so_far)
    it_is_as_one_that_was_never_stopped(real, caches[1], tmp_path, monkeypatch)
    it_can_not_be_taken_for_measured_spots(real)
    more_tiles_than_points_can_show(real, tmp_path)


def come_nearer_to_an_end_of_the_tissue(real: Real) -> None:
    centres = np.asarray(real.session.measured_places.centres_yx, float)
    end = centres[np.abs(centres - np.median(centres, axis=0)).sum(axis=1).argmax()]
    camera = real.viewer.scene.camera
    first = camera.zoom
    for _ in range(NOTCHES):
        before = camera.zoom
        real.slide.wheel(*end, 1)
        real.hand.wait(lambda before=before: camera.zoom > before)
    assert camera.zoom > 3 * first


def begin(real: Real) -> None:
    """Choose the grid and its step, and press the button, under what is said of this slide."""
    tab = real.panel.predict_tab
    real.page("Predict")
    real.hand.wait(lambda: not tab.check.pending)
    assert tab.check.banner.isVisible() == bool(tab.check.concerns)
    real.hand.click(tab.on_grid, QPoint(8, tab.on_grid.height() // 2))
    real.type_number(tab.stride_um, f"{STRIDE_UM}")
    real.look("ready")
    assert tab.predict.text() == (PREDICT_ANYWAY if tab.check.concerns else PREDICT)
    real.hand.click(tab.predict)


def in_view(real: Real, rows: Rows, y_shares: Pair = (0, 1), x_shares: Pair = (0, 1)) -> Rows:
    """Return those of some rows of the prediction that are seen in a part of a pane, by shares of its size."""
    height, width = real.viewer.canvas.viewbox_size(real.viewer.layers)
    slide = real.slide
    points = [slide.at(y, x) for x, y in real.session.prediction.obsm["spatial"][rows]]
    shares = np.array([(point.y() / height, point.x() / width) for point in points])
    low, high = np.array([y_shares, x_shares]).T
    return rows[((shares > low) & (shares < high)).all(axis=1)]


def there(real: Real) -> Rows:
    """Return the rows that are predicted."""
    return np.flatnonzero(np.isfinite(np.asarray(real.session.prediction.X)[:, 0]))


def covered(real: Real) -> float:
    return float(real.session.provenance.get("covered", 0))


def what_is_in_view_comes_first(real: Real, told: Told) -> None:
    """The part in view is predicted and painted while the rest is still to come."""
    real.hand.wait(lambda: bool(told.parts) and not real.session.on_spots)
    seen = in_view(real, np.arange(real.session.prediction.n_obs))
    real.hand.wait(lambda: len(seen) > 0 and bool(np.isin(seen, told.rows).all()))
    assert all(np.isin(rows, seen).any() for rows in told.parts)
    assert covered(real) < 0.5
    real.look("growing")
    is_painted(real, seen)


def is_painted(real: Real, rows: Rows, off_middle_px: float = 0.0) -> None:
    """Assert that tiles have the colours of their values, on the slide at the right, where no text lies over it."""
    rows = in_view(real, rows, *FREE)
    places = real.session.predicted_places.centres_yx + off_middle_px

    def painted() -> bool:
        values, layer = np.asarray(real.session.predicted(GENE), float), real.panel.compare.layer(PREDICTED)
        low, high = layer.contrast_limits if isinstance(layer, Image) else layer.face_contrast_limits
        some = rows[values[rows] > low][:SOME]
        seen = Shown(real.viewer).at(places[some], pane=1)
        return len(some) > 5 and apart(seen, coloured(values[some], low, high)).max() < ALIKE

    real.hand.wait(painted, 10)


def stop(real: Real, gate: Gate) -> NDArray[np.float32]:
    """Press Cancel: what was there stays, and is seen; return it."""
    before, seen = np.array(real.session.prediction.X), there(real)
    real.hand.click(real.panel.job.cancel)
    gate.opened.set()
    real.idle()
    assert real.panel.messages.text.text().startswith("Stopped:")
    so_far = np.array(real.session.prediction.X)
    np.testing.assert_array_equal(so_far[seen], before[seen])
    assert covered(real) == pytest.approx(len(there(real)) / len(so_far))
    assert 0 < covered(real) < 1
    assert f"predicted so far: {100 * covered(real):.0f}" in real.note
    is_painted(real, seen)
    real.look("stopped")
    return so_far


def go_on(real: Real, so_far: NDArray[np.float32]) -> None:
    """Go on from where it was stopped: of what had been read, nothing is read again."""
    tab, told = real.panel.predict_tab, Told()
    real.page("Predict")
    assert tab.predict.text() == GO_ON
    real.look("to_go_on")
    real.panel.desk.runner.progressed.connect(told.take)
    real.run(tab.predict)
    was_there = np.flatnonzero(np.isfinite(so_far[:, 0]))
    assert set(was_there) <= set(told.parts[0])
    assert min(done for done in told.read if done > 256) > len(was_there)
    assert covered(real) == 1
    assert tab.predict.text() == (PREDICT_ANYWAY if tab.check.concerns else PREDICT)
    assert "predicted so far" not in real.note


def it_is_as_one_that_was_never_stopped(real: Real, cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEGLASS_CACHE", str(cache))
    asked = PredictConfig(real.study.model, f"{real.study.cohort}#C4", folder / "whole.h5ad", stride_um=STRIDE_UM)
    whole, made = finish(predict(asked)), real.session.prediction
    assert list(made.obs_names) == list(whole.obs_names)
    np.testing.assert_allclose(made.X, whole.X, rtol=1e-5, atol=1e-5)
    for name in ("confidence", "abstained"):
        np.testing.assert_allclose(made.obs[name].astype(float), whole.obs[name].astype(float), atol=1e-5)


def it_can_not_be_taken_for_measured_spots(real: Real) -> None:
    """Measured places are discs; predicted ones fill a square, and are crosses only where they are doubtful."""
    kinds = [{str(symbol) for symbol in real.panel.compare.layer(side).symbol} for side in (MEASURED, PREDICTED)]
    assert kinds[0] == {"disc"}
    assert kinds[1] <= {"square", "cross"}
    real.page("Genes")
    controls = real.panel.genes.findChild(ConfidenceControls)
    real.unfold(controls)
    real.key(controls.limit, Qt.Key.Key_Home)
    assert {str(symbol) for symbol in real.panel.compare.layer(PREDICTED).symbol} == {"square"}
    is_painted(real, there(real), 0.4 * STRIDE_UM / real.session.section.mpp)
    real.look("squares")


def more_tiles_than_points_can_show(real: Real, folder: Path) -> None:
    """A prediction of more than 100,000 tiles is dropped, and is seen as a raster by itself."""
    coarse = real.session.prediction[:, [GENE]]
    steps = (np.arange(FINER) - (FINER - 1) / 2) * (STRIDE_UM / FINER) / real.session.section.mpp
    shifts = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    n = coarse.n_obs * len(shifts)
    obs = coarse.obs.loc[coarse.obs_names.repeat(len(shifts))].set_axis([f"tile_{row}" for row in range(n)])
    fine = anndata.AnnData(np.repeat(np.asarray(coarse.X), len(shifts), axis=0), obs=obs, var=coarse.var)
    fine.obsm["spatial"] = (coarse.obsm["spatial"][:, None] + shifts).reshape(-1, 2)
    fine.uns["geneglass"] = {**coarse.uns["geneglass"], "stride_um": STRIDE_UM / FINER}
    assert fine.n_obs > RASTER_ABOVE
    fine.write_h5ad(folder / "fine.h5ad")
    real.drop(folder / "fine.h5ad")
    assert real.session.prediction.n_obs == n
    assert isinstance(real.panel.compare.layer(PREDICTED), Image)
    middle = len(shifts) // 2 + FINER // 2
    is_painted(real, np.arange(middle, n, len(shifts)))
    real.look("raster")
