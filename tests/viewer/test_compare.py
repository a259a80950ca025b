"""The maps of a viewer, on napari's viewer model: no window is needed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points

from geneglass.overlay import NO_SIGNAL_RGBA
from geneglass.viewer.compare import MEASURED, PREDICTED, SLIDE, SLIDE_BESIDE, Compare

Predicted = Callable[..., Any]


@pytest.fixture
def viewer() -> ViewerModel:
    """Return a viewer whose canvas has napari's own size."""
    return ViewerModel()


def points(compare: Compare, side: str) -> Points:
    layer = compare.layer(side)
    assert isinstance(layer, Points)
    return layer


def test_spots_lie_over_the_slide_in_micrometres(compare: Compare, viewer: ViewerModel) -> None:
    slide, spots = compare.layer(SLIDE), points(compare, MEASURED)
    assert slide is not None
    assert np.allclose(slide.scale, 0.8)
    assert {str(unit) for layer in viewer.layers for unit in layer.units} == {"micrometer"}
    # 40, 30 is the first spot's centre from the slide's corner; the viewer counts from the middle of the first pixel.
    assert np.allclose(spots.data_to_world(spots.data[0]), (np.array([40, 30]) - 0.5) * 0.8)
    assert np.allclose(slide.extent.world[1], np.array([320, 480]) * 0.8, atol=0.8)
    assert not viewer.canvas.grid.enabled


def test_without_a_gene_the_places_are_thin_circles(compare: Compare) -> None:
    spots = points(compare, MEASURED)
    assert spots.name == "40 measured spots"
    assert not spots.face_color[:, 3].any()
    assert (spots.border_width > 0).all()
    compare.session.set_gene("ERBB2")
    assert spots.face_color[:, 3].any()
    assert not spots.border_width.any()
    compare.session.set_gene(None)
    assert not spots.face_color[:, 3].any()
    assert (spots.border_width > 0).all()
    assert not spots.face_colorbar.visible


def test_two_panes_slide_under_points_same_arrays(both: Compare, viewer: ViewerModel) -> None:
    assert list(viewer.layers) == [both.layer(role) for role in (SLIDE, MEASURED, SLIDE_BESIDE, PREDICTED)]
    grid = viewer.canvas.grid
    assert (grid.enabled, grid.shape, grid.stride) == (True, (1, 2), 2)
    columns = [grid.position(i, viewer.layers)[1] for i in range(4)]
    assert columns == [0, 0, 1, 1]
    first, second = both.layer(SLIDE), both.layer(SLIDE_BESIDE)
    assert isinstance(first, Image)
    assert isinstance(second, Image)
    assert [level.name for level in first.data] == [level.name for level in second.data]


def test_every_pane_has_scale_bar_colour_bar_and_note(both: Compare, viewer: ViewerModel) -> None:
    overlays = viewer.canvas.overlays
    assert overlays.scale_bar.visible
    assert overlays.scale_bar.gridded
    assert overlays.text.gridded
    assert "ln(1 + counts per 10k)" in overlays.text.text
    assert "transparent at or below 0.10" in overlays.text.text
    assert "rings: 1 spot under 500 counts" in overlays.text.text
    for side in (MEASURED, PREDICTED):
        assert points(both, side).face_colorbar.visible
        assert points(both, side).name_overlay.visible


def test_sides_share_limits_and_are_joined_by_name(both: Compare) -> None:
    measured, predicted_side = points(both, MEASURED), points(both, PREDICTED)
    assert measured.face_contrast_limits == predicted_side.face_contrast_limits
    # The file has the spots in reverse order; its values rise with x, as the spots of the layer must.
    values = predicted_side.features["value"].to_numpy()
    assert np.allclose(values, 2 + predicted_side.data[:, 1] / 480, atol=1e-5)
    assert np.array_equal(measured.data, predicted_side.data)


def test_title_has_r_over_the_spots_that_are_not_set_aside(both: Compare) -> None:
    session = both.session
    kept = session.measured_places.kept
    r = np.corrcoef(session.measured("ERBB2")[kept], session.predicted("ERBB2")[kept])[0, 1]
    assert points(both, PREDICTED).name == f"ERBB2 predicted, r = {r:.2f} (n = 39)"
    assert points(both, MEASURED).name == "ERBB2 measured"


def test_training_data_is_said(compare: Compare, viewer: ViewerModel, predicted: Predicted) -> None:
    viewer.canvas.size = (800, 1200)
    compare.session.set_prediction(predicted(compare.session.section, trained=True))
    compare.session.set_gene("ERBB2")
    assert points(compare, PREDICTED).name == "ERBB2 predicted, training data, held-out r = 0.41"
    assert "held-out" not in viewer.canvas.overlays.text.text


def test_a_narrow_pane_says_it_in_the_note(compare: Compare, viewer: ViewerModel, predicted: Predicted) -> None:
    viewer.canvas.size = (800, 500)
    compare.session.set_prediction(predicted(compare.session.section, trained=True))
    compare.session.set_gene("ERBB2")
    assert points(compare, PREDICTED).name == "ERBB2 pred., training data"
    assert "held-out r = 0.41" in viewer.canvas.overlays.text.text
    viewer.canvas.size = (800, 1200)
    assert "held-out r = 0.41" in points(compare, PREDICTED).name
    assert "held-out" not in viewer.canvas.overlays.text.text


def test_constant_prediction_has_no_r(both: Compare, viewer: ViewerModel) -> None:
    both.session.set_gene("ACTB")
    # What is cut off says nothing: the reason is left out first.
    assert points(both, PREDICTED).name == "ACTB pred., r undefined"
    viewer.canvas.size = (800, 1200)
    assert points(both, PREDICTED).name == "ACTB predicted, r undefined (no variation)"


def test_a_silent_gene_is_neutral_and_said(both: Compare) -> None:
    both.session.set_gene("SILENT")
    assert points(both, MEASURED).name == "SILENT measured: no signal"
    assert np.allclose(points(both, MEASURED).face_color, NO_SIGNAL_RGBA)
    assert not points(both, MEASURED).face_colorbar.visible


def test_a_gene_of_one_side_leaves_the_other_empty(both: Compare) -> None:
    both.session.set_gene("SILENT")
    assert "not in the model" in points(both, PREDICTED).name
    assert not points(both, PREDICTED).face_color[:, 3].any()
    both.session.set_gene("NOVEL")
    assert points(both, MEASURED).name == "NOVEL was not measured"
    assert not points(both, MEASURED).face_color[:, 3].any()


def test_a_spot_that_was_not_predicted_is_absent(compare: Compare, predicted: Predicted) -> None:
    compare.session.set_prediction(predicted(compare.session.section, spots=slice(1, None)))
    compare.session.set_gene("ERBB2")
    assert points(compare, PREDICTED).face_color[0, 3] == 0
    assert points(compare, PREDICTED).face_color[1:, 3].all()
    assert np.isfinite(points(compare, PREDICTED).face_contrast_limits).all()


def test_rare_expression_is_clear_but_where_it_is(both: Compare) -> None:
    both.session.set_gene("RARE")
    assert np.flatnonzero(points(both, MEASURED).face_color[:, 3]).tolist() == [0, 1]


def test_changing_the_gene_touches_no_array_and_no_layer(both: Compare, viewer: ViewerModel) -> None:
    before = list(viewer.layers)
    places = [layer.data for layer in before if isinstance(layer, Points)]
    touched: list[str] = []
    for layer in before:
        layer.events.set_data.connect(lambda _event, layer=layer: touched.append(layer.name))
    both.session.set_gene("CD74")
    assert list(viewer.layers) == before
    assert all(a is b.data for a, b in zip(places, before[1::2], strict=True))
    assert touched == []
    assert points(both, MEASURED).name == "CD74 measured"


def test_spots_set_aside_are_rings(compare: Compare) -> None:
    symbols = [str(symbol) for symbol in points(compare, MEASURED).symbol]
    assert [i for i, symbol in enumerate(symbols) if symbol == "ring"] == [7]


def test_look_applies_to_both_sides_and_lasts(both: Compare) -> None:
    both.set_look(colourmap="magma", opacity=0.5, limits=(1.0, 4.0), threshold=None)
    both.session.set_gene("CD74")
    for side in (MEASURED, PREDICTED):
        layer = points(both, side)
        assert layer.face_contrast_limits == (1.0, 4.0)
        assert "magma" in layer.face_colormap.name
        assert layer.opacity == 0.5


def test_raising_the_threshold_clears_more(both: Compare) -> None:
    before = points(both, MEASURED).face_color[:, 3].sum()
    both.set_look(threshold=7.0)
    assert 0 < points(both, MEASURED).face_color[:, 3].sum() < before


def test_colours_changed_by_hand_are_set_right_by_the_next_gene(both: Compare) -> None:
    points(both, MEASURED).face_color = "red"
    both.session.set_gene("CD74")
    assert points(both, MEASURED).face_color_mode == "colormap"
