"""In a real window: the whole tissue part by part, stopped and gone on with; doubt by a slider; the banner before."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.data.section import open_section
from geneglass.data.types import Region
from geneglass.workflow import blocks, dense
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.train import train
from panels import press


@pytest.fixture(scope="module")
def model(three_sections, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "ridge.safetensors"
    last = read_cohort(three_sections).sections[-1].name
    settings = TrainConfig(
        cohort=three_sections, out=out, recipe="ridge", panel_size=10, cross_fit=False, hold_out=(f"section:{last}",)
    )
    return finish(train(settings))


@pytest.fixture
def show(panel, wait_for):
    """Open a section, and choose a model."""

    def show(source, model):
        panel.desk.open_source(source)
        wait_for(lambda: panel.desk.runner.running is None and panel.desk.session.section is not None)
        panel.desk.session.set_model(model)
        # Whoever zooms does so on a slide that has been laid out; before, it is fitted once more.
        wait_for(lambda: not panel._refit.isActive())

    return show


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_PLACES", 4)
    monkeypatch.setattr(dense, "SLIDE_PLACES", 24)
    monkeypatch.setattr(dense.Pace, "due", lambda _: True)


def test_the_tissue_appears_in_view_first_is_stopped_and_gone_on_with(
    panel, three_sections, model, show, small_blocks, qtbot, wait_for
):
    session, tab, compare = panel.desk.session, panel.predict_tab, panel.compare
    show(read_cohort(three_sections).sections[-1], model)
    panel.field.centre_on((300.0, 900.0))
    view = panel.field.now()
    panel.field.go(replace(view, zoom=view.zoom * 6))
    tab.on_grid.setChecked(True)
    tab.stride_um.setValue(35)
    wanted = tab._growing.in_view()
    press(qtbot, tab.predict)
    wait_for(lambda: session.prediction is not None and np.isfinite(session.prediction.X).any())
    wait_for(lambda: compare.layer("predicted") is not None)
    um_yx = session.prediction.obsm["spatial"][:, ::-1] * session.section.mpp
    nearest = wanted.distance_um(um_yx).min()
    assert wanted.distance_um(um_yx[np.isfinite(session.prediction.X[:, 0])]).min() == nearest
    assert {str(symbol) for symbol in compare.layer("predicted").symbol} <= {"square", "cross"}
    # Whoever looks at a part of the slide goes on looking at it.
    qtbot.wait(250)
    np.testing.assert_allclose(panel.field.now().zoom, view.zoom * 6, rtol=0.01)
    press(qtbot, panel.job.cancel)
    wait_for(lambda: panel.desk.runner.running is None and not compare.laying_out)
    assert panel.messages.text.text().startswith("Stopped:")
    assert "predicted so far:" in panel._viewer.canvas.overlays.text.text.replace("\n", " ")
    covered = float(session.provenance["covered"])
    assert 0 < covered < 1
    panel.tabs.setCurrentIndex(1)
    assert tab.predict.text() == "Go on predicting"
    press(qtbot, tab.predict)
    wait_for(lambda: panel.desk.runner.running is None)
    assert session.provenance["covered"] == 1.0
    assert np.isfinite(session.prediction.X).all()
    assert "predicted so far" not in panel._viewer.canvas.overlays.text.text
    assert tab.predict.text() == "Predict genes"


def test_a_slider_marks_places_of_little_confidence(panel, small_cohort, predicted, show, model, qtbot):
    show(read_cohort(small_cohort).sections[0], model)
    session, compare = panel.desk.session, panel.compare
    made = predicted(session.section, spots=slice(None))
    made.obs["confidence"] = np.linspace(0, 1, made.n_obs).astype(np.float32)
    made.uns["geneglass"] |= {"calibrated": "calibrated on 2 held-out patients (80 places)", "abstain_below": 0.5}
    session.set_prediction(made)
    from geneglass.viewer.confidence_controls import ConfidenceControls

    (controls,) = panel.genes.findChildren(ConfidenceControls)
    layer = compare.layer("predicted")

    def crosses():
        return np.array([str(symbol) == "cross" for symbol in layer.symbol])

    np.testing.assert_array_equal(crosses(), made.obs["confidence"] < 0.5)
    assert not any(str(symbol) == "cross" for symbol in compare.layer("measured").symbol)
    note = panel._viewer.canvas.overlays.text.text.replace("\n", " ")
    assert "crosses: abstained at 50 % of the places (confidence under 0.50)" in note
    assert "calibrated on 2 held-out patients" in note
    controls.limit.setValue(80)
    np.testing.assert_array_equal(crosses(), made.obs["confidence"] < 0.8)
    controls.limit.setValue(0)
    assert not crosses().any()
    controls.as_map.setChecked(True)
    np.testing.assert_allclose(layer.features["value"], made.obs["confidence"], atol=1e-6)
    assert layer.name.startswith("Confidence")
    controls.as_map.setChecked(False)
    controls.usual.click()
    assert crosses().any()


def test_a_slide_unlike_the_training_slides_is_named_before_it_is_predicted(
    panel, three_sections, model, show, tmp_path, qtbot, wait_for
):
    check, button = panel.predict_tab.check, panel.predict_tab.predict
    source = read_cohort(three_sections).sections[-1]
    show(source, model)
    wait_for(lambda: check._known is not None and check._runner.running is None)
    assert check.concerns == ()
    assert not check.banner.isVisible()
    assert button.text() == "Predict genes"
    section = open_section(source)
    level = section.slide.levels[0]
    pixels = section.slide.read(Region(0, 0, 0, level.height_px, level.width_px))
    # Red and green exchanged, and pixels said to be six times as large.
    green = tmp_path / "green.ome.tif"
    write_pyramid(green, np.ascontiguousarray(pixels[..., [1, 0, 2]]), section.mpp * 6, tile=128)
    section.close()
    strange = replace(source, slide=green, spots=None, name="green")
    write_cohort(Cohort(tmp_path / "cohort.toml", (strange,)))
    panel.desk.open_path(tmp_path / "cohort.toml")
    wait_for(lambda: check.banner.isVisible())
    assert [concern.kind for concern in check.concerns][:2] == ["scale", "stain"]
    assert "6.0 times coarser" in check.text.text()
    assert "stained unlike" in check.text.text()
    assert button.text() == "Predict genes anyway"
    assert button.isEnabled()
