"""The columns of the gene table: what each says, and how it is written."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geneglass.model.trust import BETTER, NOT_BETTER, VERDICTS
from geneglass.viewer.gene_rows import NO_VERDICT
from geneglass.viewer.titles import r_text
from geneglass.viewer.values import SIGNATURE, UNTESTED

STAR, GENE, TRUST, HELD_OUT, HERE, INSIDE, MEAN, FOUND, MORAN = range(9)


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    key
        By which the user's choice of columns remembers it.
    heading
        What stands above it, in one or two lines.
    tip
        What it means, for a person who reads tissue.
    widest
        The longest text of a cell.
    """

    key: str
    heading: str
    tip: str
    widest: str = "−0.00"

    @property
    def name(self) -> str:
        """Return the heading in one line, as a menu names the column."""
        return " ".join(self.heading.replace("-\n", "-").split())


@dataclass(frozen=True)
class About:
    """What holds for the figures of all genes.

    Attributes
    ----------
    training
        Whether the model was trained on this section.
    predicted
        Whether mean, detection and Moran's I are of the predicted maps, as nothing was measured.
    domain
        The chosen domain and its spots in words; empty without one.
    """

    training: bool = False
    predicted: bool = False
    domain: str = ""


COLUMNS = (
    Column("favourite", "★", "Your favourites: click a star, or press F in the list. They are kept between sessions."),
    Column("gene", "gene", "Gene. The ones that begin with what you type come first; Σ marks a signature."),
    Column(
        "trust",
        "trust",
        "Can this gene be read from H&E at all? Tested on patients that the model had never seen:\n"
        "✓  predicted better than by anything that does not look at the picture\n"
        "✗  not better than that: do not rely on the map\n"
        "?  could not be tested, for instance with too few patients\n"
        "○  untested: outside the genes that the model was trained for",
        widest="✓",
    ),
    Column(
        "held_out",
        "held-\nout r",
        "How well predicted and measured maps agreed on tissue left out of the training, as the model file states it:\n"
        "1 is the same pattern, 0 is none in common. In brackets where it probably lies (95 %).",
    ),
    Column(
        "here",
        "r\nhere",
        "How well predicted and measured maps agree on this section (Pearson's r over spots that are not set aside).",
    ),
    Column(
        "inside",
        "r in\ndomain",
        "The same agreement, over the spots of the chosen domain only, also where a smaller domain in it has them.",
    ),
    Column("mean", "mean", "How much of the gene there is: mean measured value, ln(1 + counts per 10,000)."),
    Column(
        "found",
        "found",
        "In how many of the spots the gene was found at all. A gene found in few makes a speckled map.",
    ),
    Column(
        "moran",
        "Moran's\nI",
        "Does the measured map have a pattern? Near 1: neighbouring spots are alike, the gene forms regions.\n"
        "Near 0: no more alike than chance.",
    ),
)
OF_PREDICTED = {
    MEAN: (
        "pred.\nmean",
        "Nothing was measured here, so this is of the predicted map: its mean, in the unit that stands below the map.",
    ),
    FOUND: (
        "pred.\nfound",
        "Nothing was measured here, so this is of the predicted map: in how many of its places the gene is above 0.1,\n"
        "which is as good as none. A model hardly ever predicts none at all, so most genes are found in most places.",
    ),
    MORAN: (
        "pred.\nMoran's",
        "Nothing was measured here, so this is of the predicted map: does it have a pattern? Near 1: neighbouring\n"
        "places are alike. Predicted maps are smoother than measured ones: compare genes with each other only.",
    ),
}
"""Heading and meaning of the columns that are of the predicted map where nothing was measured."""
MARKS = {BETTER: "✓", NOT_BETTER: "✗"}
OFTEN_FEW = 0.0995
"""Shares below are written with one decimal."""


def verdict_mark(code: int, kind: str) -> str:
    """Return the sign of a verdict; empty where the model says nothing."""
    if kind == UNTESTED:
        return "○"
    if kind == SIGNATURE or code == NO_VERDICT:
        return ""
    return MARKS.get(VERDICTS[code], "?")


def verdict_words(code: int, kind: str) -> str:
    """Return a verdict in words."""
    if kind == UNTESTED:
        return "untested: the model was not trained for this gene, its map is the mean of similar reference spots"
    if kind == SIGNATURE:
        return "a signature: look at the genes in it"
    if code == NO_VERDICT:
        return "no model predicts this gene here"
    return {
        BETTER: "better than everything that does not look at the picture, on patients never seen",
        NOT_BETTER: "not better than what can be said without the picture: do not rely on the map",
    }.get(VERDICTS[code], "not assessable: there were too few patients, or the gene hardly varies")


def number_text(column: int, value: float) -> str:
    """Return a figure as it stands in a cell, a dash where it is not defined."""
    if not np.isfinite(value):
        return "–"
    if column == FOUND:
        return f"{100 * value:.0f} %" if value == 0 or value >= OFTEN_FEW else f"{100 * value:.1f} %"
    return r_text(value)


def held_out_text(value: float, low: float, high: float) -> str:
    """Return a held-out r with its interval in brackets, where it is known."""
    text = number_text(HELD_OUT, value)
    return f"{text} ({r_text(low)}, {r_text(high)})" if np.isfinite([value, low, high]).all() else text


def heading(column: int, about: About) -> str:
    """Return a column's heading; r on a section that the model was trained on says so, and what is predicted does."""
    if about.predicted and column in OF_PREDICTED:
        return OF_PREDICTED[column][0]
    return "r,\ntrained" if column == HERE and about.training else COLUMNS[column].heading


def tip(column: int, about: About) -> str:
    """Return what a column means."""
    if about.predicted and column in OF_PREDICTED:
        return OF_PREDICTED[column][1]
    text = COLUMNS[column].tip
    if column == INSIDE:
        text += f"\nNow: {about.domain}." if about.domain else "\nNo domain is chosen."
    if column in (HERE, INSIDE) and about.training:
        text += "\nThe model was trained on this very section: this says nothing about new tissue."
    return text


def sort_key(values: Any, *, descending: bool) -> Any:
    """Return what to sort a column by, so that cells without a figure come last either way."""
    numbers = np.asarray(values, float)
    return np.where(np.isfinite(numbers), -numbers if descending else numbers, np.inf)
