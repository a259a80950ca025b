"""Layers of a comparison that come, go and are renamed, and viewers beside each other."""

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Points

from geneglass.data.cohort import read_cohort
from geneglass.viewer.compare import MEASURED, PREDICTED, SLIDE, SLIDE_BESIDE, Compare, compare_of
from geneglass.viewer.session import session_of

Predicted = Callable[..., Any]


@pytest.fixture
def viewer() -> ViewerModel:
    """Return a viewer whose canvas has napari's own size."""
    return ViewerModel()


def points(compare: Compare, side: str) -> Points:
    layer = compare.layer(side)
    assert isinstance(layer, Points)
    return layer


def test_a_renamed_layer_keeps_working(both: Compare) -> None:
    points(both, MEASURED).name = "mine"
    both.session.set_gene("CD74")
    assert points(both, MEASURED).name == "CD74 measured"


@pytest.mark.parametrize("role", [SLIDE, MEASURED, SLIDE_BESIDE, PREDICTED])
def test_a_deleted_layer_comes_back_with_the_next_gene(both: Compare, viewer: ViewerModel, role: str) -> None:
    viewer.layers.remove(both.layer(role))
    assert both.layer(role) is None
    both.session.set_gene("CD74")
    assert list(viewer.layers) == [both.layer(role) for role in (SLIDE, MEASURED, SLIDE_BESIDE, PREDICTED)]


def test_all_layers_deleted(both: Compare, viewer: ViewerModel) -> None:
    viewer.layers.clear()
    both.session.set_gene("CD74")
    assert len(viewer.layers) == 4


def test_layers_of_others_stay_in_the_first_pane(both: Compare, viewer: ViewerModel) -> None:
    drawn = viewer.add_shapes(name="domain")
    assert viewer.layers.index(drawn) == 2
    columns = [viewer.canvas.grid.position(i, viewer.layers)[1] for i in range(5)]
    assert columns == [0, 0, 0, 1, 1]
    viewer.layers.remove(drawn)
    assert viewer.canvas.grid.stride == 2


def test_another_section_replaces_the_first_and_keeps_the_gene(both: Compare, viewer: ViewerModel) -> None:
    user_layer = viewer.add_shapes(name="domain")
    session = both.session
    session.open_section(session.cohort.sections[1])
    assert [layer.name for layer in viewer.layers if layer is not user_layer] == ["right H&E", "ERBB2 measured"]
    assert not viewer.canvas.grid.enabled
    session.open_section(session.cohort.sections[0])
    assert points(both, PREDICTED).name.startswith("ERBB2 predicted")


def test_protected_from_the_delete_key(both: Compare, viewer: ViewerModel) -> None:
    viewer.layers.selection = {both.layer(PREDICTED)}
    viewer.layers.remove_selected()
    assert both.layer(PREDICTED) in viewer.layers


def test_prediction_alone_has_one_pane(compare: Compare, viewer: ViewerModel, predicted: Predicted) -> None:
    from dataclasses import replace

    from geneglass.data.section import open_section

    session = compare.session
    prediction = predicted(session.section)
    bare = open_section(replace(session.source, name="bare", spots=None))
    session.set_section(bare)
    session.set_prediction(prediction)
    session.set_gene("NOVEL")
    assert [layer.name for layer in viewer.layers] == ["bare H&E", "NOVEL predicted, held-out r = 0.30"]
    assert not viewer.canvas.grid.enabled


def test_a_grid_of_tiles_is_drawn_as_squares_and_has_no_r(compare: Compare, predicted: Predicted) -> None:
    session = compare.session
    prediction = predicted(session.section)
    prediction.obs_names = [f"tile_{i}_0" for i in range(prediction.n_obs)]
    prediction.uns["geneglass"]["stride_um"] = 40.0
    session.set_prediction(prediction)
    session.set_gene("ERBB2")
    tiles = points(compare, PREDICTED)
    assert {str(symbol) for symbol in tiles.symbol} == {"square"}
    assert np.allclose(tiles.size * tiles.scale[-1], 40.0)
    assert tiles.name == "ERBB2 predicted, held-out r = 0.41"
    assert np.allclose(tiles.features["value"], 2 + tiles.data[:, 1] / 480, atol=1e-5)


def test_a_model_in_another_unit_gets_a_scale_of_its_own(
    compare: Compare, viewer: ViewerModel, predicted: Predicted
) -> None:
    prediction = predicted(compare.session.section)
    prediction.uns["geneglass"]["unit"] = "z score"
    compare.session.set_prediction(prediction)
    compare.session.set_gene("ERBB2")
    assert points(compare, MEASURED).face_contrast_limits != points(compare, PREDICTED).face_contrast_limits
    assert "predicted: z score" in viewer.canvas.overlays.text.text


def test_unknown_pixel_size_is_shown_in_pixels(viewer: ViewerModel, tmp_path: Path) -> None:
    from geneglass.data.cohort import find_section
    from geneglass.data.pyramid import write_pyramid

    write_pyramid(tmp_path / "plain.ome.tif", np.full((64, 96, 3), 200, np.uint8), None, tile=16)
    compare = compare_of(viewer)
    compare.session.open_section(find_section(tmp_path / "plain.ome.tif"))
    slide = compare.layer(SLIDE)
    assert slide is not None
    assert {str(unit) for unit in slide.units} == {"pixel"}


def test_two_viewers_do_not_know_of_each_other(both: Compare, small_cohort: Path) -> None:
    other = ViewerModel()
    second = compare_of(other)
    second.session.open_section(read_cohort(small_cohort).sections[1])
    second.session.set_gene("CD74")
    assert both.session.gene == "ERBB2"
    assert points(both, MEASURED).name == "ERBB2 measured"
    assert [layer.name for layer in other.layers] == ["right H&E", "CD74 measured"]


def test_a_viewer_that_is_gone_takes_its_comparison_along(small_cohort: Path) -> None:
    viewer = ViewerModel()
    session = session_of(viewer)
    compare_of(viewer)
    gone = weakref.ref(viewer)
    del viewer
    gc.collect()
    assert gone() is None
    session.open_section(read_cohort(small_cohort).sections[0])
    session.set_gene("ERBB2")


def test_the_fit_leaves_a_step_of_the_lattice_around_the_places(both: Compare, viewer: ViewerModel) -> None:
    both.show_all()
    height_px, width_px = viewer.canvas.viewbox_size(viewer.layers)
    camera = viewer.scene.camera
    world = np.array([points(both, MEASURED).data_to_world(centre) for centre in points(both, MEASURED).data])
    to_edge_um = np.array([height_px, width_px]) / 2 / camera.zoom - np.abs(world - np.array(camera.center[-2:]))
    # Neighbours are 58 px apart along a row, of 0.8 um each.
    assert to_edge_um.min() >= 58 * 0.8
