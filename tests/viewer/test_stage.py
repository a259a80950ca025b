"""A prediction that is laid out in several turns of the event loop, as a job hands it over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from geneglass.data.cohort import read_cohort
from geneglass.viewer.compare import MEASURED, PREDICTED, SLIDE, SLIDE_BESIDE, Compare, compare_of
from geneglass.viewer.growing import Growing
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.panes import BESIDE, DIFFERENCE, WITH_DIFFERENCE
from geneglass.viewer.rings import rings_of
from geneglass.viewer.selection import selection_of

Predicted = Callable[..., Any]
ROLES = (SLIDE, MEASURED, SLIDE_BESIDE, PREDICTED)


def opened(viewer: Any, small_cohort: Path) -> Compare:
    compare = compare_of(viewer)
    cohort = read_cohort(small_cohort)
    compare.session.set_cohort(cohort)
    compare.session.open_section(cohort.sections[0])
    return compare


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def compare(viewer: ViewerModel, small_cohort: Path) -> Compare:
    return opened(viewer, small_cohort)


def grid_of(prediction: Any, stride_um: float) -> Any:
    """Return the prediction as one of tiles, moved a little so that no tile is a spot."""
    tiles = prediction.copy()
    tiles.obs_names = [f"tile_{i}" for i in range(tiles.n_obs)]
    tiles.obsm["spatial"] = tiles.obsm["spatial"] + stride_um / 10
    tiles.uns["geneglass"] = {**tiles.uns["geneglass"], "stride_um": stride_um}
    return tiles


def state(compare: Compare) -> dict[str, Any]:
    """Return all that is seen: layers by role, their pane, and the colours of the maps."""
    viewer = compare.viewer
    grid, layers = viewer.canvas.grid, list(viewer.layers)
    seen: dict[str, Any] = {role: layers.index(compare.layer(role)) for role in ROLES}
    seen["grid"] = (grid.enabled, grid.shape, grid.stride)
    for side in (MEASURED, PREDICTED):
        layer: Any = compare.layer(side)
        seen[side, "colours"] = np.asarray(layer.face_color).round(3).tolist()
        seen[side, "title"], seen[side, "bar"] = layer.name, layer.face_colorbar.visible
    return seen


def test_it_ends_as_if_laid_out_at_once(
    compare: Compare, viewer: ViewerModel, small_cohort: Path, predicted: Predicted, qtbot: Any
) -> None:
    other = ViewerModel()
    at_once = opened(other, small_cohort)
    compare.session.set_gene("ERBB2")
    at_once.session.set_gene("ERBB2")
    ended: list[bool] = []
    compare.laid_out.connect(lambda: ended.append(True))
    for prediction in (
        predicted(compare.session.section),
        grid_of(predicted(compare.session.section), 48.0),
        grid_of(predicted(compare.session.section), 40.0),
    ):
        laid_out = len(ended)
        Growing(viewer).show(prediction)
        assert compare.laying_out
        assert len(ended) == laid_out
        qtbot.waitUntil(lambda: not compare.laying_out)
        at_once.session.set_prediction(prediction)
        assert len(ended) == laid_out + 1
        assert state(compare) == state(at_once)
        assert np.allclose(viewer.scene.camera.center, at_once.viewer.scene.camera.center)


def test_a_prediction_that_comes_twice_comes_into_view(
    compare: Compare, viewer: ViewerModel, small_cohort: Path, predicted: Predicted, qtbot: Any
) -> None:
    at_once = ViewerModel()
    opened(at_once, small_cohort).session.set_prediction(predicted(compare.session.section))
    growing = Growing(viewer)
    growing.show(predicted(compare.session.section))
    while compare.layer(PREDICTED) is None:
        qtbot.wait(1)
    assert compare.laying_out
    growing.show(predicted(compare.session.section))
    qtbot.waitUntil(lambda: not compare.laying_out)
    assert viewer.scene.camera.zoom == at_once.scene.camera.zoom
    assert np.allclose(viewer.scene.camera.center, at_once.scene.camera.center)


def test_a_new_layer_is_never_in_the_pane_of_another(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any
) -> None:
    panes: list[int] = []

    def note(event: Any) -> None:
        panes.append(viewer.canvas.grid.position(viewer.layers.index(event.value), viewer.layers)[1])

    viewer.layers.events.inserted.connect(note)
    Growing(viewer).show(predicted(compare.session.section))
    qtbot.waitUntil(lambda: not compare.laying_out)
    assert panes == [1, 1]


def test_the_gene_chosen_meanwhile_is_drawn(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any
) -> None:
    drawn: list[str | None] = []
    compare.drawn.connect(lambda: drawn.append(compare.session.gene))
    Growing(viewer).show(predicted(compare.session.section))
    compare.session.set_gene("CD74")
    compare.redraw()
    assert drawn == []
    qtbot.waitUntil(lambda: not compare.laying_out)
    assert drawn == ["CD74"]
    layer = compare.layer(PREDICTED)
    assert layer is not None
    assert layer.name.startswith("CD74")


def test_a_gene_chosen_between_two_maps_is_drawn_in_both(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare.session.set_gene(next(gene.name for gene in compare.session.genes if gene.name != "CD74"))
    Growing(viewer).show(predicted(compare.session.section))
    painted: list[str] = []

    def paint(role: str) -> bool:
        painted.append(role)
        done = Compare._paint(compare, role)
        if len(painted) == 1:
            compare.session.set_gene("CD74")
        return done

    monkeypatch.setattr(compare, "_paint", paint)
    qtbot.waitUntil(lambda: not compare.laying_out)
    assert painted[0] in painted[1:]
    for role, read in ((MEASURED, compare.session.measured), (PREDICTED, compare.session.predicted)):
        layer: Any = compare.layer(role)
        assert layer.name.startswith("CD74")
        np.testing.assert_array_equal(layer.features["value"], read("CD74"))


def test_what_is_wanted_meanwhile_comes_in_its_place(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any
) -> None:
    session = compare.session
    Growing(viewer).show(predicted(session.section))
    compare.set_panes(order=(PREDICTED, MEASURED))
    assert not compare.laying_out
    assert [compare.layer(role) is not None for role in ROLES] == [True] * 4
    Growing(viewer).show(grid_of(predicted(session.section), 40.0))
    assert session.cohort is not None
    session.open_section(session.cohort.sections[1])
    qtbot.wait(20)
    assert compare.layer(PREDICTED) is None
    assert len(viewer.layers) == 2
    assert not viewer.canvas.grid.enabled


def test_a_layer_deleted_meanwhile_comes_again_with_a_gene(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any
) -> None:
    Growing(viewer).show(predicted(compare.session.section))
    measured = compare.layer(MEASURED)
    assert measured is not None
    viewer.layers.remove(measured)
    qtbot.wait(20)
    compare.session.set_gene("ERBB2")
    assert [compare.layer(role) is not None for role in ROLES] == [True] * 4


def test_rings_go_round_the_new_map_too(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any
) -> None:
    rings_of(viewer)
    selection_of(viewer).set_spots(np.array([3, 4]))
    assert sum(layer.name.startswith("marks") for layer in viewer.layers) == 1
    Growing(viewer).show(predicted(compare.session.section))
    qtbot.waitUntil(lambda: not compare.laying_out)
    marks = [layer for layer in viewer.layers if layer.name.startswith("marks")]
    assert [viewer.canvas.grid.position(viewer.layers.index(layer), viewer.layers)[1] for layer in marks] == [0, 1]
    assert [len(layer.data) for layer in marks] == [2, 2]


@pytest.mark.parametrize("layers_go_first", [True, False])
def test_a_window_closed_meanwhile(
    make_napari_viewer_proxy: Callable[..., Any],
    small_cohort: Path,
    predicted: Predicted,
    qtbot: Any,
    layers_go_first: bool,
) -> None:
    viewer = make_napari_viewer_proxy(show=True)
    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    compare = opened(viewer, small_cohort)
    Growing(viewer).show(predicted(compare.session.section))
    assert compare.laying_out
    if layers_go_first:
        viewer.layers.clear()
    del panel
    viewer.close()
    qtbot.wait(50)


def test_a_colour_bar_that_was_hidden_comes_again_in_new_panes(
    make_napari_viewer_proxy: Callable[..., Any], small_cohort: Path, predicted: Predicted, qtbot: Any
) -> None:
    compare = opened(make_napari_viewer_proxy(show=True), small_cohort)
    compare.session.set_prediction(predicted(compare.session.section))
    compare.session.set_gene("ERBB2")
    qtbot.wait(50)

    def bars() -> list[bool]:
        layers: list[Any] = [compare.layer(side) for side in (MEASURED, PREDICTED, DIFFERENCE)]
        return [layer.face_colorbar.visible for layer in layers if layer is not None]

    for hide, show in (
        (lambda: compare.set_look(threshold=50.0), lambda: compare.set_look(threshold=0.1)),
        (lambda: compare.session.set_gene(None), lambda: compare.session.set_gene("ERBB2")),
    ):
        hide()
        assert bars() == [False, False]
        compare.set_panes(mode=WITH_DIFFERENCE)
        assert bars()[:2] == [False, False]
        show()
        qtbot.wait(50)
        assert bars() == [True, True, True]
        compare.set_panes(mode=BESIDE)
        qtbot.wait(50)
        assert bars() == [True, True]


def test_what_is_laid_out_at_once_reaches_the_canvas_once(
    compare: Compare, viewer: ViewerModel, predicted: Predicted
) -> None:
    compare.session.set_prediction(predicted(compare.session.section))
    told: list[str] = []
    events = viewer.layers.events
    for name in ("begin_batch", "end_batch", "inserted", "removed"):
        getattr(events, name).connect(lambda _, name=name: told.append(name))
    compare.set_panes(mode=WITH_DIFFERENCE)
    assert "inserted" in told
    assert (told[0], told[-1]) == ("begin_batch", "end_batch")
    assert told.count("begin_batch") == told.count("end_batch") == 1


def test_no_batch_stays_open_over_turns_that_waited_for_a_hand(
    compare: Compare, viewer: ViewerModel, predicted: Predicted, qtbot: Any
) -> None:
    told: list[str] = []
    viewer.layers.events.begin_batch.connect(lambda _: told.append("begin"))
    hand = [True]
    compare.hold_while(lambda: hand[0])
    with compare.in_turns():
        compare.session.set_prediction(predicted(compare.session.section))
    assert compare.layer(PREDICTED) is None
    hand[0] = False
    qtbot.waitUntil(lambda: not compare.laying_out)
    assert compare.layer(PREDICTED) is not None
    assert told == []
