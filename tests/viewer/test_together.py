"""Two or three genes at once in a real window: what is handed on of them, and what is said under the mouse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from geneglass.overlay.channels import PAIR, TRIPLE, channel_colours
from geneglass.viewer.channels import Channels, channels_in, together_in
from geneglass.viewer.confidence_controls import ConfidenceControls
from geneglass.viewer.desk import data_folder
from geneglass.viewer.gene_columns import GENE
from geneglass.viewer.handing import figure_of, shown_genes
from geneglass.viewer.panes import DIFFERENCE, MEASURED, PREDICTED, WITH_DIFFERENCE
from panels import press, show_both_maps
from tour.canvas import Canvas

LEFT, CONTROL, NO_KEY = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.NoModifier,
)
BOTH = (MEASURED, PREDICTED)


@pytest.fixture
def opened(panel: Any, small_cohort: Path, predicted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the panel with ERBB2 on both maps."""
    show_both_maps(panel.desk.session, small_cohort, predicted)
    monkeypatch.setattr("geneglass.viewer.figure_form.choose_target", lambda _, __, start, ___: start)
    return panel


def show_together(panel: Any, qtbot: Any, *names: str) -> Channels:
    """Mark genes with Ctrl and click, and press the button that shows them together."""
    genes = panel.genes
    panel.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: set(names) <= set(genes.model.names_shown) and not genes.figures.pending)
    for number, name in enumerate(names):
        index = genes.model.index(genes.model.row_of(name), GENE)
        genes.table.scrollTo(index)
        place = genes.table.visualRect(index).center()
        qtbot.mouseClick(genes.table.viewport(), LEFT, CONTROL if number else NO_KEY, pos=place)
    panel.tabs.widget(2).ensureWidgetVisible(genes.sets.both)
    press(qtbot, genes.sets.both)
    assert [channel.gene for channel in genes.channels.shown] == list(names)
    return genes.channels


def figure(panel: Any, tmp_path: Path) -> Any:
    return figure_of(panel._viewer, tmp_path / "f.png", width_mm=90, dpi=100, whole=True)


@pytest.mark.parametrize("names", [("CD74", "ERBB2"), ("ACTB", "CD74", "ERBB2")])
def test_the_figure_shows_the_genes_that_are_shown_together(
    opened: Any, qtbot: Any, tmp_path: Path, names: tuple[str, ...]
) -> None:
    together = show_together(opened, qtbot, *names)
    what = figure(opened, tmp_path)
    assert [drawn.title for drawn in what.maps] == [f"{' + '.join(names)} {side}" for side in BOTH]
    for drawn, side in zip(what.maps, BOTH, strict=True):
        layer = opened.compare.layer(side)
        np.testing.assert_allclose(drawn.colours.rgba, layer.face_color, atol=1e-5)
        assert drawn.colours.opacity == layer.opacity
    assert [hue.rgb for hue in what.maps[0].colours.hues] == [rgb for _, rgb in (PAIR if len(names) == 2 else TRIPLE)]
    for hue, channel in zip(what.maps[0].colours.hues, together.shown, strict=True):
        assert hue.label == f"{channel.gene} ({channel.colour})\nln(1 + counts per 10k)"
        assert (hue.low, hue.high) == channel.limits
    assert what.note == together.note
    assert "rings: 1 spot under 500 counts" in what.note
    assert np.flatnonzero(what.maps[0].rings).tolist() == [7]
    written = opened._viewer.canvas.overlays.text.text.replace("\n", " ")
    assert written.split() == what.note.replace("\N{NO-BREAK SPACE}", " ").split()
    opened.genes.channels.clear()
    assert figure(opened, tmp_path).maps[0].title.startswith(f"{names[-1]} measured")


def test_it_is_saved_by_mouse_under_the_names_of_both(opened: Any, qtbot: Any, wait_for: Any) -> None:
    show_together(opened, qtbot, "CD74", "ERBB2")
    opened.tabs.setCurrentWidget(opened.pages["share"].parent().parent())
    page = opened.pages["share"]
    press(qtbot, page.figures.figure)
    wait_for(lambda: opened.desk.runner.running is None)
    assert opened.messages.property("kind") == "note", opened.messages.text.text()
    with Image.open(data_folder() / "shared" / "left_CD74_ERBB2.png") as saved:
        pixels = np.asarray(saved.convert("RGB"), float)
    for _, rgb in PAIR:
        assert (np.abs(pixels - 255 * np.array(rgb)).max(axis=-1) < 60).sum() > 200
    press(qtbot, page.genes.shown)
    assert page.genes.genes() == ("CD74", "ERBB2") == shown_genes(opened._viewer)


def test_the_difference_beside_them_is_still_that_of_one_gene(opened: Any, qtbot: Any, tmp_path: Path) -> None:
    opened.compare.set_panes(mode=WITH_DIFFERENCE)
    show_together(opened, qtbot, "CD74", "ERBB2")
    measured, predicted, difference = figure(opened, tmp_path).maps
    assert measured.title == "CD74 + ERBB2 measured"
    assert predicted.title == "CD74 + ERBB2 predicted"
    view = opened.compare.view.sides[DIFFERENCE]
    assert difference.title == view.title.long
    np.testing.assert_array_equal(difference.values, view.values)


def test_letters_stand_for_the_sides_where_these_are_not_named(opened: Any, qtbot: Any, tmp_path: Path) -> None:
    opened.compare.set_panes(unlabelled=True, order=(PREDICTED, MEASURED))
    show_together(opened, qtbot, "CD74", "ERBB2")
    assert [drawn.title for drawn in figure(opened, tmp_path).maps] == ["CD74 + ERBB2 A", "CD74 + ERBB2 B"]


def test_a_gene_without_signal_has_no_colour_bar_and_is_said_to_have_none(
    opened: Any, qtbot: Any, tmp_path: Path
) -> None:
    together = show_together(opened, qtbot, "CD74", "SILENT")
    what = figure(opened, tmp_path)
    assert [hue.label.split()[0] for hue in what.maps[0].colours.hues] == ["CD74"]
    assert "green: SILENT, no signal" in together.note


def test_places_in_doubt_are_marked_in_the_figure_and_in_a_raster(
    opened: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.compare.set_look(doubt_below=0.6)
    together = show_together(opened, qtbot, "CD74", "ERBB2")
    assert "crosses: confidence under 0.60" in together.note
    measured, predicted = figure(opened, tmp_path).maps
    assert measured.doubtful is None
    assert predicted.doubtful.all()
    monkeypatch.setattr("geneglass.viewer.layers.RASTER_ABOVE", 20)
    opened.desk.session.set_prediction(opened.desk.session.prediction.copy())
    together.show(("CD74", "ERBB2"))
    seen = {side: np.isfinite(opened.compare.layer(side).data).sum() for side in BOTH}
    assert seen[PREDICTED] == pytest.approx(seen[MEASURED] / 3, abs=2)


def test_they_are_found_by_viewer_as_long_as_they_are_shown(opened: Any, qtbot: Any) -> None:
    viewer = opened._viewer
    assert channels_in(viewer) is opened.genes.channels
    assert together_in(viewer) is None
    together = show_together(opened, qtbot, "CD74", "ERBB2")
    assert together_in(viewer) is together
    values = np.stack([opened.desk.session.measured(name) for name in ("CD74", "ERBB2")], axis=1)
    np.testing.assert_array_equal(together.values[MEASURED], values)
    limits = [channel.limits for channel in together.shown]
    np.testing.assert_allclose(together.colours(MEASURED), channel_colours(values, limits))
    together.stop()
    assert channels_in(viewer) is None


@pytest.mark.parametrize("places", ["spots", "raster"])
def test_the_status_bar_tells_the_values_under_the_mouse(
    opened: Any, qtbot: Any, places: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, session = opened._viewer, opened.desk.session
    monkeypatch.setattr("geneglass.viewer.layers.RASTER_ABOVE", 20 if places == "raster" else 100)
    session.set_prediction(session.prediction.copy())
    show_together(opened, qtbot, "CD74", "ERBB2")
    row = 19
    y, x = session.section.centres_yx[row]
    measured, predicted = (
        ", ".join(f"{gene} {read(gene)[row]:.2f}" for gene in ("CD74", "ERBB2"))
        for read in (session.measured, session.predicted)
    )
    words = f"measured: {measured}; predicted: {predicted}"
    for chosen in ({opened.compare.layer(PREDICTED)}, set()):
        viewer.layers.selection = chosen
        hover(viewer, y, x)
        assert viewer.status == words
        assert words in [label.text() for label in opened.window().statusBar().findChildren(QLabel)]
        hover(viewer, 2, 2)
        assert viewer.status == ""
    opened.compare.set_panes(unlabelled=True)
    hover(viewer, y, x)
    assert viewer.status == ""
    opened.compare.set_panes(unlabelled=False)
    opened.genes.channels.clear()
    hover(viewer, y, x)
    assert viewer.status == one_gene(session, "ERBB2", row)
    session.set_gene("CD74")
    assert viewer.status == one_gene(session, "CD74", row), "the mouse rests, the gene changes"
    opened.compare.set_look(show_confidence=True)
    assert str(viewer.status).endswith("; predicted: confidence 0.50")
    opened.compare.set_look(show_confidence=False)
    opened.compare.set_panes(unlabelled=True)
    hover(viewer, y, x)
    assert viewer.status == "", "a value would tell which side is measured"
    opened.compare.set_panes(unlabelled=False)
    viewer.layers.selection = {viewer.add_image(np.ones((320, 480)), name="somebody's own")}
    hover(viewer, y, x)
    assert "ERBB2" not in str(viewer.status)


def one_gene(session: Any, gene: str, row: int) -> str:
    measured, predicted = session.measured(gene)[row], session.predicted(gene)[row]
    return f"measured: {gene} {measured:.2f}; predicted: {gene} {predicted:.2f} (confidence 0.50)"


def test_what_is_said_of_a_spot_that_is_set_aside(opened: Any, qtbot: Any) -> None:
    session = opened.desk.session
    (row,) = np.flatnonzero(~session.measured_places.kept)
    y, x = session.section.centres_yx[row]
    hover(opened._viewer, y, x)
    assert "(set aside: too few counts); predicted" in str(opened._viewer.status)


def test_the_confidence_says_why_it_is_not_seen_while_genes_are_shown_together(opened: Any, qtbot: Any) -> None:
    controls = opened.genes.findChild(ConfidenceControls)
    show_together(opened, qtbot, "CD74", "ERBB2")
    assert "Back to one gene" not in controls.told.text()
    controls.as_map.setChecked(True)
    assert "Back to one gene" in controls.told.text()
    opened.genes.channels.clear()
    assert "Back to one gene" not in controls.told.text()


@pytest.mark.parametrize("how", ["click", "enter"])
def test_choosing_the_chosen_gene_again_shows_it_alone(opened: Any, qtbot: Any, how: str) -> None:
    together, genes = show_together(opened, qtbot, "CD74", "ERBB2"), opened.genes
    assert opened.desk.session.gene == "ERBB2"
    index = genes.model.index(genes.model.row_of("ERBB2"), GENE)
    if how == "click":
        qtbot.mouseClick(genes.table.viewport(), LEFT, pos=genes.table.visualRect(index).center())
    else:
        qtbot.keyClick(genes.search, Qt.Key.Key_Return)
    assert together.shown == ()
    assert genes.table.selected_names() == ("ERBB2",)
    assert opened.desk.session.gene == "ERBB2"


def hover(viewer: Any, y_px: float, x_px: float) -> None:
    """Move the mouse to a place of the slide, and have napari tell what is there, as its thread does when it runs."""
    canvas = Canvas(viewer)
    # vispy leaves out moves that come within 10 ms.
    for nudge in (-1, 0):
        QTest.mouseMove(canvas.widget, canvas.at(y_px, x_px, pane=1) + QPoint(nudge, 0))
        QTest.qWait(30)
    viewer.update_status_from_cursor()
