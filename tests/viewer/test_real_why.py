"""The page Why on a real breast section: who voted, against prediction, counts and slides; and where a patch votes."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from qtpy.QtCore import Qt

from geneglass.data.cohort import read_cohort
from geneglass.viewer.rings import percent
from real_maps import middle, prediction_of
from real_tissue import MIN_COUNTS, Real, picture_of
from shown_colours import Shown

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE, OTHER = "IGKC", "COX6C"
PLACE, VOTED = (0, 0, 0), (230, 0, 126)
"""Colours of rings: round the place that was clicked, and round those where a patch votes."""
AT_FIRST = 12


def test_why(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    real.load_model(monkeypatch)
    real.page("Genes")
    real.show_gene(GENE)
    page = real.page("Why")
    assert "Click a spot" in page.place.text()
    row = int(middle(real)[0])
    real.slide.click(*real.session.measured_places.centres_yx[row], pane=1)
    real.hand.wait(lambda: page.explanation is not None)
    the_place_itself(real, page, row)
    those_who_voted(real, page, row)
    their_pictures(real, page)
    where_a_patch_votes(real, page)
    more_of_them(real, page, row)
    another_gene_and_place(real, page)


def rows_of_bank(real: Real) -> list[tuple[str, str]]:
    """Return section and spot of every reference spot: the kept spots of C2, then those of C3, as in their files."""
    rows = []
    for section in ("C2", "C3"):
        totals = real.file_of(section)[1]
        rows += [(section, str(name)) for name in totals.index[totals >= MIN_COUNTS]]
    return rows


def slide_and_centre(real: Real, section: str, spot: str) -> tuple[Path, tuple[float, float], float]:
    """Return a section's slide, the centre of a spot (y, x) in its pixels, and pixels per 200 um, by the spot file."""
    source = next(one for one in read_cohort(real.study.cohort).sections if one.name == section)
    beside = source.spots.parent.parent / "ST-spotfiles"
    table = pd.read_csv(next(beside.glob(f"{section}_selection.tsv*")), sep="\t")
    table.index = [f"{round(x)}x{round(y)}" for x, y in zip(table.x, table.y, strict=True)]
    # The array's pitch is 200 um.
    pitch = float(
        np.hypot(*np.ptp(table[["pixel_x", "pixel_y"]], axis=0)) / np.hypot(*np.ptp(table[["x", "y"]], axis=0))
    )
    return source.slide, (table.pixel_y[spot], table.pixel_x[spot]), pitch


def likeness(shown: Any, slide: Path, centre_yx: tuple[float, float], edge_px: float) -> float:
    """Return the correlation of a pixmap with a square of a slide's own file."""
    (y, x), half = centre_yx, edge_px / 2
    cut = picture_of(slide).crop(tuple(round(v) for v in (x - half, y - half, x + half, y + half))).convert("RGB")
    image = shown.toImage().scaled(64, 64, transformMode=Qt.TransformationMode.SmoothTransformation)
    image = image.convertToFormat(image.Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8).reshape(64, image.bytesPerLine())
    wanted = np.asarray(cut.resize((64, 64), Image.Resampling.BOX), float)
    return float(np.corrcoef(pixels[:, : 3 * 64].ravel(), wanted.ravel())[0, 1])


def the_place_itself(real: Real, page: Any, row: int) -> None:
    """Its name, its two values, its picture, and a ring on both maps."""
    name = str(real.session.measured_places.names[row])
    made = prediction_of(real.study.predictions["C4"])
    told = page.place.text()
    assert f"Spot {name} of C4" in told
    assert f"predicted {float(made[name, GENE].X[0, 0]):.2f}" in told
    assert f"measured {real.file_of('C4')[0].loc[name, GENE]:.2f}" in told
    slide, centre, pitch = slide_and_centre(real, "C4", name)
    assert likeness(page.own.pixmap(), slide, centre, pitch) > 0.8
    shown = Shown(real.viewer)
    for pane in range(2):
        assert shown.has(real.session.measured_places.centres_yx[row], PLACE, pane, within_px=10)
    real.look("why_votes")


def those_who_voted(real: Real, page: Any, row: int, gene: str = GENE, count: int = AT_FIRST) -> None:
    """The heaviest first, each with weight, similarity, value, slide, spot and patient as the files have it."""
    made, bank = prediction_of(real.study.predictions["C4"]), rows_of_bank(real)
    weights, rows, like = (made.obsm[f"neighbour_{key}"][row] for key in ("weights", "rows", "similarity"))
    order = np.argsort(-weights, kind="stable")[:count]
    assert page.votes.count() == count
    values = {section: real.file_of(section)[0] for section in ("C2", "C3")}
    for number, column in enumerate(order):
        section, spot = bank[rows[column]]
        item = page.votes.item(number)
        told = item.toolTip().split("\n")
        assert told[0] == f"Weight {percent(weights[column])} of this place's votes"
        assert told[1].startswith(f"Similarity {like[column]:.3f} ")
        assert told[2].startswith(f"{gene} measured {values[section].loc[spot, gene]:.3f}, ln(1 + 10,000 x / total")
        assert told[3:5] == [f"Slide {section}, spot {spot}", "Patient C"]
        seen = item.text().split("\n")
        assert seen[0] == f"{percent(weights[column])} · {like[column]:.2f}"
        assert seen[1:] == [f"{gene} {values[section].loc[spot, gene]:.2f}", section, "patient C"]
    mean = sum(w * values[bank[r][0]].loc[bank[r][1], gene] for w, r in zip(weights, rows, strict=True)) / weights.sum()
    assert f"{(weights > 0).sum()} reference patches voted" in page.said.text()
    assert f"weighted mean of {gene} is {mean:.2f}" in page.said.text()


def their_pictures(real: Real, page: Any) -> None:
    """Each picture is of the slide and the spot that are named, in the field of view that is chosen."""
    pictures_are_of_their_places(real, page, 1.0)
    real.choose(page.field, "400 µm")
    real.hand.wait(lambda: page.explanation is not None and page.explanation.question.field_um == 400)
    pictures_are_of_their_places(real, page, 2.0)
    real.look("why_wider")
    real.choose(page.field, "200 µm")
    real.hand.wait(lambda: page.explanation is not None and page.explanation.question.field_um == 200)


def pictures_are_of_their_places(real: Real, page: Any, pitches: float) -> None:
    for number in range(4):
        item = page.votes.item(number)
        section, spot = re.search(r"Slide (\w+), spot (\S+)", item.toolTip()).groups()
        slide, centre, pitch = slide_and_centre(real, section, spot)
        assert likeness(item.icon().pixmap(200, 200), slide, centre, pitches * pitch) > 0.8


def where_a_patch_votes(real: Real, page: Any) -> None:
    """A patch that is clicked, and the next by an arrow key: the places where it votes are ringed on both maps."""
    votes = page.votes
    real.hand.click(votes.viewport(), votes.visualItemRect(votes.item(0)).center())
    rings_are_where_it_votes(real, page)
    real.look("why_opposite")
    real.key(votes, Qt.Key.Key_Right)
    assert votes.currentRow() == 1
    rings_are_where_it_votes(real, page)


def rings_are_where_it_votes(real: Real, page: Any) -> None:
    section, spot = re.search(r"Slide (\w+), spot (\S+)", page.votes.currentItem().toolTip()).groups()
    row = rows_of_bank(real).index((section, spot))
    made = prediction_of(real.study.predictions["C4"])
    voting = (made.obsm["neighbour_rows"] == row) & (made.obsm["neighbour_weights"] > 0)
    weights = np.where(voting, made.obsm["neighbour_weights"], 0).sum(axis=1)
    places = np.flatnonzero(voting.any(axis=1))
    assert f"votes at {len(places)} places here" in page.voted.text()
    assert f"weight {percent(weights[places].min())} to {percent(weights[places].max())}" in page.voted.text()
    centres, shown = real.session.measured_places.centres_yx, Shown(real.viewer)
    for pane in range(2):
        # The paler the less: the heaviest have all of their colour.
        for place in places[np.argsort(-weights[places])][:5]:
            assert shown.has(centres[place], VOTED, pane, within_px=8)
    marked = {
        tuple(np.round(place)) for layer in real.viewer.layers if layer.name.startswith("marks") for place in layer.data
    }
    assert {tuple(np.round(place)) for place in centres[places]} <= marked


def more_of_them(real: Real, page: Any, row: int) -> None:
    """The button shows the next heaviest too."""
    real.hand.click(page.more)
    real.hand.wait(lambda: page.votes.count() == 2 * AT_FIRST)
    those_who_voted(real, page, row, count=2 * AT_FIRST)


def another_gene_and_place(real: Real, page: Any) -> None:
    """Another gene changes the values, another place the votes; beside all places nothing is said."""
    real.page("Genes")
    real.show_gene(OTHER)
    real.page("Why")
    row = int(middle(real)[5])
    real.slide.click(*real.session.measured_places.centres_yx[row], pane=0)
    name = str(real.session.measured_places.names[row])
    real.hand.wait(lambda: page.explanation is not None and page.explanation.question.place == name)
    those_who_voted(real, page, row, OTHER)
    # The tissue is a triangle: there is none in this corner.
    real.slide.click(*real.session.measured_places.centres_yx.min(axis=0))
    real.hand.wait(lambda: page.explanation is None)
    assert "Click a spot" in page.place.text()
    assert not page.votes.isVisible()
