"""The colour scale on a real breast section: typed values, percentiles, counts, what is clear, a scale of its own."""

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from geneglass.viewer.panes import MEASURED, PREDICTED
from geneglass.viewer.view_controls import ViewControls
from real_maps import ALIKE, Truth, are_painted, limits_of, middle, truth_of, words
from real_tissue import Real
from shown_colours import Shown, apart, coloured, tissue_at

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "IGKC"


def test_scale(real: Real) -> None:
    real.page("Genes")
    real.show_gene(GENE)
    view, truth = real.panel.genes.findChild(ViewControls), truth_of(real, GENE)
    real.key(view.opacity, Qt.Key.Key_End)
    real.unfold(view.scale)
    by_values(real, view.scale, truth)
    of_counts(real, view.scale, truth)
    by_percentiles(real, view.scale, truth)
    clear_where_low(real, view.scale, truth)
    of_the_prediction_alone(real, view.scale, truth)


def tick(real: Real, box: Any) -> None:
    """Tick a box, or take the tick away."""
    real.hand.click(box, QPoint(8, box.height() // 2))


def by_values(real: Real, scale: Any, truth: Truth) -> None:
    """Typed limits hold for both maps; what can not be is said."""
    real.choose(scale.range, "values")
    real.type_number(scale.low, "0.5")
    real.type_number(scale.high, "4")
    are_painted(real, (0.5, 4.0), truth.measured, truth.predicted)
    assert words((0.5, 4.0)) in real.note
    real.type_number(scale.low, "9")
    assert "9.00 is not under the last colour's 4.00" in scale.told.text()
    are_painted(real, (0.5, 4.0), truth.measured, truth.predicted)
    real.look("scale_values")


def of_counts(real: Real, scale: Any, truth: Truth) -> None:
    """Without the logarithm the same places have the first and the last colour, and those between are counts."""
    tick(real, scale.log)
    limits = float(np.expm1(0.5)), float(np.expm1(4.0))
    are_painted(real, limits, np.expm1(truth.measured), np.expm1(truth.predicted))
    assert "counts per 10k: " in real.note
    assert "ln(" not in real.note
    real.look("scale_counts")
    tick(real, scale.log)
    are_painted(real, (0.5, 4.0), truth.measured, truth.predicted)


def by_percentiles(real: Real, scale: Any, truth: Truth) -> None:
    """Percentiles are of both maps together."""
    real.choose(scale.range, "percentiles")
    real.type_number(scale.low, "20")
    real.type_number(scale.high, "90")
    are_painted(real, limits_of(truth.both, 20, 90), truth.measured, truth.predicted)
    real.look("scale_percentiles")


def clear_where_low(real: Real, scale: Any, truth: Truth) -> None:
    """Places at or below the threshold show the tissue of the slide's own file; without one they get a colour."""
    raised = round(float(np.median(truth.measured[middle(real)])), 1)
    real.type_number(scale.threshold, f"{raised}")
    assert f"transparent at or below {raised:.2f}" in real.note
    rows = middle(real)
    rows = rows[truth.measured[rows] < raised]
    assert len(rows) > 5
    centres = real.session.measured_places.centres_yx[rows]
    first = coloured(truth.measured[rows], *real.panel.compare.layer(MEASURED).face_contrast_limits)
    seen = Shown(real.viewer).at(centres)
    assert apart(seen, tissue_at(real.session.source.slide, centres)).mean() < apart(seen, first).min()
    real.look("scale_threshold")
    tick(real, scale.clear)
    assert "transparent" not in real.note
    limits = tuple(np.percentile(truth.both, (20, 90)))
    values = truth.measured[rows]
    assert apart(Shown(real.viewer).at(centres), coloured(values, *limits)).max() < ALIKE
    tick(real, scale.clear)
    assert f"transparent at or below {raised:.2f}" in real.note
    real.type_number(scale.threshold, "0.1")


def of_the_prediction_alone(real: Real, scale: Any, truth: Truth) -> None:
    """A scale of its own for the prediction is chosen by hand, and its title and the note say so."""
    assert not scale.own.isChecked()
    tick(real, scale.own)
    limits = [limits_of(values, 20, 90) for values in (truth.measured, truth.predicted)]
    for pane, values in enumerate((truth.measured, truth.predicted)):
        are_painted(real, limits[pane], values, first=pane)
    titles = [side.title.long for side in real.panel.compare.view.sides.values()]
    assert [title.endswith(", own scale") for title in titles] == [False, True]
    for side, pair in zip((MEASURED, PREDICTED), limits, strict=True):
        assert f"{side}: ln(1 + counts per 10k): {words(pair)}" in real.note
    real.look("scale_own")
