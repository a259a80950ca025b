"""What is drawn of a gene: values, colours and title of each side, worked out without a viewer."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.overlay import Shade
from geneglass.viewer.colour_scale import UNIT, ColourScale, Look, colour_scale, difference_scale, has_signal
from geneglass.viewer.doubt import confidence_of, doubt_lines, doubtful
from geneglass.viewer.layers import NEUTRAL
from geneglass.viewer.notes import Stated, gene_note, section_note, trust_words, unit_of
from geneglass.viewer.panes import DIFFERENCE, MEASURED, PREDICTED, WITH_DIFFERENCE, Panes
from geneglass.viewer.session import Session
from geneglass.viewer.titles import (
    Title,
    difference_title,
    lettered_title,
    measured_title,
    own_scale_title,
    predicted_title,
)
from geneglass.viewer.values import SIGNATURE, Gene, Places


@dataclass(frozen=True)
class Side:
    """One map: (n,) values at its places, how they are coloured, and what stands above; `bare` without a gene."""

    values: FloatArray
    shade: Shade
    title: Title
    bare: bool = False
    doubtful: NDArray[np.bool_] | None = None
    """(n,) Places of too little confidence."""


@dataclass(frozen=True)
class View:
    """The maps of a gene, and the note that holds for them; without a gene, the places alone."""

    sides: dict[str, Side]
    note: str
    scale: ColourScale | None = None
    aside: str = ""
    """What a title says that was shortened, for the note."""
    shared: bool = True
    """Whether measured and predicted have one scale."""
    difference: ColourScale | None = None
    """The scale of the difference, where one is shown."""


@dataclass(frozen=True)
class _Picture:
    """A gene on its way to a view: (n,) values per side and their scales."""

    gene: Gene
    values: dict[str, FloatArray]
    scales: dict[str, ColourScale]
    shared: bool


def view_of(session: Session, look: Look, panes: Panes | None = None) -> View:
    """Return what a session's gene looks like now.

    Parameters
    ----------
    session
        With the gene.
    look
        Colours and scale.
    panes
        How the maps stand to each other; side by side where not given.
    """
    panes = Panes() if panes is None else panes
    gene = next((gene for gene in session.genes if gene.name == session.gene), None)
    if gene is None:
        return View(_bare_sides(session, panes), section_note(session))
    look = look.for_scores() if gene.kind == SIGNATURE else look
    picture = _picture(session, gene, look, panes)
    titles = _titles(session, picture, look, panes)
    sides = {side: Side(v, picture.scales[side].shade(v), titles[side]) for side, v in picture.values.items()}
    difference = _difference(session, picture, look, panes)
    if difference is not None:
        sides[DIFFERENCE] = Side(difference[0], difference[1].shade(difference[0]), difference_title(gene.name))
    stated = Stated(picture.scales, picture.shared, None if difference is None else difference[1])
    scale = picture.scales.get(MEASURED) or picture.scales.get(PREDICTED)
    aside = "" if panes.unlabelled else trust_words(session, gene)
    note = gene_note(session, gene, look, panes, stated)
    if not panes.unlabelled:
        sides = _with_doubt(session, look, sides)
        note = "\n".join((note, *doubt_lines(session, look)))
    return View(sides, note, scale, aside, picture.shared and not look.show_confidence, stated.difference)


def _with_doubt(session: Session, look: Look, sides: dict[str, Side]) -> dict[str, Side]:
    """Return the sides with places of too little confidence marked, or with the confidence itself as a map."""
    marked, confidence = doubtful(session, look), confidence_of(session)
    told = {role: replace(side, doubtful=marked) if role != MEASURED else side for role, side in sides.items()}
    if look.show_confidence and confidence is not None and PREDICTED in told:
        scale = ColourScale(0.0, 1.0, None, colourmap=look.colourmap)
        title = Title("Confidence of the prediction, 0 to 1", "Confidence, 0 to 1")
        told[PREDICTED] = Side(confidence, scale.shade(confidence), title, doubtful=marked)
    return told


def _bare_sides(session: Session, panes: Panes) -> dict[str, Side]:
    bare = {}
    for side, places, words in (
        (MEASURED, session.measured_places, "measured spots"),
        (PREDICTED, session.predicted_places, "predicted places"),
    ):
        if places is not None:
            n = len(places.names)
            text = f"{panes.letter(side)}: {n:,} places" if panes.unlabelled else f"{n:,} {words}"
            bare[side] = Side(np.zeros(n, np.float32), NEUTRAL, Title(text), bare=True)
    return bare


def _picture(session: Session, gene: Gene, look: Look, panes: Panes) -> _Picture:
    places = {MEASURED: session.measured_places, PREDICTED: session.predicted_places}
    found = {MEASURED: session.measured(gene.name), PREDICTED: session.predicted(gene.name)}
    values = {side: _values(found[side], there) for side, there in places.items() if there is not None}
    if panes.unlabelled and session.on_spots:
        # A place that only one side has would tell them apart.
        missing = ~np.isfinite(values[MEASURED]) | ~np.isfinite(values[PREDICTED])
        values = {side: np.where(missing, np.float32("nan"), v) for side, v in values.items()}
    if not look.log:
        # Another unit is not known to be a logarithm.
        values = {side: np.expm1(v) if unit_of(session, side) == UNIT else v for side, v in values.items()}
    one_unit = unit_of(session, PREDICTED) == UNIT
    if one_unit and (panes.unlabelled or not look.own_scale):
        return _Picture(gene, values, dict.fromkeys(values, colour_scale(*values.values(), look=look)), shared=True)
    # Limits by hand are of the measured values; the prediction's own follow from its values.
    looks = {MEASURED: look, PREDICTED: look.without_limits() if one_unit else look}
    return _Picture(gene, values, {side: colour_scale(v, look=looks[side]) for side, v in values.items()}, shared=False)


def _values(values: FloatArray | None, places: Places) -> FloatArray:
    """Return values, all missing where the gene is not on this side."""
    return np.full(len(places.names), np.nan, np.float32) if values is None else values


def _difference(session: Session, picture: _Picture, look: Look, panes: Panes) -> tuple[FloatArray, ColourScale] | None:
    """Return predicted less measured, where both are of the same places, and its scale over the spots not set aside.

    NaN throughout where the two are not in one unit.
    """
    places = session.measured_places
    if panes.mode != WITH_DIFFERENCE or panes.unlabelled or not session.on_spots or places is None:
        return None
    values = picture.values[PREDICTED] - picture.values[MEASURED]
    if unit_of(session, PREDICTED) != UNIT:
        values = np.full_like(values, np.nan)
    return values, difference_scale(values[places.kept], look)


def _titles(session: Session, picture: _Picture, look: Look, panes: Panes) -> dict[str, Title]:
    gene, values = picture.gene, picture.values
    seen = {side: has_signal(v, look.threshold) for side, v in values.items()}
    if panes.unlabelled:
        return {side: lettered_title(gene, panes.letter(side), signal=seen[side]) for side in values}
    titles = {}
    if MEASURED in values:
        titles[MEASURED] = measured_title(gene, signal=seen[MEASURED])
    if PREDICTED in values:
        score = session.r(gene.name)
        title = predicted_title(gene, score, training=session.trained_on, signal=seen[PREDICTED])
        own = not picture.shared and unit_of(session, PREDICTED) == UNIT and gene.predicted
        titles[PREDICTED] = own_scale_title(title) if own else title
    return titles
