"""Maps of very many places, which are rasters: swiped, blinking, and with several genes at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from geneglass.overlay.channels import channel_colours
from geneglass.viewer.channels import Channels
from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.grid import PANE
from geneglass.viewer.panes import BESIDE, BLINK, MEASURED, PREDICTED, SWIPE
from geneglass.viewer.rings import rings_of
from geneglass.viewer.selection import selection_of
from panels import show_both_maps

BOTH = (MEASURED, PREDICTED)


@pytest.fixture
def compare(
    viewer: ViewerModel, small_cohort: Path, predicted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Compare:
    """Return maps of ERBB2 that are rasters, though there are few spots."""
    monkeypatch.setattr("geneglass.viewer.layers.RASTER_ABOVE", 20)
    compare = compare_of(viewer)
    show_both_maps(compare.session, small_cohort, predicted)
    assert all(isinstance(compare.layer(side), Image) for side in BOTH)
    return compare


def pixels(compare: Compare, side: str) -> np.ndarray:
    return np.array(compare.layer(side).data)


def seen_columns(compare: Compare, side: str) -> list[int]:
    return np.flatnonzero(~np.isnan(pixels(compare, side)).all(axis=0)).tolist()


def middle_x(compare: Compare, column: int) -> float:
    return float(compare.layer(MEASURED).affine.affine_matrix[1] @ (0, column, 1))


def test_swiped_rasters_are_cut_at_the_edge_and_whole_again_after(compare: Compare, viewer: ViewerModel) -> None:
    whole = {side: pixels(compare, side) for side in BOTH}
    columns = seen_columns(compare, MEASURED)
    compare.set_panes(mode=SWIPE)
    assert compare.swipe.line in viewer.layers
    for left in (2, 5, 3):
        compare.swipe.move_to(middle_x(compare, left) - 1)
        assert seen_columns(compare, MEASURED) == columns[:left]
        assert seen_columns(compare, PREDICTED) == columns[left:]
    compare.session.set_gene("CD74")
    assert (seen_columns(compare, MEASURED), seen_columns(compare, PREDICTED)) == (columns[:3], columns[3:])
    compare.session.set_gene("ERBB2")
    compare.swipe.move_to(1e9)
    np.testing.assert_array_equal(pixels(compare, MEASURED), whole[MEASURED])
    compare.swipe.step(-4)
    compare.set_panes(mode=BESIDE)
    for side in BOTH:
        np.testing.assert_array_equal(pixels(compare, side), whole[side])
    assert compare.swipe.line is None


def test_blinking_rasters_take_turns(compare: Compare) -> None:
    compare.set_panes(mode=BLINK)
    seen = []
    for _ in range(3):
        seen.append([compare.layer(side).visible for side in BOTH])
        compare.blink.turn()
    assert seen == [[True, False], [False, True], [True, False]]
    compare.set_panes(mode=BESIDE)
    assert all(compare.layer(side).visible for side in BOTH)


def test_a_picked_cell_of_a_raster_has_a_ring_round_it(compare: Compare, viewer: ViewerModel) -> None:
    rings_of(viewer)
    selection_of(viewer).set_place(PREDICTED, 3)
    (ring,) = [layer for layer in viewer.layers if layer.metadata.get(PANE) == PREDICTED]
    assert len(ring.data) == 1
    assert ring.size[0] >= compare.layout(PREDICTED).diameter_px


@pytest.mark.parametrize("names", [("ERBB2", "CD74"), ("ERBB2", "CD74", "ACTB")])
def test_several_genes_have_their_colours_in_rasters(compare: Compare, names: tuple[str, ...]) -> None:
    one_gene = pixels(compare, MEASURED)
    channels = Channels(compare.viewer, compare)
    channels.show(names)
    layer, layout = compare.layer(MEASURED), compare.layout(MEASURED)
    assert layer.name == f"{' + '.join(names)} measured"
    assert not layer.colorbar.visible
    values = np.stack([compare.session.measured(name) for name in names], axis=1)
    limits = [(channel.scale.low, channel.scale.high) for channel in channels.shown]
    low, high = layer.contrast_limits
    drawn = layer.colormap.map((layer.data[layout.lattice.row, layout.lattice.column] - low) / (high - low))
    wanted = channel_colours(values, limits)
    np.testing.assert_allclose(drawn[:, 3], wanted[:, 3], atol=0.08)
    strong = wanted[:, 3] > 0.5
    assert strong.sum() > 10
    np.testing.assert_allclose(drawn[strong, :3], wanted[strong, :3], atol=0.16)
    compare.set_panes(mode=SWIPE)
    assert channels.shown
    assert len(seen_columns(compare, MEASURED)) == len(seen_columns(compare, PREDICTED)) == 4
    channels.clear()
    compare.set_panes(mode=BESIDE)
    np.testing.assert_array_equal(pixels(compare, MEASURED), one_gene)
    assert layer.colorbar.visible
    channels.stop()
