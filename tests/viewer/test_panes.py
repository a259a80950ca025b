"""The ways to set two maps against each other, on napari's viewer model: no window is needed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Points

from geneglass.errors import InputError
from geneglass.metric import METRICS
from geneglass.viewer.colour_scale import LINEAR_UNIT, Look, difference_scale
from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.grid import PANE, SPACER
from geneglass.viewer.painting import exchange
from geneglass.viewer.panes import BESIDE, BLINK, DIFFERENCE, MEASURED, PREDICTED, SWIPE, WITH_DIFFERENCE, Panes
from panels import show_both_maps

Predicted = Callable[..., Any]


@pytest.fixture
def both(viewer: ViewerModel, small_cohort: Path, predicted: Predicted) -> Compare:
    """Return the maps of ERBB2, measured and predicted."""
    compare = compare_of(viewer)
    show_both_maps(compare.session, small_cohort, predicted)
    return compare


def points(compare: Compare, side: str) -> Points:
    layer = compare.layer(side)
    assert isinstance(layer, Points)
    return layer


def values(compare: Compare, side: str) -> np.ndarray:
    return points(compare, side).features["value"].to_numpy()


def note(viewer: ViewerModel) -> str:
    return viewer.canvas.overlays.text.text.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")


def columns(viewer: ViewerModel) -> list[int]:
    return [viewer.canvas.grid.position(i, viewer.layers)[1] for i in range(len(viewer.layers))]


def test_the_difference_is_predicted_less_measured_around_zero(both: Compare, viewer: ViewerModel) -> None:
    both.set_panes(mode=WITH_DIFFERENCE)
    np.testing.assert_allclose(values(both, DIFFERENCE), values(both, PREDICTED) - values(both, MEASURED), rtol=1e-5)
    low, high = points(both, DIFFERENCE).face_contrast_limits
    assert low == -high < 0
    assert points(both, DIFFERENCE).face_colorbar.visible
    assert points(both, DIFFERENCE).name == "ERBB2 predicted − measured"
    assert f"difference: −{high:.2f} to {high:.2f}" in note(viewer)
    assert columns(viewer) == [0, 0, 1, 1, 2, 2]
    both.set_panes(mode=BESIDE)
    assert both.layer(DIFFERENCE) is None
    assert columns(viewer) == [0, 0, 1, 1]


def test_the_difference_has_a_limit_by_hand(both: Compare) -> None:
    both.set_panes(mode=WITH_DIFFERENCE)
    both.set_look(difference_limit=0.5, difference_colourmap="PuOr_r")
    assert points(both, DIFFERENCE).face_contrast_limits == (-0.5, 0.5)
    assert "PuOr_r" in points(both, DIFFERENCE).face_colormap.name
    both.session.set_gene("CD74")
    assert points(both, DIFFERENCE).face_contrast_limits == (-0.5, 0.5)


def test_no_difference_of_a_gene_that_is_missing_on_a_side(both: Compare) -> None:
    both.set_panes(mode=WITH_DIFFERENCE)
    both.session.set_gene("NOVEL")
    assert not points(both, DIFFERENCE).face_color[:, 3].any()
    assert not points(both, DIFFERENCE).face_colorbar.visible


def test_no_difference_of_two_units(both: Compare, viewer: ViewerModel, predicted: Predicted) -> None:
    prediction = predicted(both.session.section)
    prediction.uns["geneglass"]["unit"] = "z score"
    both.session.set_prediction(prediction)
    both.set_panes(mode=WITH_DIFFERENCE)
    assert not points(both, DIFFERENCE).face_color[:, 3].any()
    assert "no difference: the units are not the same" in note(viewer)


def test_a_grid_of_tiles_has_no_difference(both: Compare, viewer: ViewerModel, predicted: Predicted) -> None:
    prediction = predicted(both.session.section)
    prediction.obs_names = [f"tile_{i}_0" for i in range(prediction.n_obs)]
    both.session.set_prediction(prediction)
    both.set_panes(mode=WITH_DIFFERENCE)
    assert both.layer(DIFFERENCE) is None
    assert columns(viewer) == [0, 0, 1, 1]


def test_an_equal_pair_has_a_finite_scale_of_differences() -> None:
    for same in (np.zeros(9, np.float32), np.full(9, np.nan, np.float32), np.empty(0, np.float32)):
        scale = difference_scale(same, Look())
        assert scale.low == -scale.high < 0
        assert not scale.shade(same).signal


def test_layers_of_others_keep_three_panes_apart(both: Compare, viewer: ViewerModel) -> None:
    drawn = viewer.add_shapes(name="domain")
    mark = viewer.add_shapes(name="doubt", metadata={PANE: PREDICTED})
    both.set_panes(mode=WITH_DIFFERENCE)
    at = {layer.name: column for layer, column in zip(viewer.layers, columns(viewer), strict=True)}
    assert at["domain"] == at["left H&E"] == 0
    assert at["doubt"] == at["left H&E, second pane"] == 1
    assert at[points(both, DIFFERENCE).name] == at["left H&E, third pane"] == 2
    viewer.layers.remove(drawn)
    viewer.layers.remove(mark)
    both.set_panes(mode=BESIDE)
    assert not [layer for layer in viewer.layers if SPACER in layer.metadata]


def test_the_order_changes_the_panes_and_not_the_scale(both: Compare, viewer: ViewerModel) -> None:
    limits = points(both, MEASURED).face_contrast_limits
    both.set_panes(order=(PREDICTED, MEASURED))
    assert viewer.layers.index(both.layer(PREDICTED)) == 1
    assert viewer.layers.index(both.layer(MEASURED)) == 3
    assert points(both, MEASURED).face_contrast_limits == limits


def test_unlabelled_sides_can_not_be_told_apart(both: Compare, viewer: ViewerModel, predicted: Predicted) -> None:
    both.session.set_prediction(predicted(both.session.section, trained=True, spots=slice(1, None)))
    both.set_look(own_scale=True)
    both.set_panes(unlabelled=True, order=(PREDICTED, MEASURED), mode=WITH_DIFFERENCE)
    assert both.layer(DIFFERENCE) is None
    assert (points(both, PREDICTED).name, points(both, MEASURED).name) == ("ERBB2, A", "ERBB2, B")
    words = note(viewer) + both.view.aside
    assert not [word for word in ("measured", "predicted", "spread", "held-out", "r =") if word in words]
    assert points(both, MEASURED).face_contrast_limits == points(both, PREDICTED).face_contrast_limits
    np.testing.assert_array_equal(np.isnan(values(both, MEASURED)), np.isnan(values(both, PREDICTED)))
    both.session.set_gene(None)
    assert points(both, PREDICTED).name.startswith("A: 40")


def test_the_ratio_of_spreads_is_in_the_note(both: Compare, viewer: ViewerModel) -> None:
    session = both.session
    kept = session.measured_places.kept
    sides = [session.measured("ERBB2")[kept, None], session.predicted("ERBB2")[kept, None]]
    assert f"predicted spread {METRICS['spread_ratio'](*sides)[0]:.2f} of measured" in note(viewer)


def test_a_scale_of_the_prediction_alone_is_said_in_its_title(both: Compare, viewer: ViewerModel) -> None:
    both.set_look(own_scale=True, limits=(0.2, 6.0))
    assert points(both, PREDICTED).name.endswith("own scale")
    assert "own scale" not in points(both, MEASURED).name
    assert points(both, MEASURED).face_contrast_limits == (0.2, 6.0)
    low, high = points(both, PREDICTED).face_contrast_limits
    assert (low, high) == pytest.approx(np.percentile(values(both, PREDICTED), (1, 99)))
    assert "predicted: ln(1 + counts per 10k)" in note(viewer)


def test_counts_in_place_of_logarithms_clear_the_same_spots(both: Compare, viewer: ViewerModel) -> None:
    both.session.set_gene("RARE")
    clear, logs = points(both, MEASURED).face_color[:, 3] == 0, values(both, MEASURED).copy()
    both.set_look(limits=(0.1, 2.0))
    both.set_log(False)
    np.testing.assert_array_equal(points(both, MEASURED).face_color[:, 3] == 0, clear)
    np.testing.assert_allclose(values(both, MEASURED), np.expm1(logs), rtol=1e-5)
    assert points(both, MEASURED).face_contrast_limits == pytest.approx(tuple(np.expm1((0.1, 2.0))))
    assert f"{LINEAR_UNIT}:" in note(viewer)
    both.set_log(True)
    assert both.look.limits == pytest.approx((0.1, 2.0))
    assert both.look.threshold == pytest.approx(0.1)


@pytest.mark.parametrize(
    "change",
    [
        {"limits": (2.0, 2.0)},
        {"limits": (0.0, float("nan"))},
        {"percentiles": (99.0, 1.0)},
        {"colourmap": "jet"},
        {"difference_limit": 0.0},
    ],
)
def test_a_look_that_misleads_is_refused(both: Compare, change: dict[str, Any]) -> None:
    before = both.look
    with pytest.raises(InputError):
        both.set_look(**change)
    assert both.look == before


def test_panes_that_are_not_there_are_refused(both: Compare) -> None:
    for change in ({"mode": "stacked"}, {"order": (MEASURED, MEASURED)}):
        with pytest.raises(InputError, match=r"one of these|each once"):
            both.set_panes(**change)
    assert both.panes == Panes()


def test_whoever_has_zoomed_keeps_the_place_in_every_mode(both: Compare, viewer: ViewerModel) -> None:
    both.show_all()
    viewer.scene.camera.zoom = 3.0
    viewer.scene.camera.center = (0.0, 100.0, 200.0)
    for mode in (WITH_DIFFERENCE, SWIPE, BLINK, BESIDE):
        both.set_panes(mode=mode)
        assert viewer.scene.camera.zoom == 3.0
        assert viewer.scene.camera.center == (0.0, 100.0, 200.0)


def test_swiped_maps_are_cut_at_the_edge_and_whole_again_after(both: Compare, viewer: ViewerModel) -> None:
    both.set_panes(mode=SWIPE)
    assert not viewer.canvas.grid.enabled
    assert both.swipe.line in viewer.layers
    normals = [points(both, side).experimental_clipping_planes[0].normal[2] for side in (MEASURED, PREDICTED)]
    assert normals == [-1, 1]
    both.swipe.move_to(1e9)
    rightmost = points(both, MEASURED).extent.world[1][-1]
    assert rightmost <= both.swipe.x < rightmost + 60
    viewer.layers.remove(both.swipe.line)
    both.session.set_gene("CD74")
    assert both.swipe.line in viewer.layers
    both.set_panes(mode=BESIDE)
    assert both.swipe.line is None
    assert not [layer for layer in viewer.layers if layer.name == "edge"]
    assert not len(points(both, MEASURED).experimental_clipping_planes)


def test_blinking_maps_take_turns_and_are_both_seen_after(both: Compare, viewer: ViewerModel) -> None:
    both.set_panes(mode=BLINK)
    seen = []
    for _ in range(3):
        seen.append([points(both, side).visible for side in (MEASURED, PREDICTED)])
        both.blink.turn()
    assert seen == [[True, False], [False, True], [True, False]]
    both.session.set_gene("CD74")
    assert both.blink.seen == PREDICTED
    both.set_panes(mode=BESIDE)
    assert points(both, MEASURED).visible
    assert points(both, PREDICTED).visible
    both.blink.turn()
    assert points(both, MEASURED).visible


def test_a_map_deleted_while_maps_are_stacked(both: Compare, viewer: ViewerModel) -> None:
    for mode in (SWIPE, BLINK):
        both.set_panes(mode=mode)
        viewer.layers.remove(both.layer(PREDICTED))
        both.swipe.step(1)
        both.blink.turn()
        both.session.set_gene("CD74" if both.session.gene == "ERBB2" else "ERBB2")
        assert both.layer(PREDICTED) in viewer.layers


@pytest.mark.parametrize("replaced", [False, True])
def test_new_values_are_coloured_even_where_somebody_replaced_the_column(both: Compare, replaced: bool) -> None:
    layer = points(both, MEASURED)
    if replaced:
        layer.features["value"] = np.zeros(len(layer.data))
    told: list[bool] = []
    layer.events.features.connect(lambda _: told.append(True))
    new = np.linspace(0, 9, len(layer.data))
    new[3] = np.nan
    exchange(layer, new, (1.0, 8.0))
    wanted = layer.face_colormap.map(np.interp(new, (1.0, 8.0), (0, 1)))
    np.testing.assert_allclose(layer.face_color, wanted, atol=1e-6)
    np.testing.assert_array_equal(layer.features["value"], new)
    assert layer.face_contrast_limits == (1.0, 8.0)
    assert told
