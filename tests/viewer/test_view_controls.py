"""The controls show the look of the maps and change it."""

from typing import Any

import pytest
from napari.components import ViewerModel

from geneglass.viewer.colour_scale import Look
from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.scale_controls import PERCENTILES, VALUES
from geneglass.viewer.view_controls import ViewControls


@pytest.fixture
def compare() -> Compare:
    viewer = ViewerModel()
    compare = compare_of(viewer)
    compare.viewer_kept_alive = viewer
    return compare


@pytest.fixture
def controls(qtbot: Any, compare: Compare) -> ViewControls:
    widget = ViewControls(compare)
    qtbot.addWidget(widget)
    return widget


def test_they_start_with_the_look_and_change_nothing(controls: ViewControls, compare: Compare) -> None:
    assert compare.look == Look()
    assert controls.colourmap.currentText() == Look().colourmap
    assert controls.scale.threshold.value() == Look().threshold


def test_every_control_changes_its_part(controls: ViewControls, compare: Compare) -> None:
    controls.colourmap.setCurrentText("magma")
    controls.opacity.setValue(40)
    controls.scale.threshold.setValue(0.5)
    controls.scale.high.setValue(95)
    assert compare.look == Look(threshold=0.5, percentiles=(1.0, 95.0), colourmap="magma", opacity=0.4)
    controls.scale.clear.setChecked(False)
    assert compare.look.threshold is None
    assert not controls.scale.threshold.isEnabled()


def test_fixed_values_instead_of_percentiles(controls: ViewControls, compare: Compare) -> None:
    controls.scale.range.setCurrentText(VALUES)
    controls.scale.high.setValue(4.5)
    assert compare.look.limits is not None
    assert compare.look.limits[1] == 4.5
    controls.scale.range.setCurrentText(PERCENTILES)
    assert compare.look.limits is None
    assert (controls.scale.low.value(), controls.scale.high.value()) == (1.0, 99.0)


def test_limits_out_of_order_wait(controls: ViewControls, compare: Compare) -> None:
    controls.scale.range.setCurrentText(VALUES)
    before = compare.look
    controls.scale.low.setValue(before.limits[1] + 1)
    assert compare.look == before
