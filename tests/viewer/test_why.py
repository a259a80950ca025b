"""The page Why in a real window: a click on the slide shows who voted, a click on a patch where it voted."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from geneglass.data.cohort import Cohort, read_cohort
from geneglass.viewer.rings import percent
from geneglass.viewer.selection import selection_of
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train
from make_cohort import make_cohort
from tour.canvas import Canvas
from tour.pictures import show_page, wait_until

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def two_sections(tmp_path_factory):
    """Return the cohort.toml of two small sections."""
    folder = tmp_path_factory.mktemp("two_sections")
    return make_cohort(folder, seed=7, sections=("Ada", "Cleo"), size_um=(650, 850), n_genes=30)


@pytest.fixture
def answered(two_sections, tmp_path):
    """Return a model that retrieves from "Ada", and its prediction of "Cleo"."""
    model = tmp_path / "bleep.safetensors"
    quick = {"epochs": 1, "validate": False, "k": 14}
    asked = TrainConfig(
        cohort=two_sections,
        out=model,
        recipe="bleep",
        settings=quick,
        hold_out=("section:Cleo",),
        panel_size=6,
        cross_fit=False,
    )
    finish(train(asked))
    return model, finish(predict(PredictConfig(model=model, section=f"{two_sections}#Cleo", out=tmp_path / "p.h5ad")))


@pytest.fixture
def why(panel, qtbot, two_sections, answered):
    model, prediction = answered
    session, cohort = panel.desk.session, read_cohort(two_sections)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[-1])
    session.set_model(model)
    session.set_prediction(prediction)
    session.set_gene(prediction.var_names[0])
    show_page(panel, "Why")
    qtbot.wait(300)
    return panel, panel._viewer, panel.pages["why"]


def test_from_a_place_to_its_votes_and_back(why, answered):
    a_click_shows_who_voted(*why)
    a_patch_shows_where_it_voted(*why)
    what_is_missing_is_said(*why, answered[1])


def a_click_shows_who_voted(panel, viewer, page):
    session, selection = panel.desk.session, selection_of(viewer)
    row, gene, other = 12, session.gene, session.prediction.var_names[1]
    assert "Click a spot" in page.place.text()
    Canvas(viewer).click(*session.section.centres_yx[row], pane=1)
    assert selection.place == ("predicted", row)
    wait_until(lambda: page.explanation is not None)
    found, predicted = page.explanation, session.predicted(gene)[row]
    assert found.question.place == session.measured_places.names[row]
    assert {vote.section for vote in found.votes} == {"Ada"}
    assert found.mean == pytest.approx(predicted, abs=1e-4)
    assert f"predicted {predicted:.2f}" in page.place.text()
    assert page.votes.count() == 12
    assert f"{gene} {found.votes[0].value:.2f}" in page.votes.item(0).text()
    assert f"Patient {session.cohort.sections[0].patient}" in page.votes.item(0).toolTip()
    assert not page.missing.text()
    (ring,) = {tuple(layer.data[0]) for layer in viewer.layers if layer.name.startswith("marks")}
    np.testing.assert_allclose(ring, session.section.centres_yx[row])
    QTest.mouseClick(page.more, LEFT)
    wait_until(lambda: page.votes.count() == 14)
    assert not page.more.isVisible()
    session.set_gene(other)
    wait_until(lambda: other in page.votes.item(0).text())


def a_patch_shows_where_it_voted(panel, viewer, page):
    session = panel.desk.session
    QTest.mouseClick(page.votes.viewport(), LEFT, pos=page.votes.visualItemRect(page.votes.item(0)).center())
    QTest.keyClick(page.votes, Qt.Key.Key_Right)
    row = page.votes.reference()
    assert row == page.explanation.votes[1].row
    names, weights = page.reading.explainer().voted(row)
    assert f"votes at {len(names)} places" in page.voted.text()
    layer = next(layer for layer in viewer.layers if layer.name.startswith("marks"))
    places = np.flatnonzero(np.isin(session.measured_places.names.astype(str), names.astype(str)))
    ringed, there = layer.data[1:], session.section.centres_yx[places]
    np.testing.assert_allclose(ringed[np.lexsort(ringed.T)], there[np.lexsort(there.T)], rtol=1e-6)
    assert f"to {percent(weights.max())}" in page.voted.text()
    written = [text for text in layer.features["label"] if text]
    assert written
    assert {percent(weight) for weight in weights}.issuperset(written)


def what_is_missing_is_said(panel, viewer, page, prediction):
    """Without the reference's slide, without its model, and with a recipe that looks nothing up."""
    session, selection = panel.desk.session, selection_of(viewer)
    session.set_cohort(Cohort(session.cohort.path, session.cohort.sections[-1:]))
    session.set_prediction(prediction.copy())
    show_page(panel, "Why")
    selection.set_place("predicted", 3)
    wait_until(lambda: "The slide of Ada is not at hand" in page.missing.text())
    assert page.cohort.isVisible()

    foreign = prediction.copy()
    foreign.uns["geneglass"] = dict(foreign.uns["geneglass"]) | {"model_hash": "another"}
    session.set_prediction(foreign)
    show_page(panel, "Why")
    selection.set_place("predicted", 4)
    wait_until(lambda: "is not at hand: choose it" in page.place.text())
    assert page.model.isVisible()

    bare = prediction.copy()
    del bare.obsm["neighbour_rows"]
    session.set_prediction(bare)
    show_page(panel, "Why")
    selection.set_place("predicted", 5)
    assert "looks up no reference patches" in page.place.text()
    assert not page.votes.isVisible()
