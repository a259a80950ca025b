"""Where a prediction of a real section is not to be relied on, by its file; and a slide unlike those of training."""

from typing import Any

import anndata
import numpy as np
import pytest
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt

from geneglass.viewer.confidence_controls import ConfidenceControls
from geneglass.viewer.doubt import percent
from geneglass.viewer.panes import PREDICTED
from geneglass.viewer.view_controls import ViewControls
from real_maps import ALIKE, limits_of, prediction_of, truth_of
from real_tissue import CONTROL, N_GENES, Real
from shown_colours import Shown, apart, coloured

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "IGKC"
DISC = 24
"""Pixels of a place's colour: a disc has more, a cross of half its size fewer."""
PAGE = 0.1
"""What a press of Page Up adds to the limit."""


def test_confidence(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    real.page("Genes")
    real.show_gene(GENE)
    real.key(real.panel.genes.findChild(ViewControls).opacity, Qt.Key.Key_End)
    controls = real.panel.genes.findChild(ConfidenceControls)
    where_the_model_abstains(real, controls)
    below_a_limit_of_ones_own(real, controls)
    as_a_map(real, controls)
    a_slide_unlike_those_of_training(real, monkeypatch)


def a_slide_unlike_those_of_training(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is predicted a banner names what is unlike; nobody is kept from it."""
    tab = real.panel.predict_tab
    real.load_model(monkeypatch)
    real.hand.wait(lambda: not tab.check.pending)
    # C4 has the scale and the stain of its sisters, however little the model trusts itself on it.
    assert {concern.kind for concern in tab.check.concerns} <= {"tissue"}
    real.look("predict_alike")
    real.key(real.panel.tabs.tabBar(), Qt.Key.Key_PageUp, CONTROL)
    real.hand.wait(lambda: real.session.source.name == "A1")
    real.idle()
    real.page("Predict")
    a_banner_says_why(real, tab)
    predicted_all_the_same(real, tab)


def confidence_of(real: Real, section: str = "C4") -> NDArray[np.float32]:
    made = prediction_of(real.study.predictions[section])
    stated: NDArray[np.float32] = made.obs["confidence"].to_numpy(np.float32)
    return stated


def are_crosses(real: Real, marked: NDArray[np.bool_]) -> None:
    """Assert that the marked places are crosses on the predicted map, all others discs; on the measured one none."""
    truth, places = truth_of(real, GENE), real.session.measured_places.centres_yx
    shown, limits = Shown(real.viewer), limits_of(truth.both)
    for pane, values, crossed in ((0, truth.measured, np.zeros_like(marked)), (1, truth.predicted, marked)):
        # In the upper half of the scale, which is green to yellow: no tissue is.
        rows = np.flatnonzero(values > np.mean(limits))
        colours = coloured(values[rows], *limits)
        counts = [shown.count(place, colour, pane, 5) for place, colour in zip(places[rows], colours, strict=True)]
        np.testing.assert_array_equal(np.array(counts) < DISC, crossed[rows])


def where_the_model_abstains(real: Real, controls: ConfidenceControls) -> None:
    """The note names the places that are left open, and on what the confidence was calibrated."""
    made, confidence = prediction_of(real.study.predictions["C4"]), confidence_of(real)
    marked = confidence < 0.5
    np.testing.assert_array_equal(marked, made.obs["abstained"].to_numpy(bool))
    are_crosses(real, marked)
    assert f"crosses: abstained at {percent(marked.mean())} of the places (confidence under 0.50)" in real.note
    assert f"{percent((confidence == 0).mean())} look like nothing the model was trained on" in real.note
    stated = made.uns["geneglass"]["calibrated"]
    assert stated.startswith("calibrated on 2 held-out sections")
    assert f"confidence {stated}" in real.note
    real.unfold(controls)
    assert controls.told.text().startswith(f"Marked: {percent(marked.mean())} of the places. Confidence calibrated")
    real.look("confidence_abstained")


def below_a_limit_of_ones_own(real: Real, controls: ConfidenceControls) -> None:
    """The slider marks more or fewer, none at all, and goes back to where the model abstains."""
    confidence = confidence_of(real)
    real.key(controls.limit, Qt.Key.Key_Home)
    are_crosses(real, np.zeros(len(confidence), bool))
    assert "crosses" not in real.note
    for _ in range(3):
        real.key(controls.limit, Qt.Key.Key_PageUp)
    marked = confidence < 3 * PAGE
    assert 0 < marked.sum() < (confidence < 0.5).sum()
    are_crosses(real, marked)
    assert controls.value.text() == "0.30"
    assert f"crosses: confidence under 0.30 at {percent(marked.mean())} of the places" in real.note
    assert "abstained" not in real.note
    real.look("confidence_limit")
    real.hand.click(controls.usual)
    are_crosses(real, confidence < 0.5)


def as_a_map(real: Real, controls: ConfidenceControls) -> None:
    """In place of the predicted gene every place has the colour of its confidence, from 0 to 1."""
    real.hand.click(controls.as_map, QPoint(8, controls.as_map.height() // 2))
    confidence, places = confidence_of(real), real.session.measured_places.centres_yx
    discs = confidence >= 0.5
    seen = Shown(real.viewer).at(places[discs], 1)
    assert apart(seen, coloured(confidence[discs], 0, 1)).max() < ALIKE
    assert real.panel.compare.layer(PREDICTED).name.startswith("Confidence")
    real.look("confidence_map")
    real.hand.click(controls.as_map, QPoint(8, controls.as_map.height() // 2))
    assert real.panel.compare.layer(PREDICTED).name.startswith(f"{GENE} predicted")


def a_banner_says_why(real: Real, tab: Any) -> None:
    """A1 is a reduced picture of another patient's tissue, its background blacked out: its scale is named."""
    real.hand.wait(lambda: tab.check.banner.isVisible())
    assert real.session.prediction is None
    assert tab.check.heading.text() == "Unlike the training slides"
    mpp = real.session.section.mpp
    # The pitch of the array is 200 um, and 217 px in the raw picture, of which this is 2000 / 6954.
    assert mpp == pytest.approx(200 / 217 * 6954 / 2000, rel=0.02)
    finest = real.session.model_info.sections
    times = mpp / max(section.mpp for section in finest)
    assert times > 4
    told = tab.check.text.text()
    assert f"A1 has {mpp:.3g} µm per pixel, {times:.1f} times coarser than the training slides (0.686 to 0.689" in told
    assert told.endswith("You can predict all the same.")
    assert tab.predict.text() == "Predict genes anyway"
    real.look("predict_unlike")


def predicted_all_the_same(real: Real, tab: Any) -> None:
    """Who presses the button gets the prediction of the file, and a note of what is unlike all that was learned."""
    real.run(tab.predict)
    absent = set(real.session.model_info.genes) - set(real.file_of("A1")[0].columns)
    assert len(absent) == 1
    told = real.panel.messages.text.text()
    assert f"1 of the {N_GENES} genes of {real.study.model.name} was not measured in A1: no r there." in told
    real.page("Genes")
    made = anndata.read_h5ad(real.study.predictions["A1"])
    real.show_gene(GENE)
    predicted = real.session.predicted(GENE)
    np.testing.assert_allclose(predicted, made[real.session.measured_places.names, GENE].X[:, 0], atol=1e-4)
    strange = float((made.obs["confidence"] == 0).mean())
    assert strange > 0.1
    assert f"{percent(strange)} look like nothing the model was trained on" in real.note
    real.look("predicted_unlike")
