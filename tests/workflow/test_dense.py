"""A grid over the tissue grows block by block, in view first; a stop keeps what is there and the next run goes on."""

from dataclasses import replace

import anndata
import numpy as np
import pytest

from geneglass.data.cache import cache_root
from geneglass.data.cohort import read_cohort
from geneglass.model.make import make_encoder
from geneglass.workflow import blocks, dense
from geneglass.workflow.blocks import View
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.dense import Pace, Part
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train

VIEW = View(500, 700, 650, 800)
DUE = Pace.due
SMALL_BLOCK, FEW_PLACES = 4, 24


@pytest.fixture(scope="module", autouse=True)
def _small():
    """Blocks of a few places, and each of them told however fast this machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_PLACES", SMALL_BLOCK)
        patch.setattr(dense, "SLIDE_PLACES", FEW_PLACES)
        patch.setattr(Pace, "due", lambda _: True)
        yield


@pytest.fixture(scope="module")
def whole(tiny_cohort, tmp_path_factory):
    """A prediction from nothing to its end: its config, the parts it told, its table, and where its cache lies."""
    folder = tmp_path_factory.mktemp("whole")
    out = folder / "ridge.safetensors"
    finish(train(TrainConfig(cohort=tiny_cohort, out=out, recipe="ridge", panel_size=20, cross_fit=False)))
    name = read_cohort(tiny_cohort).sections[-1].name
    config = PredictConfig(model=out, section=f"{tiny_cohort}#{name}", out=folder / "p.h5ad", stride_um=75.0)
    return config, *parts_of(predict(config, VIEW)), cache_root()


@pytest.fixture
def config(whole, tmp_path) -> PredictConfig:
    return replace(whole[0], out=tmp_path / "p.h5ad")


def parts_of(job, stop_after: int | None = None):
    """Run a job, to its end or until so many parts were told; return these parts and the result."""
    parts, result = [], None
    try:
        while stop_after is None or len(parts) < stop_after:
            event = next(job)
            if isinstance(event, Part):
                event.take()
                parts.append(event)
    except StopIteration as stop:
        result = stop.value
    job.close()
    return parts, result


def test_parts_come_in_view_first_and_cover_everything_once(whole):
    _, parts, result, _ = whole
    um_yx = result.obsm["spatial"][:, ::-1] * result.uns["geneglass"]["mpp"]
    rows = np.concatenate([part.rows for part in parts])
    assert np.array_equal(np.sort(rows), np.arange(result.n_obs))
    assert len(parts) > 6
    distances = [VIEW.distance_um(um_yx[part.rows]).min() for part in parts]
    assert distances == sorted(distances)
    assert distances[0] == 0
    assert result.uns["geneglass"]["covered"] == 1.0


def test_a_part_is_close_to_what_the_whole_gives(whole):
    _, parts, result, _ = whole
    grown, first = parts[-1].table, parts[0].rows
    assert all(part.table is grown for part in parts)
    assert np.isfinite(grown.X).all()
    # Only the surroundings were missing, and the slide was known from a few places.
    apart = np.abs(grown.X[first] - result.X[first]).mean()
    assert apart < 0.25 * np.abs(result.X - result.X.mean(axis=0)).mean()


def test_the_view_changes_nothing_in_the_end(whole, config, monkeypatch):
    monkeypatch.setenv("GENEGLASS_CACHE", str(whole[3]))
    np.testing.assert_array_equal(finish(predict(config)).X, whole[2].X)


def test_a_stop_keeps_what_is_there_and_says_how_much(config):
    parts, _ = parts_of(predict(config, VIEW), 3)
    table = anndata.read_h5ad(config.out)
    rows = np.sort(np.concatenate([part.rows for part in parts]))
    whole = parts[0].table
    assert list(table.obs_names) == list(whole.obs_names[rows])
    assert np.isfinite(table.X).all()
    np.testing.assert_array_equal(table.X, whole.X[rows])
    np.testing.assert_array_equal(table.obs["confidence"], whole.obs["confidence"].iloc[rows])
    assert table.uns["geneglass"]["covered"] == pytest.approx(len(rows) / whole.n_obs)
    assert 0 < table.uns["geneglass"]["covered"] < 1
    assert [path.name for path in config.out.parent.iterdir()] == [config.out.name]


def test_the_next_run_goes_on_and_ends_as_if_never_stopped(whole, config, monkeypatch):
    parts, _ = parts_of(predict(config, VIEW), 3)
    kept = sum(len(part.rows) for part in parts)
    encoder = type(make_encoder("texture"))
    seen, original = [], encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda self, p: seen.append(len(p[0])) or original(self, p))
    again, result = parts_of(predict(replace(config, resume=True), View(0, 0, 10, 10)))
    assert len(again[0].rows) == kept
    assert sum(seen) == result.n_obs - kept
    np.testing.assert_array_equal(result.X, whole[2].X)
    assert anndata.read_h5ad(config.out).n_obs == result.n_obs


def test_a_stop_never_replaces_a_finished_prediction(whole, monkeypatch):
    config = whole[0]
    monkeypatch.setenv("GENEGLASS_CACHE", str(whole[3]))
    before = config.out.read_bytes()
    job = predict(config)
    while not next(job).stage.startswith("Predicting"):
        pass
    job.close()
    assert config.out.read_bytes() == before


def test_a_stop_before_the_first_part_writes_nothing(config):
    job = predict(config)
    while next(job).stage != "Opening the section":
        pass
    job.close()
    assert not config.out.exists()


def test_parts_come_less_often_where_showing_is_slow(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(Pace, "due", DUE)
    monkeypatch.setattr(dense.time, "monotonic", lambda: now[0])
    pace = Pace(share=0.1)
    pace.took(2.0)
    now[0] = 19.0
    assert not pace.due()
    now[0] = 20.0
    assert pace.due()
