"""Outlines of domains in the panes beside the first: always those of the one layer that a hand draws in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from qtpy.QtWidgets import QApplication

from geneglass.data.annotation import Domain
from geneglass.viewer.annotating import annotating_of
from geneglass.viewer.compare import compare_of
from geneglass.viewer.domain_mirrors import DomainMirrors, mirrors_of
from geneglass.viewer.domains import KEY, domains_of
from geneglass.viewer.panes import BESIDE, DIFFERENCE, PREDICTED, SWIPE, WITH_DIFFERENCE
from geneglass.viewer.session import session_of
from panels import show_both_maps

SQUARE, OTHER = shapely.box(20, 30, 220, 190), shapely.box(250, 30, 400, 190)


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any], small_cohort: Path, predicted: Callable[..., Any]) -> Any:
    """Return a viewer with both maps and two domains."""
    viewer = make_napari_viewer()
    mirrors_of(viewer)
    show_both_maps(session_of(viewer), small_cohort, predicted)
    hand = annotating_of(viewer)
    hand.do((Domain("Tumor", SQUARE, (200, 0, 0)), Domain("Stroma", OTHER, (0, 120, 0))), "Draw Stroma")
    return viewer


def column(viewer: Any, layer: Any) -> int:
    stride = viewer.canvas.grid.stride if viewer.canvas.grid.enabled else len(viewer.layers)
    return viewer.layers.index(layer) // stride


def assert_in_step(viewer: Any, mirrors: DomainMirrors, *sides: str) -> None:
    owner = domains_of(viewer).layer
    assert set(mirrors.layers) == set(sides)
    for place, side in enumerate(sides, start=1):
        layer = mirrors.layers[side]
        assert column(viewer, layer) == column(viewer, compare_of(viewer).layer(side)) == place
        assert len(layer.data) == len(owner.data)
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(layer.data, owner.data, strict=True))
        for name in ("edge_color", "face_color", "edge_width"):
            np.testing.assert_allclose(getattr(layer, name), getattr(owner, name))
        assert list(layer.features["title"]) == list(owner.features["title"])
        assert (layer.visible, layer.editable) == (owner.visible, False)
        assert layer.metadata[KEY] == session_of(viewer).domains


def test_outlines_are_in_every_pane_and_follow_the_mode(viewer: Any) -> None:
    mirrors, compare = mirrors_of(viewer), compare_of(viewer)
    assert column(viewer, domains_of(viewer).layer) == 0
    assert_in_step(viewer, mirrors, PREDICTED)
    compare.set_panes(mode=WITH_DIFFERENCE)
    assert_in_step(viewer, mirrors, PREDICTED, DIFFERENCE)
    compare.set_panes(mode=SWIPE)
    assert mirrors.layers == {}
    assert [layer.name for layer in viewer.layers if layer.name.startswith("domains")] == ["domains"]
    compare.set_panes(mode=BESIDE)
    assert_in_step(viewer, mirrors, PREDICTED)


def test_what_is_done_to_a_domain_is_seen_in_every_pane(viewer: Any) -> None:
    mirrors, hand, session = mirrors_of(viewer), annotating_of(viewer), session_of(viewer)
    first = session.domains[0]
    hand.choose(first.id)
    assert_in_step(viewer, mirrors, PREDICTED)
    hand.rename(first.id, "Nest")
    hand.recolour("Nest", (1, 2, 3))
    assert_in_step(viewer, mirrors, PREDICTED)
    assert "Nest" in list(mirrors.layers[PREDICTED].features["title"])
    hand.delete(first.id)
    assert_in_step(viewer, mirrors, PREDICTED)
    hand.undo()
    assert_in_step(viewer, mirrors, PREDICTED)
    assert len(mirrors.layers[PREDICTED].data) == 2
    viewer.scene.camera.zoom *= 7
    assert_in_step(viewer, mirrors, PREDICTED)
    domains_of(viewer).layer.visible = False
    assert_in_step(viewer, mirrors, PREDICTED)


def test_a_hand_that_moves_a_corner_moves_it_in_every_pane(viewer: Any, qtbot: Any) -> None:
    mirrors, layer = mirrors_of(viewer), domains_of(viewer).layer
    before = session_of(viewer).domains
    moved = layer.data[0].copy()
    moved[0] += 9
    layer.data = [moved, *layer.data[1:]]
    qtbot.waitUntil(lambda: session_of(viewer).domains != before, timeout=2000)
    assert_in_step(viewer, mirrors, PREDICTED)


def test_a_deleted_mirror_comes_again_and_one_of_another_slide_goes(viewer: Any) -> None:
    mirrors, session = mirrors_of(viewer), session_of(viewer)
    viewer.layers.remove(mirrors.layers[PREDICTED])
    annotating_of(viewer).choose(session.domains[1].id)
    session.set_gene("ACTB")
    assert_in_step(viewer, mirrors, PREDICTED)
    viewer.layers.remove(domains_of(viewer).layer)
    QApplication.processEvents()
    assert mirrors.layers == {}
    session.set_domains(session.domains[:1])
    assert_in_step(viewer, mirrors, PREDICTED)
    session.open_section(session.cohort.sections[1])
    assert mirrors.layers == {}
    assert not [layer for layer in viewer.layers if KEY in layer.metadata]
