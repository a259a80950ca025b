"""The page Judge in a real window: scatter and slide select each other, and a reading is blind until it ends."""

import csv

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from shapely import box

from geneglass.data.annotation import Domain
from geneglass.data.cohort import read_cohort
from geneglass.viewer.selection import selection_of
from plot_hand import drag
from tour.canvas import Canvas
from tour.pictures import show_page, wait_until

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def judge(make_napari_viewer_proxy, qtbot, small_cohort, predicted):
    """Return panel, viewer and page with the section "left" measured and predicted, ERBB2 chosen."""
    from geneglass.viewer.panel import GeneglassPanel

    viewer = make_napari_viewer_proxy(show=True)
    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    viewer.window.resize(1280, 800)
    qtbot.waitExposed(panel)
    session = panel.desk.session
    session.open_section(read_cohort(small_cohort).sections[0])
    session.set_prediction(predicted(session.section))
    session.set_gene("ERBB2")
    show_page(panel, "Judge")
    qtbot.wait(300)
    return panel, viewer, panel.pages["judge"]


def test_scatter_and_slide_select_each_other(judge):
    in_the_scatter(*judge)
    on_the_slide(*judge)
    inside_a_domain(*judge)


def in_the_scatter(panel, viewer, page):
    """Lasso and box ring spots on every map."""
    session, scatter, selection = panel.desk.session, page.scatter, selection_of(viewer)
    rows, xy = scatter.values()
    assert len(rows) == session.measured_places.kept.sum()
    assert f"r = {session.r('ERBB2').r:.2f} (n = {len(rows)})" in scatter.figures.text()
    cut = float(np.median(xy[:, 1]))
    low, high = xy.min(axis=0) - 0.3, xy.max(axis=0) + 0.3
    drag(scatter.plot, [(low[0], cut), (high[0], cut), (high[0], high[1]), (low[0], high[1])])
    wanted = rows[xy[:, 1] > cut]
    assert set(selection.spots) <= set(rows[xy[:, 1] >= cut - 0.05])
    assert set(wanted) - set(selection.spots) <= set(rows[xy[:, 1] < cut + 0.05])
    assert f"Selected: r = {np.corrcoef(*xy[np.isin(rows, selection.spots)].T)[0, 1]:.2f}" in scatter.figures.text()
    rings = [layer for layer in viewer.layers if layer.name.startswith("marks")]
    assert len(rings) == 2
    for layer in rings:
        np.testing.assert_allclose(layer.data, session.section.centres_yx[selection.spots])

    before = set(selection.spots)
    QTest.keyClick(scatter, Qt.Key.Key_B)
    drag(scatter.plot, [(low[0], low[1]), (high[0], cut - 0.05)], SHIFT)
    assert before < set(selection.spots)
    QTest.keyClick(scatter, Qt.Key.Key_Escape)
    assert not len(selection.spots)
    assert "Selected: none." in scatter.figures.text()
    assert all(not len(layer.data) for layer in rings)


def on_the_slide(panel, viewer, page):
    """Spots that are clicked or gone round on the slide are marked in the scatter."""
    selection, centres = selection_of(viewer), panel.desk.session.section.centres_yx
    canvas = Canvas(viewer)
    canvas.click(*centres[11], keys=SHIFT)
    assert selection.spots.tolist() == [11]
    assert len(page.scatter.plot.marked()) == 1
    canvas.click(*centres[11], keys=SHIFT)
    assert not len(selection.spots)

    QTest.mouseClick(page.scatter.on_slide, LEFT)
    assert not viewer.scene.camera.mouse_pan
    top, left = centres.min(axis=0) - 20
    bottom, right = np.median(centres, axis=0) - 25
    canvas.drag([(top, left), (top, right), (bottom, right), (bottom, left)])
    inside = (centres > (top, left)).all(axis=1) & (centres < (bottom, right)).all(axis=1)
    assert set(selection.spots) == set(np.flatnonzero(inside))
    shown = set(selection.spots) & set(page.scatter.values()[0])
    assert len(page.scatter.plot.marked()) == len(shown)
    QTest.mouseClick(page.scatter.on_slide, LEFT)
    assert viewer.scene.camera.mouse_pan


def inside_a_domain(panel, viewer, page):
    """The chosen domain's own spots are drawn: not those of its name, and those of a nest in it too."""
    session, scatter = panel.desk.session, page.scatter
    chosen = Domain("Tumor", box(0, 0, 240, 320))
    session.set_domains((chosen, Domain("Nest", box(60, 60, 200, 250)), Domain("Tumor", box(300, 0, 480, 320))))
    selection_of(viewer).set_domain(chosen.id)
    inside = np.flatnonzero((session.section.centres_yx[:, 1] <= 240) & session.measured_places.kept)
    assert scatter.values()[0].tolist() == inside.tolist()
    assert f"(n = {len(inside)})" in scatter.figures.text()
    assert scatter.figures.text().startswith("Domain Tumor: r = ")
    session.set_domains(())
    assert scatter.figures.text().startswith("All spots: ")


def test_a_reading_is_blind_until_it_ends(judge, tmp_path, small_cohort, predicted):
    to_its_end(*judge, tmp_path / "readings.csv")
    cut_short(*judge, tmp_path / "others.csv", read_cohort(small_cohort).sections[1], predicted)


def to_its_end(panel, viewer, page, path):
    """Keys and a button answer; all is recorded and summed up."""
    form, blind = page.blinded, page.blinded.blind
    QTest.mouseClick(form.start, LEFT)
    assert "Write your name" in panel.messages.text.text()
    assert not blind.active
    QTest.keyClicks(form.reader, "Dr. Ada")
    QTest.keyClicks(form.genes, "CD74, ERBB2 ACTB")
    form.set_file(path)
    form.seed.setValue(3)
    QTest.mouseClick(form.start, LEFT)
    assert blind.active, panel.messages.text.text()
    asked, sides = [], []
    for press in (
        lambda: QTest.keyClick(form, Qt.Key.Key_Left),
        lambda: QTest.mouseClick(form.answers["right"], LEFT),
        lambda: QTest.keyClick(Canvas(viewer).widget, Qt.Key.Key_Down),
    ):
        told = [layer.name for layer in viewer.layers] + [str(viewer.status), viewer.canvas.overlays.text.text]
        assert not any(word in text for text in told for word in ("measured", "predicted", "r ="))
        assert not page.scatter.isVisible()
        # Who changes gene or panes gets them back.
        panel.compare.set_panes(unlabelled=False)
        panel.desk.session.set_gene("RARE")
        assert panel.desk.session.gene == blind.gene
        assert panel.compare.panes.unlabelled
        asked.append(blind.gene)
        sides.append(panel.compare.panes.order[0])
        press()
    assert not blind.active
    assert sorted(asked) == ["ACTB", "CD74", "ERBB2"]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["gene"], row["left"], row["choice"]) for row in rows] == list(
        zip(asked, sides, ("left", "right", "cannot tell"), strict=True)
    )
    assert all((row["reader"], row["section"], row["seed"]) == ("Dr. Ada", "left", "3") for row in rows)
    assert "of 2 answers" in form.result.text()
    assert "Could not tell: 1" in form.result.text()
    assert page.scatter.isVisible()
    assert not panel.compare.panes.unlabelled
    wait_until(lambda: any("measured" in layer.name for layer in viewer.layers))


def cut_short(panel, viewer, page, path, other, predicted):
    """Another section ends a reading, and a grid of tiles can not be read."""
    form, session = page.blinded, panel.desk.session
    form.set_file(path)
    QTest.mouseClick(form.start, LEFT)
    assert form.blind.active, panel.messages.text.text()
    session.open_section(other)
    assert not form.blind.active
    assert not path.exists()
    grid = predicted(session.section)
    grid.obs_names = [f"tile_{i}" for i in range(grid.n_obs)]
    session.set_prediction(grid)
    QTest.mouseClick(form.start, LEFT)
    assert "at the measured spots" in panel.messages.text.text()
