"""The boxes of the scale hold what is in force, and a sentence says so where something else was asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDoubleSpinBox

from geneglass.viewer.colour_scale import ColourScale, Look
from geneglass.viewer.scale_controls import PERCENTILES, VALUES, ScaleControls, in_force
from panels import press, show_both_maps


@pytest.fixture
def scale(panel: Any, small_cohort: Path, predicted: Callable[..., Any], qtbot: Any) -> ScaleControls:
    """Return the unfolded scale below the genes, with ERBB2 on both maps."""
    show_both_maps(panel.desk.session, small_cohort, predicted)
    found = panel.genes.findChild(ScaleControls)
    panel.tabs.setCurrentIndex(2)
    qtbot.waitUntil(found.parentWidget().isVisible)
    press(qtbot, found.parentWidget().button)
    panel.compare.set_look(threshold=None)
    return found


def type_in(box: QDoubleSpinBox, text: str) -> None:
    """Type over what a box holds, and press Enter."""
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def boxes(scale: ScaleControls) -> tuple[float, float]:
    return scale.low.value(), scale.high.value()


def test_limits_out_of_order_are_not_taken_and_that_is_said(panel: Any, scale: ScaleControls) -> None:
    scale.range.setCurrentText(VALUES)
    type_in(scale.high, "3")
    type_in(scale.low, "1")
    assert panel.compare.look.limits == boxes(scale) == (1, 3)
    assert scale.told.isHidden()
    type_in(scale.low, "9")
    assert panel.compare.look.limits == boxes(scale) == (1, 3)
    assert scale.told.isVisible()
    assert scale.told.text() == "9.00 is not under the last colour's 3.00: raise that one first. Nothing was changed."
    type_in(scale.high, "12")
    type_in(scale.low, "9")
    assert panel.compare.look.limits == boxes(scale) == (9, 12)
    assert scale.told.isHidden()
    type_in(scale.high, "0.5")
    assert boxes(scale) == (9, 12)
    assert scale.told.text() == "0.50 is not above the first colour's 9.00: lower that one first. Nothing was changed."
    panel.desk.session.set_gene("CD74")
    assert scale.told.isHidden()


def test_a_threshold_comes_back_with_its_tick(panel: Any, scale: ScaleControls) -> None:
    panel.compare.set_look(threshold=0.7)
    for threshold in (None, 0.7):
        QTest.mouseClick(scale.clear, Qt.MouseButton.LeftButton, pos=QPoint(8, scale.clear.height() // 2))
        assert (panel.compare.look.threshold, scale.threshold.value()) == (threshold, 0.7)


def test_a_percentile_is_at_most_100(panel: Any, scale: ScaleControls) -> None:
    assert scale.range.currentText() == PERCENTILES
    for typed, taken in (("90", 90), ("150", 15), ("100", 100)):
        # What would be more than 100 can not be typed.
        type_in(scale.high, typed)
        assert panel.compare.look.percentiles == boxes(scale) == (1, taken)
    scale.range.setCurrentText(VALUES)
    type_in(scale.high, "150")
    assert panel.compare.look.limits[1] == scale.high.value() == 150


def test_limits_under_what_is_clear_say_where_the_colours_run(panel: Any, scale: ScaleControls) -> None:
    scale.range.setCurrentText(VALUES)
    type_in(scale.high, "8")
    type_in(scale.low, "0")
    assert scale.told.isHidden()
    panel.desk.session.set_gene("RARE")
    panel.compare.set_look(threshold=0.4)
    assert panel.compare.view.scale.low == pytest.approx(0.4)
    assert plain(scale.told.text()) == "The colours run from 0.40 to 8.00: values at or below 0.40 are clear."


def test_the_difference_is_that_of_the_gene_that_is_shown(panel: Any, scale: ScaleControls) -> None:
    panel.compare.set_panes(mode="with difference")
    for gene in ("ERBB2", "CD74"):
        panel.desk.session.set_gene(gene)
        assert scale.limit.value() == pytest.approx(panel.compare.view.difference.high, abs=0.006)


def test_genes_shown_together_have_scales_of_their_own(panel: Any, scale: ScaleControls) -> None:
    panel.genes.channels.show(("ERBB2", "CD74"))
    assert "shown together have scales of their own" in scale.told.text()
    panel.genes.channels.clear()
    assert scale.told.isHidden()


@pytest.mark.parametrize(
    ("look", "found", "said"),
    [
        (Look(), None, ""),
        (Look(), ColourScale(0.1, 1.1, 0.1, empty=True), ""),
        (Look(threshold=None), ColourScale(0.0, 2.0, None), ""),
        (Look(), ColourScale(0.6, 2.0, 0.1), ""),
        (Look(), ColourScale(0.1, 2.0, 0.1), "The colours begin at 0.10: values at or below it are clear."),
        (Look(), ColourScale(0.0, 2.0, 0.0), "The colours begin at 0.00: values at or below it are clear."),
        (Look(limits=(1.0, 2.0)), ColourScale(1.0, 2.0, None), "Nothing is clear: lower values have the first colour."),
        (Look(threshold=None, limits=(1.0, 2.0)), ColourScale(0.5, 3.0, None), "The colours run from 0.50 to 3.00."),
        (
            Look(limits=(0.0, 0.05)),
            ColourScale(0.1, 2.0, 0.1),
            "The colours run from 0.10 to 2.00: values at or below 0.10 are clear.",
        ),
    ],
)
def test_what_is_in_force_is_said_where_it_is_not_what_was_asked(
    look: Look, found: ColourScale | None, said: str
) -> None:
    assert plain(in_force(look, found)) == said


def test_limits_beyond_all_counts_can_be_turned_into_counts() -> None:
    turned = Look(limits=(1.0, 800.0)).with_log(False)
    np.testing.assert_allclose(turned.limits, (np.expm1(1), 10_000))
    assert Look(limits=(700.0, 800.0)).with_log(False).limits is None


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")
