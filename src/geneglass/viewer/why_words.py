"""What the page Why says."""

from collections.abc import Iterable

import numpy as np

from geneglass.viewer.colour_scale import UNIT
from geneglass.viewer.doubt import percent
from geneglass.viewer.session import Session
from geneglass.workflow.explain import Explanation
from geneglass.workflow.reference_pictures import Picture

CLICK = "Click a spot or a tile on the slide: the reference patches that voted for its value are shown here."
PREDICT = "Predict a section first: then a click on the slide shows which reference patches voted for a value."
HIDDEN = "Hidden during a blinded reading."
READING = "Reading patches…"
OPPOSITE = (
    "Below each: weight · similarity, measured value, slide, patient. Click a patch to ring the places where it votes."
)
SAME_VALUE = 0.02
"""A prediction that differs by less from the mean of its votes is that mean."""
MOST_REASONS = 2


def place_words(session: Session, place: str, measured: float, predicted: float) -> str:
    """Return what stands beside the picture of a place."""
    lines = [
        f"{'Spot' if session.on_spots else 'Tile'} {place} of {'' if session.section is None else session.section.name}"
    ]
    if session.gene is not None:
        lines.append(session.gene)
        for word, value in (("predicted", predicted), ("measured", measured)):
            lines += [] if np.isnan(value) else [f"{word} {value:.2f}"]
        lines.append(UNIT)
    return "\n".join(lines)


def votes_words(found: Explanation, predicted: float, recipe: str) -> str:
    """Return how many voted, what they say together, and whether the prediction is just that."""
    n, share = (
        len(found.votes),
        sum(vote.weight for vote in found.shown) / max(sum(v.weight for v in found.votes), 1e-9),
    )
    text = f"{n:,} reference patches voted"
    text += "." if share > 0.9995 else f"; the {len(found.shown)} heaviest, shown, hold {percent(share)} of the weight."
    if np.isnan(found.mean) or found.question.gene is None:
        return text
    text += f" Their weighted mean of {found.question.gene} is {found.mean:.2f}"
    if np.isnan(predicted) or abs(predicted - found.mean) < SAME_VALUE:
        return text + "."
    return f"{text}; {recipe} predicts {predicted:.2f}, since votes are a part of its prediction at most."


def reasons(pictures: Iterable[Picture]) -> str:
    """Return why there are no pictures, or only those of the model file."""
    without = list(pictures)
    told = list(dict.fromkeys(picture.reason for picture in without))[:MOST_REASONS]
    if any(picture.pixels is not None for picture in without):
        told.append("Pictures kept in the model file are shown instead.")
    return " ".join(told)
