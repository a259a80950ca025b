"""The page Judge on a real breast section: scatter and slide select each other, and a reading is really blind."""

import csv
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from geneglass.viewer.view_controls import ViewControls
from plot_hand import drag
from real_maps import ALIKE, limits_of, middle, prediction_of, truth_of
from real_tissue import SHIFT, Real
from shown_colours import Shown, apart, coloured

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "IGKC"
READ = ("IGKC", "CD24", "COX6C", "APOE")
SIDES = ("measured", "predicted")
RING = (255, 92, 26)
"""Of a selected spot."""


def test_judge(real: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real.page("Genes")
    real.show_gene(GENE)
    real.key(real.panel.genes.findChild(ViewControls).opacity, Qt.Key.Key_End)
    page = real.page("Judge")
    selected_in_the_scatter(real, page)
    selected_on_the_slide(real, page)
    read_blind(real, page, tmp_path, monkeypatch)


def gap(values: Any) -> float:
    """Return a value about the middle that is far from every one that there is."""
    ordered = np.sort(values)
    inner = ordered[len(ordered) * 2 // 5 : len(ordered) * 3 // 5]
    widest = int(np.diff(inner).argmax())
    return float(inner[widest : widest + 2].mean())


def ringed(real: Real, pane: int = 0) -> Any:
    """Return (n,) whether a ring of the colour of selected spots is painted round each place."""
    shown, places = Shown(real.viewer), real.session.measured_places.centres_yx
    return np.array([shown.has(place, RING, pane) for place in places])


def selected_in_the_scatter(real: Real, page: Any) -> None:
    """What is gone round in the scatter has rings on both maps, and figures of its own."""
    truth, scatter = truth_of(real, GENE), page.scatter
    everything = np.corrcoef(truth.measured, truth.predicted)[0, 1]
    assert f"All spots: r = {everything:.2f} (n = {len(truth.measured)})" in scatter.figures.text()
    x, y = gap(truth.measured), gap(truth.predicted)
    right, top = truth.measured.max() + 0.1, truth.predicted.max() + 0.1
    drag(scatter.plot, [(x, y), (right, y), (right, top), (x, top)])
    wanted = (truth.measured > x) & (truth.predicted > y)
    assert 10 < wanted.sum() < len(wanted) - 10
    for pane in range(2):
        np.testing.assert_array_equal(ringed(real, pane), wanted)
    inside = np.corrcoef(truth.measured[wanted], truth.predicted[wanted])[0, 1]
    assert f"Selected: r = {inside:.2f} (n = {wanted.sum()})" in scatter.figures.text()
    real.look("judge_lasso")
    real.hand.click(scatter.box)
    drag(scatter.plot, [(truth.measured.min() - 0.1, truth.predicted.min() - 0.1), (x, y)], SHIFT)
    wanted |= (truth.measured < x) & (truth.predicted < y)
    np.testing.assert_array_equal(ringed(real), wanted)
    real.look("judge_box_added")
    real.key(scatter, Qt.Key.Key_Escape)
    assert not ringed(real).any()


def selected_on_the_slide(real: Real, page: Any) -> None:
    """A spot that is clicked with Shift, and those gone round on the slide, are marked in the scatter."""
    truth, scatter, places = truth_of(real, GENE), page.scatter, real.session.measured_places.centres_yx
    row = int(middle(real)[0])
    real.slide.click(*places[row], keys=SHIFT)
    np.testing.assert_allclose(scatter.plot.marked(), [[truth.measured[row], truth.predicted[row]]], rtol=1e-5)
    real.look("judge_one_spot")
    real.key(scatter, Qt.Key.Key_S)
    # Between two rows and two columns of the array.
    y, x = (gap(places[:, axis]) for axis in (0, 1))
    bottom, right = places.max(axis=0) + 100
    real.slide.drag([(y, x), (y, right), (bottom, right), (bottom, x)])
    inside = (places > (y, x)).all(axis=1)
    wanted = np.stack([truth.measured[inside], truth.predicted[inside]], axis=1)
    marked = scatter.plot.marked()
    np.testing.assert_allclose(marked[np.lexsort(marked.T)], wanted[np.lexsort(wanted.T)], rtol=1e-5)
    np.testing.assert_array_equal(ringed(real), inside)
    real.look("judge_on_slide")
    real.key(scatter, Qt.Key.Key_S)
    real.hand.click(scatter.clear)
    assert not len(scatter.plot.marked())


def read_blind(real: Real, page: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Genes come one after the other on maps without names; the file holds what was shown, and what was answered."""
    form, path = page.blinded, folder / "readings.csv"
    monkeypatch.setattr("geneglass.viewer.blind_form.choose_target", lambda *_: path)
    for box, text in ((form.reader, "Dr. Ada"), (form.genes, ", ".join(READ))):
        real.hand.click(box)
        real.hand.keys(box, text)
    real.type_number(form.seed, "11")
    real.hand.click(form.change)
    real.look("judge_plan")
    begun = datetime.now().astimezone().replace(microsecond=0)
    real.hand.click(form.start)
    asked = []
    answers = ("left", "right", "cannot tell", "left")
    for number, answer in enumerate(answers, start=1):
        assert f"{number} of {len(READ)}: which map is the measured one?" in form.question.text()
        started, gene = time.monotonic(), form.question.text().partition(",")[0]
        asked.append((gene, painted_on_the_left(real, gene), answer))
        nothing_tells(real, gene)
        if number == 1:
            real.look("judge_blind")
        give(real, form, answer, by_key=number % 2 == 0)
        spent = time.monotonic() - started
        with path.open(encoding="utf-8", newline="") as file:
            row = list(csv.DictReader(file))[-1]
        assert (row["gene"], row["left"], row["choice"]) == asked[-1]
        assert 0 <= float(row["seconds"]) <= spent + 1
        assert begun <= datetime.fromisoformat(row["time"]) <= datetime.now().astimezone()
    assert {gene for gene, _, _ in asked} == set(READ)
    assert {left for _, left, _ in asked} == set(SIDES)
    real.idle()
    what_came_out(real, form, path, asked)


def painted_on_the_left(real: Real, gene: str) -> str:
    """Return which side the left map shows by its colours; the right one shows the other."""
    truth = truth_of(real, gene)
    rows, limits = middle(real), limits_of(truth.both)
    shown, places = Shown(real.viewer), real.session.measured_places.centres_yx
    seen = [shown.at(places[rows], pane) for pane in range(2)]
    for order in (SIDES, SIDES[::-1]):
        values = [getattr(truth, side)[rows] for side in order]
        clear = [v > limits[0] for v in values]
        if all(
            (apart(c, coloured(v, *limits))[ok] < ALIKE).all() for c, v, ok in zip(seen, values, clear, strict=True)
        ):
            return order[0]
    raise AssertionError(f"neither map of {gene} shows what was measured")


def nothing_tells(real: Real, gene: str) -> None:
    """Neither titles, note, status bar nor other pages say which map is which, wherever the mouse is."""
    viewer, (place, *_) = real.viewer, real.session.measured_places.centres_yx[middle(real)]
    told = [layer.name for layer in viewer.layers] + [viewer.canvas.overlays.text.text]
    assert {f"{gene}, A", f"{gene}, B"} <= set(told)
    for pane in range(2):
        QTest.mouseMove(real.slide.widget, real.slide.at(*place, pane))
        QTest.qWait(60)
        told.append(str(viewer.status))
    assert not [text for text in told for word in (*SIDES, "r =", "confidence", "abstain") if word in text]
    assert not real.panel.pages["judge"].scatter.isVisible()


def give(real: Real, form: Any, answer: str, *, by_key: bool) -> None:
    """Answer with a button, or with an arrow key over the maps."""
    keys = {"left": Qt.Key.Key_Left, "right": Qt.Key.Key_Right, "cannot tell": Qt.Key.Key_Down}
    if by_key:
        real.key(real.slide.widget, keys[answer])
    else:
        real.hand.click(form.answers[answer])


def what_came_out(real: Real, form: Any, path: Path, asked: list[tuple[str, str, str]]) -> None:
    """The result counts what was recognised, and the file names reader, section, model and seed."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    stated = prediction_of(real.study.predictions["C4"]).uns["geneglass"]
    for row, (_, left, answer) in zip(rows, asked, strict=True):
        right = "predicted" if left == "measured" else "measured"
        assert (row["reader"], row["section"], row["seed"], row["right"]) == ("Dr. Ada", "C4", "11", right)
        assert (row["model"], row["model_hash"]) == (stated["model"], stated["model_hash"])
        correct = {"left": left, "right": right}.get(answer, "") == "measured"
        assert row["recognised"] == ("" if answer == "cannot tell" else "yes" if correct else "no")
    recognised = sum(row["recognised"] == "yes" for row in rows)
    assert f"recognised in {recognised} of 3 answers" in form.result.text()
    assert "Could not tell: 1." in form.result.text()
    assert "Recorded in readings.csv" in form.result.text()
    titles = [layer.name for layer in real.viewer.layers]
    assert [title for title in titles if "measured" in title]
    assert [title for title in titles if "predicted" in title]
    real.look("judge_result")
