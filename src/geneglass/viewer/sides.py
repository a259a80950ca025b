"""What is drawn of a gene: values, colours and title of each side, worked out without a viewer."""

from dataclasses import dataclass

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.overlay import Shade
from geneglass.viewer.colour_scale import UNIT, ColourScale, Look, colour_scale, has_signal
from geneglass.viewer.layers import NEUTRAL
from geneglass.viewer.session import Session
from geneglass.viewer.titles import Title, measured_title, predicted_title, r_text
from geneglass.viewer.values import Gene, Places

MEASURED, PREDICTED = "measured", "predicted"


@dataclass(frozen=True)
class Side:
    """One map: (n,) values at its places, how they are coloured, and what stands above; `bare` without a gene."""

    values: FloatArray
    shade: Shade
    title: Title
    bare: bool = False


@dataclass(frozen=True)
class View:
    """Both maps of a gene, and the note that holds for them; without a gene, the places alone."""

    sides: dict[str, Side]
    note: str
    scale: ColourScale | None = None
    aside: str = ""
    """What a title says that was shortened, for the note."""


def view_of(session: Session, look: Look) -> View:
    """Return what a session's gene looks like now."""
    gene = next((gene for gene in session.genes if gene.name == session.gene), None)
    if gene is None:
        return View(_bare_sides(session), _section_note(session))
    places = {MEASURED: session.measured_places, PREDICTED: session.predicted_places}
    found = {MEASURED: session.measured(gene.name), PREDICTED: session.predicted(gene.name)}
    values = {side: _values(found[side], there) for side, there in places.items() if there is not None}
    scales = _scales(session, values, look)
    titles = _titles(session, gene, values, look)
    sides = {side: Side(v, scales[side].shade(v), titles[side]) for side, v in values.items()}
    scale = scales.get(MEASURED) or scales.get(PREDICTED)
    return View(sides, _gene_note(session, scales), scale, _trust(session, gene))


def _bare_sides(session: Session) -> dict[str, Side]:
    bare = {}
    for side, places, words in (
        (MEASURED, session.measured_places, "measured spots"),
        (PREDICTED, session.predicted_places, "predicted places"),
    ):
        if places is not None:
            n = len(places.names)
            bare[side] = Side(np.zeros(n, np.float32), NEUTRAL, Title(f"{n:,} {words}"), bare=True)
    return bare


def _values(values: FloatArray | None, places: Places) -> FloatArray:
    """Return values, all missing where the gene is not on this side."""
    return np.full(len(places.names), np.nan, np.float32) if values is None else values


def _unit(session: Session) -> str:
    """Return the unit of the prediction, in the short form where it is that of the measured side."""
    stated = str(session.provenance.get("unit", ""))
    return UNIT if not stated or stated.startswith("ln(1 + 10,000") else stated


def _scales(session: Session, values: dict[str, FloatArray], look: Look) -> dict[str, ColourScale]:
    """Return one scale for both sides, or one for each where their units differ."""
    if _unit(session) == UNIT:
        shared = colour_scale(*values.values(), look=look)
        return dict.fromkeys(values, shared)
    return {side: colour_scale(v, look=look) for side, v in values.items()}


def _titles(session: Session, gene: Gene, values: dict[str, FloatArray], look: Look) -> dict[str, Title]:
    seen = {side: has_signal(v, look.threshold) for side, v in values.items()}
    titles = {}
    if MEASURED in values:
        titles[MEASURED] = measured_title(gene, signal=seen[MEASURED])
    if PREDICTED in values:
        score = session.r(gene.name)
        titles[PREDICTED] = predicted_title(gene, score, training=session.trained_on, signal=seen[PREDICTED])
    return titles


def _section_note(session: Session) -> str:
    return "" if session.section is None else "\n".join((session.section.name, *_set_aside(session, "double rings")))


def _gene_note(session: Session, scales: dict[str, ColourScale]) -> str:
    unit = _unit(session)
    if unit == UNIT:
        stated = [scale.words(UNIT) for scale in list(scales.values())[:1]]
    else:
        stated = [f"{side}: {scale.words(UNIT if side == MEASURED else unit)}" for side, scale in scales.items()]
    return "\n".join((*stated, *_set_aside(session)))


def _trust(session: Session, gene: Gene) -> str:
    known = session.trained_on and gene.predicted and gene.trust_r is not None
    return f"held-out r = {r_text(gene.trust_r)}" if known else ""


def _set_aside(session: Session, drawn: str = "rings") -> list[str]:
    places = session.measured_places
    n = 0 if places is None else int((~places.kept).sum())
    spots = "1 spot" if n == 1 else f"{n} spots"
    return [f"{drawn}: {spots} under {session.min_counts} counts"] if n else []
