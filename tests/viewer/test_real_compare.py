"""Measured against predicted on a real breast section: beside, subtracted, swiped, blinking, against the files."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from geneglass.viewer.panes import DIFFERENCE, MEASURED, PREDICTED
from geneglass.viewer.view_controls import ViewControls
from real_maps import ALIKE, Truth, abstained, are_painted, limits_of, middle, truth_of, words
from real_tissue import LEFT, Real
from shown_colours import Shown, apart, coloured

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "IGKC"
ALT, NO_KEY = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier


def test_maps(real: Real) -> None:
    real.page("Genes")
    real.show_gene(GENE)
    view, truth = real.panel.genes.findChild(ViewControls), truth_of(real, GENE)
    real.key(view.opacity, Qt.Key.Key_End)
    on_one_scale(real, truth)
    with_their_difference(real, view, truth)
    swiped(real, view, truth)
    blinking(real, view, truth)
    they_move_together(real, truth)


def on_one_scale(real: Real, truth: Truth) -> None:
    """Both maps have the values of the files, on one scale; titles and note say what is to be known of them."""
    limits = limits_of(truth.both)
    for side, values in ((MEASURED, truth.measured), (PREDICTED, truth.predicted)):
        layer = real.panel.compare.layer(side)
        np.testing.assert_allclose(layer.features["value"], values, rtol=1e-4)
        assert layer.face_contrast_limits == pytest.approx(limits, rel=1e-4)
    are_painted(real, limits, truth.measured, truth.predicted)
    assert f"ln(1 + counts per 10k): {words(limits)}" in real.note
    ratio = truth.predicted[truth.kept].std() / truth.measured[truth.kept].std()
    assert ratio < 1
    assert f"predicted spread {ratio:.2f} of measured" in real.note
    r = np.corrcoef(truth.measured[truth.kept], truth.predicted[truth.kept])[0, 1]
    titles = [side.title.long for side in real.panel.compare.view.sides.values()]
    assert titles == [f"{GENE} measured", f"{GENE} predicted, r = {r:.2f} (n = {truth.kept.sum()})"]
    real.look("maps_beside")


def they_move_together(real: Real, truth: Truth) -> None:
    """A drag and the wheel over the second map move the first one too."""
    slide, camera = real.slide, real.viewer.scene.camera
    limits = real.panel.compare.layer(MEASURED).face_contrast_limits
    are_painted(real, limits, truth.measured, truth.predicted)
    centre, zoom = np.array(camera.center), camera.zoom
    y, x = np.median(real.session.measured_places.centres_yx, axis=0)
    slide.wheel(y, x, 1, pane=1)
    real.hand.wait(lambda: camera.zoom > zoom)
    start = slide.at(y, x, pane=1)
    QTest.mousePress(slide.widget, LEFT, NO_KEY, start)
    for step in (10, 20, 30):
        # vispy leaves out moves that come within 10 ms.
        QTest.qWait(15)
        QTest.mouseMove(slide.widget, start + QPoint(step, step))
    QTest.mouseRelease(slide.widget, LEFT, NO_KEY, start + QPoint(30, 30))
    real.hand.wait(lambda: (np.array(camera.center)[1:] < centre[1:]).all())
    are_painted(real, limits, truth.measured, truth.predicted)
    real.look("maps_moved")


def next_mode(real: Real, view: ViewControls, expected: str) -> None:
    """Go to the next way of showing the maps, by its key."""
    real.key(real.slide.widget, Qt.Key.Key_M, ALT)
    assert view.panes.mode.currentText() == expected
    real.idle()


def with_their_difference(real: Real, view: ViewControls, truth: Truth) -> None:
    """A third map has predicted less measured, with zero in the middle of its colours."""
    next_mode(real, view, "With difference")
    layer = real.panel.compare.layer(DIFFERENCE)
    np.testing.assert_allclose(layer.features["value"], truth.difference, atol=1e-4)
    most = np.percentile(np.abs(truth.difference[truth.kept]), 99)
    assert layer.face_contrast_limits == pytest.approx((-most, most), rel=1e-4)
    are_painted(real, (-most, most), truth.difference, colourmap="RdBu_r", first=2)
    assert f"difference: {words((-most, most))}, red is predicted higher" in real.note
    real.look("maps_difference")
    real.unfold(view.scale)
    real.choose(view.scale.difference, "difference up to")
    real.type_number(view.scale.limit, "1.5")
    are_painted(real, (-1.5, 1.5), truth.difference, colourmap="RdBu_r", first=2)
    assert f"difference: {words((-1.5, 1.5))}" in real.note
    real.choose(view.difference, "PuOr_r")
    are_painted(real, (-1.5, 1.5), truth.difference, colourmap="PuOr_r", first=2)
    assert "orange is predicted higher" in real.note
    real.look("maps_difference_by_hand")
    real.choose(view.scale.difference, "difference: auto")


def swiped(real: Real, view: ViewControls, truth: Truth) -> None:
    """Left of the edge the measured map is seen and right of it the predicted one, wherever it is dragged."""
    next_mode(real, view, "Swipe")
    swipe, slide, mpp = real.panel.compare.swipe, real.slide, real.session.section.mpp
    y, _ = np.median(real.session.measured_places.centres_yx, axis=0)
    before = swipe.x / mpp
    is_cut(real, truth)
    slide.drag([(y, before), (y, before + 300), (y, before + 700)])
    assert swipe.x / mpp == pytest.approx(before + 700, abs=30)
    is_cut(real, truth)
    real.look("maps_swiped")
    pressed = swipe.x
    real.key(slide.widget, Qt.Key.Key_Left, ALT)
    assert swipe.x < pressed
    is_cut(real, truth)


def is_cut(real: Real, truth: Truth) -> None:
    """Assert that each place has the colour of its side of the edge."""
    centres = real.session.measured_places.centres_yx
    right_px = centres[:, 1] - real.panel.compare.swipe.x / real.session.section.mpp
    limits = real.panel.compare.layer(MEASURED).face_contrast_limits
    values = np.where(right_px < 0, truth.measured, truth.predicted)
    # A place under the edge itself is cut through.
    drawn = (np.abs(right_px) > 150) & (values > limits[0])
    sides = [middle(real, drawn & (right_px < 0)), middle(real, drawn & (right_px > 0) & ~abstained(real))]
    assert min(map(len, sides)) > 5
    rows = np.concatenate(sides)
    assert apart(Shown(real.viewer).at(centres[rows]), coloured(values[rows], *limits)).max() < ALIKE


def blinking(real: Real, view: ViewControls, truth: Truth) -> None:
    """The key W shows the predicted map in place of the measured one, and back; it goes on by itself too."""
    next_mode(real, view, "Blink")
    limits = real.panel.compare.layer(MEASURED).face_contrast_limits
    for side, values in ((MEASURED, truth.measured), (PREDICTED, truth.predicted)):
        assert real.panel.compare.blink.seen == side
        are_painted(real, limits, values)
        real.look(f"maps_blink_{side}")
        real.key(real.slide.widget, Qt.Key.Key_W)
    real.type_number(view.panes.seconds, "0.2")
    real.hand.click(view.panes.by_itself, QPoint(8, view.panes.by_itself.height() // 2))
    for side in (MEASURED, PREDICTED):
        real.hand.wait(lambda side=side: real.panel.compare.blink.seen == side)
    next_mode(real, view, "Side by side")
    assert not real.panel.compare.blink.by_itself
