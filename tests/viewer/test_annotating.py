"""The hand that draws: deeds, history, what is kept on disk; with a viewer but by calls."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geneglass.data.annotation import Domain
from geneglass.data.cohort import find_section
from geneglass.data.geojson import read_domains
from geneglass.data.section import open_section
from geneglass.viewer.annotating import Annotating, annotating_of
from geneglass.viewer.domains import domains_of
from geneglass.viewer.session import session_of
from geneglass.viewer.writer import write_shapes

SQUARE, OTHER = shapely.box(20, 30, 220, 190), shapely.box(250, 30, 400, 190)
MOST_LOST_S = 10


def begun(make: Callable[..., Any], cohort: Path, name: str = "left") -> tuple[Any, Annotating]:
    viewer = make()
    hand = annotating_of(viewer)
    session_of(viewer).set_section(open_section(find_section(f"{cohort}#{name}")))
    return viewer, hand


def draw(viewer: Any, hand: Annotating, shape: Any, name: str = "Tumor") -> Domain:
    hand.set_name(name)
    hand.do((*session_of(viewer).domains, hand.make(shape)), f"Draw {name}")
    return session_of(viewer).domains[-1]


def test_deeds_reach_spots_layer_and_selection_and_can_be_undone(
    make_napari_viewer: Callable[..., Any], small_cohort: Path
) -> None:
    viewer, hand = begun(make_napari_viewer, small_cohort)
    session, obs = session_of(viewer), session_of(viewer).section.spots.table.obs
    first = draw(viewer, hand, SQUARE)
    hand.choose(first.id)
    hand.rename(first.id, "Nest: deep")
    assert [domain.name for domain in session.domains] == ["Nest: deep"]
    assert hand._selection.domain == session.domains[0]
    assert (obs["domain"] == "Nest: deep").sum() > 3
    hand.recolour("Nest: deep", (1, 2, 3))
    assert session.domains[0].colour_rgb == hand.palette["Nest: deep"] == (1, 2, 3)
    hand.delete(first.id)
    assert (session.domains, hand.chosen) == ((), None)
    assert obs["domain"].isna().all()
    assert hand.history.to_undo == "Delete Nest: deep"
    for _ in range(3):
        hand.undo()
    assert session.domains == (first,)
    assert len(domains_of(viewer).layer.data) == 1


def test_shapes_that_napari_adds_moves_copies_and_removes_become_domains(
    make_napari_viewer: Callable[..., Any], small_cohort: Path, qtbot: Any
) -> None:
    viewer, hand = begun(make_napari_viewer, small_cohort)
    session, view = session_of(viewer), domains_of(viewer)
    draw(viewer, hand, SQUARE)
    draw(viewer, hand, OTHER, "Stroma")
    layer = view.layer
    layer.add(np.array([[200.0, 30], [300, 30], [300, 130]]), shape_type="polygon")
    qtbot.waitUntil(lambda: len(session.domains) == 3)
    assert session.domains[2].shape.area == 100 * 100 / 2
    layer.selected_data = {0}
    layer.remove_selected()
    qtbot.waitUntil(lambda: len(session.domains) == 2)
    assert [domain.name for domain in session.domains] == ["Stroma", "Stroma"]
    hand.undo()
    assert [domain.name for domain in session.domains] == ["Tumor", "Stroma", "Stroma"]
    assert len(layer.data) == 3
    assert view.layer is layer


def test_domains_of_a_file_keep_every_corner_when_another_is_drawn_beside_them(
    make_napari_viewer: Callable[..., Any], small_cohort: Path, qtbot: Any
) -> None:
    viewer, hand = begun(make_napari_viewer, small_cohort)
    session, view = session_of(viewer), domains_of(viewer)
    turns = np.linspace(0, 2 * np.pi, 400)[:-1]
    xy = np.stack([150.123 + 80.1 * np.cos(turns), 150.7 + 80.3 * np.sin(turns)], axis=1)
    old = Domain("Old", shapely.Polygon(xy))
    hand.do((old,), "Open a file")
    assert len(view.layer.data[0]) < 100, "corners that nobody sees are not drawn"
    view.layer.add(np.array([[200.0, 300], [300, 300], [300, 400]]), shape_type="polygon")
    qtbot.waitUntil(lambda: len(session.domains) == 2)
    assert session.domains[0] is old


def test_no_domain_is_lost_with_the_layer_its_name_or_the_section(
    make_napari_viewer: Callable[..., Any], small_cohort: Path
) -> None:
    viewer, hand = begun(make_napari_viewer, small_cohort)
    session, view = session_of(viewer), domains_of(viewer)
    drawn = draw(viewer, hand, SQUARE)
    view.layer.name = "something else"
    viewer.layers.remove(view.layer)
    assert session.domains == (drawn,)
    hand.choose(drawn.id)
    second = draw(viewer, hand, OTHER)
    assert view.layer in viewer.layers
    assert len(view.layer.data) == 2
    # A polygon of three corners is not finished when the section is left.
    view.take_tool("add_polygon", (1, 2, 3))
    view.layer.add(np.array([[200.0, 30], [300, 30], [300, 130]]), shape_type="path", gui=True)
    assert len(view.unfinished) == 1
    session.set_section(open_section(find_section(f"{small_cohort}#right")))
    assert session.domains == ()
    session.set_section(open_section(find_section(f"{small_cohort}#left")))
    assert session.domains[:2] == (drawn, second)
    assert [domain.shape.area for domain in session.domains[2:]] == [5000]


def test_what_was_drawn_is_offered_at_the_next_opening_and_nothing_new_hides_it(
    make_napari_viewer: Callable[..., Any], small_cohort: Path
) -> None:
    viewer, hand = begun(make_napari_viewer, small_cohort)
    hand.set_annotator("A. Smith")
    first = draw(viewer, hand, SQUARE)
    hand.flush()
    session_of(viewer).set_section(open_section(find_section(f"{small_cohort}#right")))
    hand.keeping.wait()

    other, again = begun(make_napari_viewer, small_cohort)
    again.flush()
    assert again.kept.domains == (first,)
    assert session_of(other).domains == ()
    new = draw(other, again, OTHER, "Stroma")
    again.flush()
    (file,) = again.kept.files
    assert file.exists()
    again.bring_back()
    assert session_of(other).domains == (new, first)
    assert again.annotator == "A. Smith"
    again.flush()
    assert not file.exists()
    session_of(other).set_section(open_section(find_section(f"{small_cohort}#right")))
    again.keeping.wait()

    third, last = begun(make_napari_viewer, small_cohort)
    last.flush()
    assert set(last.kept.domains) == {new, first}
    last.put_aside()
    last.flush()
    assert list(file.parent.glob("*.discarded"))
    assert session_of(third).domains == ()


KILLED = """
import sys, time
import numpy as np, shapely
import napari
from geneglass.data.cohort import find_section
from geneglass.data.section import open_section
from geneglass.viewer.annotating import annotating_of
from geneglass.viewer.domains import domains_of
from geneglass.viewer.session import session_of
viewer = napari.Viewer(show=False)
hand = annotating_of(viewer)
session_of(viewer).set_section(open_section(find_section(sys.argv[1])))
hand.do((hand.make(shapely.box(20, 30, 220, 190)),), "Draw")
domains_of(viewer).take_tool("add_polygon", (1, 2, 3))
corners = np.array([[200.0, 30], [300, 30], [300, 130]])
domains_of(viewer).layer.add(corners, shape_type="path", gui=True)
print("drawing", flush=True)
napari.run(force=True)
"""


def test_a_killed_window_loses_at_most_ten_seconds_even_of_a_domain_that_is_not_finished(
    make_napari_viewer: Callable[..., Any], small_cohort: Path
) -> None:
    command = [sys.executable, "-c", KILLED, f"{small_cohort}#left"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "drawing\n"
        time.sleep(MOST_LOST_S / 2)
        process.send_signal(signal.SIGKILL)
    _, hand = begun(make_napari_viewer, small_cohort)
    hand.flush()
    assert [domain.shape.area for domain in hand.kept.domains] == [200 * 160, 100 * 100 / 2]


def test_any_shapes_can_be_saved_as_geojson_and_ours_with_all_they_know(
    make_napari_viewer: Callable[..., Any], small_cohort: Path, tmp_path: Path
) -> None:
    viewer, hand = begun(make_napari_viewer, small_cohort)
    hand.set_annotator("B. Jones")
    drawn = draw(viewer, hand, SQUARE)
    domains_of(viewer).layer.save(str(tmp_path / "ours.geojson"), plugin="geneglass")
    assert read_domains(tmp_path / "ours.geojson")[0] == (drawn,)
    meta = {"name": "nests", "metadata": {}}
    write_shapes(str(tmp_path / "any.geojson"), [np.array([[0.0, 0], [0, 4], [3, 4], [3, 0]])], meta)
    (other,) = read_domains(tmp_path / "any.geojson")[0]
    assert (other.name, other.shape.bounds) == ("nests", (0.5, 0.5, 4.5, 3.5))


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_name_is_no_name(make_napari_viewer: Callable[..., Any], small_cohort: Path, text: str) -> None:
    _, hand = begun(make_napari_viewer, small_cohort)
    before = hand.name
    hand.set_name(text)
    assert hand.name == before
