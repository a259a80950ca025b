"""The note under every map: unit and limits of the colours, spread, and which spots are set aside."""

from dataclasses import dataclass

import numpy as np

from geneglass.metric import METRICS
from geneglass.viewer.colour_scale import LINEAR_UNIT, UNIT, ColourScale, Look, limits_words
from geneglass.viewer.panes import MEASURED, PREDICTED, SWIPE, Panes
from geneglass.viewer.session import Session
from geneglass.viewer.titles import r_text
from geneglass.viewer.values import SIGNATURE, Gene

HIGH = {"RdBu_r": "red", "PuOr_r": "orange"}
"""The last colour of the scales of a difference, in a word."""
SCORE = "score, 0: as genes of that level"
"""What stands for the unit of a signature."""
LEAST_SPOTS = 3
"""For a spread."""


@dataclass(frozen=True)
class Stated:
    """The scales of the maps, by side; `shared` when there is one for both, and that of the difference."""

    scales: dict[str, ColourScale]
    shared: bool
    difference: ColourScale | None = None


def unit_of(session: Session, side: str) -> str:
    """Return the unit of a side's values, in the short form where it is that of the measured side."""
    stated = "" if side == MEASURED else str(session.provenance.get("unit", ""))
    return UNIT if not stated or stated.startswith("ln(1 + 10,000") else stated


def section_note(session: Session) -> str:
    """Return the note while no gene is chosen."""
    if session.section is None:
        return ""
    return "\n".join((session.section.name, *set_aside_lines(session, "double rings")))


def gene_note(session: Session, gene: Gene, look: Look, panes: Panes, stated: Stated) -> str:
    """Return the note of a gene, a line for everything that it says."""
    lines = _scale_lines(session, gene, look, panes, stated)
    if stated.difference is not None:
        lines.append(_difference_words(session, stated.difference))
    if not panes.unlabelled:
        lines += _spread_lines(session, gene)
    if panes.mode == SWIPE:
        lines.append("drag the edge, or Alt with ← →")
    return "\n".join((*lines, *set_aside_lines(session)))


def trust_words(session: Session, gene: Gene) -> str:
    """Return the held-out r that the model states, where the section was one it was trained on."""
    known = session.trained_on and gene.predicted and gene.trust_r is not None
    return f"held-out r = {r_text(gene.trust_r)}" if known else ""


def _scale_lines(session: Session, gene: Gene, look: Look, panes: Panes, stated: Stated) -> list[str]:
    score = gene.kind == SIGNATURE
    units = {side: SCORE if score else _shown_unit(unit_of(session, side), look) for side in stated.scales}
    if stated.shared:
        return [scale.words(units[side]) for side, scale in list(stated.scales.items())[:1]]
    names = {side: panes.letter(side) if panes.unlabelled else side for side in stated.scales}
    return [f"{names[side]}: {scale.words(units[side])}" for side, scale in stated.scales.items()]


def _shown_unit(unit: str, look: Look) -> str:
    return LINEAR_UNIT if unit == UNIT and not look.log else unit


def _difference_words(session: Session, scale: ColourScale) -> str:
    if unit_of(session, PREDICTED) != UNIT:
        return "no difference: the units are not the same"
    return f"difference: {limits_words(scale)}, {HIGH[scale.colourmap]} is predicted higher"


def _spread_lines(session: Session, gene: Gene) -> list[str]:
    measured, predicted, places = session.measured(gene.name), session.predicted(gene.name), session.measured_places
    if measured is None or predicted is None or places is None or not session.on_spots:
        return []
    both = places.kept & np.isfinite(measured) & np.isfinite(predicted)
    if both.sum() < LEAST_SPOTS or unit_of(session, PREDICTED) != UNIT:
        return []
    ratio = float(METRICS["spread_ratio"](measured[both, None], predicted[both, None])[0])
    return [f"predicted spread {ratio:.2f} of measured"] if np.isfinite(ratio) else []


def set_aside_lines(session: Session, drawn: str = "rings") -> list[str]:
    """Return what the note says of spots of too few counts, which are drawn as something else; nothing of none."""
    places = session.measured_places
    n = 0 if places is None else int((~places.kept).sum())
    spots = "1 spot" if n == 1 else f"{n} spots"
    return [f"{drawn}: {spots} under {session.min_counts} counts"] if n else []
