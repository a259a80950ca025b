"""Domains over the slide."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geneglass.data.annotation import Domain
from geneglass.data.cohort import find_section
from geneglass.data.section import open_section
from geneglass.viewer.domain_shapes import domains_layer
from geneglass.viewer.domains import LINE_PX, domains_of
from geneglass.viewer.session import session_of


def drawn() -> tuple[Domain, ...]:
    holed = shapely.Polygon([(20, 10), (200, 10), (200, 150), (20, 150)], [[(60, 50), (90, 50), (90, 80), (60, 80)]])
    two = shapely.MultiPolygon([shapely.box(300, 10, 310, 20), shapely.box(300, 100, 400, 200)])
    return (
        Domain("Tumor", holed, (200, 0, 0)),
        Domain("Stroma", two, (0, 120, 0)),
        Domain("ink", shapely.LineString([(5, 5), (400, 300)]), classified=False),
        Domain("mitosis", shapely.Point(50, 60), classified=False),
    )


def test_every_ring_and_part_is_drawn_and_the_largest_is_named(small_cohort: Path) -> None:
    section = open_section(find_section(small_cohort.parent / "left.ome.tif"))
    corners, kwargs, kind = domains_layer(drawn(), section)
    assert kind == "shapes"
    assert kwargs["shape_type"] == ["polygon", "polygon", "polygon", "polygon", "path", "ellipse"]
    assert list(kwargs["features"]["number"]) == [0, 0, 1, 1, 2, 3]
    assert list(kwargs["features"]["title"]) == ["Tumor", "", "Stroma", "", "ink", "mitosis"]
    assert np.ptp(corners[2], axis=0).tolist() == [100, 100]
    assert corners[0].min(axis=0).tolist() == [10, 20]
    assert kwargs["scale"] == (0.8, 0.8)
    section.close()


def test_outlines_stay_as_thick_on_the_screen(make_napari_viewer: Callable[..., Any], small_cohort: Path) -> None:
    viewer = make_napari_viewer()
    session, view = session_of(viewer), domains_of(viewer)
    session.set_section(open_section(find_section(small_cohort.parent / "left.ome.tif")))
    session.set_domains(drawn())
    assert view.layer in viewer.layers
    for zoom in (0.5, 8.0):
        viewer.scene.camera.zoom = zoom
        on_screen_px = np.array(view.layer.edge_width) * 0.8 * zoom
        np.testing.assert_allclose(on_screen_px, LINE_PX, rtol=1e-6)
    session.set_section(open_section(find_section(small_cohort.parent / "right.ome.tif")))
    assert len(viewer.layers) == 0
