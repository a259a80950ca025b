"""A figure of several genes: their colours over the tissue, a colour bar for each, and text that stays text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geneglass.data.cohort import read_cohort
from geneglass.data.section import Section, open_section
from geneglass.workflow.events import finish
from geneglass.workflow.map_colours import Colours, Hue, Mixture, colour_bars, rgba
from geneglass.workflow.map_drawing import DrawnMap, View
from geneglass.workflow.map_figure import MapFigure, draw, map_figure

MAGENTA, GREEN = (1.0, 0.0, 1.0), (0.0, 1.0, 0.0)
HUES = (Hue("KRT8 (magenta)\nln(1 + counts per 10k)", MAGENTA, 0.5, 2.0), Hue("ACTA2 (green)\nscore", GREEN, -1.0, 3.0))
CENTRES = np.array([[100, 100], [100, 300], [300, 100], [300, 300]], np.float32)
RGBA = np.array([[*MAGENTA, 1], [*GREEN, 1], [1, 1, 1, 0], [1, 1, 1, 1]], np.float32)


@pytest.fixture
def section(tiny_cohort: Path) -> Section:
    return replace(open_section(read_cohort(tiny_cohort).sections[0]), slide=None)


@pytest.fixture
def what(section: Section, tmp_path: Path) -> MapFigure:
    """Return two maps of the same two genes, with a view of 400 px around four large spots."""
    mixed = DrawnMap("KRT8 + ACTA2 measured", np.ones((4, 2), np.float32), CENTRES, 120.0, Mixture(RGBA, HUES, 1.0), "")
    beside = replace(mixed, title="KRT8 + ACTA2 predicted", size_px=100.0, square=True)
    return MapFigure(section, (mixed, beside), View(0, 0, 400, 400), "magenta: KRT8", tmp_path / "f.svg", 100, 150)


def test_every_spot_has_its_colour(what: MapFigure) -> None:
    figure = draw(replace(what, out=what.out.with_suffix(".png")))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    maps = [axis for axis in figure.axes if axis.get_title(loc="left")]
    assert len(maps) == 2
    # The third is clear, the fourth white: both are seen as the paper.
    for axis in maps:
        for (y, x), wanted in zip(CENTRES, (MAGENTA, GREEN, (1, 1, 1), (1, 1, 1)), strict=True):
            column, row = axis.transData.transform((x, y))
            found = pixels[len(pixels) - 1 - round(row), round(column)] / 255
            np.testing.assert_allclose(found, wanted, atol=0.02)


def test_every_gene_has_one_colour_bar_for_all_maps(what: MapFigure) -> None:
    figure = draw(what)
    bars = [axis for axis in figure.axes if axis.get_xlabel()]
    assert [axis.get_xlabel() for axis in bars] == [hue.label for hue in HUES]
    assert [axis.get_xlim() for axis in bars] == [(hue.low, hue.high) for hue in HUES]
    for (_, scale), hue in zip(colour_bars(what.maps[0].colours, ""), HUES, strict=True):
        np.testing.assert_allclose(scale.to_rgba([hue.low, hue.high]), [(1, 1, 1, 1), (*hue.rgb, 1)])


def test_text_stays_text_and_the_scale_bar_is_there(what: MapFigure) -> None:
    written = finish(map_figure(what)).read_text(encoding="utf-8")
    for words in ("KRT8 + ACTA2 measured", "KRT8 + ACTA2 predicted", "KRT8 (magenta)", "ACTA2 (green)", "µm"):
        assert f"{words}</text>" in written, words


def test_the_figure_is_as_wide_as_asked_and_has_room_for_its_maps(what: MapFigure) -> None:
    path = finish(map_figure(replace(what, out=what.out.with_suffix(".png"))))
    with Image.open(path) as picture:
        assert picture.width == pytest.approx(100 / 25.4 * 150, abs=1)
    figure = draw(what)
    figure.canvas.draw()
    for axis in (axis for axis in figure.axes if axis.get_title(loc="left")):
        assert axis.get_window_extent().width > 0.38 * figure.bbox.width


def test_a_map_of_one_gene_beside_them_keeps_its_own_colour_bar(what: MapFigure) -> None:
    single = DrawnMap("difference", np.arange(4, dtype=np.float32), CENTRES, 120.0, Colours("RdBu_r", -3, 3), "ln")
    figure = draw(replace(what, maps=(*what.maps, single)))
    assert [axis.get_ylabel() for axis in figure.axes if axis.get_ylabel()] == ["ln"]
    assert len([axis for axis in figure.axes if axis.get_xlabel()]) == 2


def test_without_any_signal_there_is_no_colour_bar(what: MapFigure) -> None:
    silent = replace(what.maps[0], colours=Mixture(0 * RGBA, (), 1.0))
    assert [axis for axis in draw(replace(what, maps=(silent,))).axes if axis.get_xlabel()] == []


def test_opacity_holds_for_mixed_colours_too() -> None:
    np.testing.assert_allclose(rgba(np.ones((4, 2)), Mixture(RGBA, HUES, 0.5))[:, 3], RGBA[:, 3] / 2)


@pytest.mark.parametrize("width_mm", [40, 85, 180])
def test_titles_stay_above_their_own_maps(what: MapFigure, width_mm: float) -> None:
    long = [replace(drawn, title=f"KRT8 + ACTA2 + COL1A1 {side}") for drawn, side in zip(what.maps, "AB", strict=True)]
    figure = draw(replace(what, maps=tuple(long), width_mm=width_mm))
    figure.canvas.draw()
    left, right = (axis for axis in figure.axes if axis.get_title(loc="left"))
    edges = [axis._left_title.get_window_extent() for axis in (left, right)]
    assert edges[0].x1 < edges[1].x0
    assert edges[1].x1 <= figure.bbox.width
    assert max(edge.y1 for edge in edges) <= figure.bbox.height


@pytest.mark.parametrize("width_mm", [40, 85, 120, 180])
def test_a_long_note_is_not_cut_off(what: MapFigure, width_mm: float) -> None:
    note = (
        "ln(1 + counts per 10k): 4.13 to 6.48\ncrosses: abstained at 74 % of the places (confidence under 0.50); "
        "under 1 % look like nothing the model was trained on\nconfidence calibrated on 2 held-out sections"
    )
    figure = draw(replace(what, note=note, width_mm=width_mm))
    figure.canvas.draw()
    (below,) = [text for text in figure.texts if text.get_text().startswith("ln(")]
    assert " ".join(below.get_text().split()) == " ".join(note.split())
    box = below.get_window_extent()
    assert box.x1 <= figure.bbox.width
    assert box.y0 >= 0
    assert box.y1 <= min(axis.get_window_extent().y0 for axis in figure.axes)


def test_spots_set_aside_are_rings_unless_they_are_in_doubt(what: MapFigure) -> None:
    first, all_four = np.array([True, False, False, False]), np.ones(4, bool)
    for rings, doubtful, hollow in ((first, None, True), (first, all_four, False), (None, None, False)):
        drawn = replace(what.maps[0], rings=rings, doubtful=doubtful)
        figure = draw(replace(what, maps=(drawn,)))
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
        column, row = figure.axes[0].transData.transform((100, 100))
        middle = pixels[len(pixels) - 1 - round(row), round(column)] / 255
        np.testing.assert_allclose(middle, (1, 1, 1) if hollow else MAGENTA, atol=0.02)
        column, row = figure.axes[0].transData.transform((100 + 55, 100))
        rim = pixels[len(pixels) - 1 - round(row), round(column)] / 255
        np.testing.assert_allclose(rim, MAGENTA if doubtful is None else (1, 1, 1), atol=0.02)
