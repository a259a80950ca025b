"""Where a prediction is not to be relied on: which places are marked, and what the note says of them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.novelty import UNLIKE
from geneglass.viewer.layers import RASTER_ABOVE

if TYPE_CHECKING:
    from geneglass.viewer.colour_scale import Look
    from geneglass.viewer.session import Session

NOTHING_LIKE_IT = "look like nothing the model was trained on"


def confidence_of(session: "Session") -> FloatArray | None:
    """Return the confidence at the predicted places, (n,), NaN where not known; None where none is stated."""
    prediction, places = session.prediction, session.predicted_places
    if prediction is None or places is None or "confidence" not in prediction.obs:
        return None
    # A grid that is still growing gets its confidence as it goes on.
    found = places.confidence if session.on_spots else prediction.obs["confidence"].to_numpy(np.float32)
    return None if found is None or not np.isfinite(found).any() else found


def calibrated_on(session: "Session") -> str:
    """Return on what the confidence was calibrated; empty where it was not."""
    return str(session.provenance.get("calibrated", ""))


def limit_of(session: "Session", look: "Look") -> float:
    """Return the confidence below which places are marked: as chosen, else where a calibrated prediction abstains."""
    if look.doubt_below is not None:
        return look.doubt_below
    return float(session.provenance.get("abstain_below", 0.0)) if calibrated_on(session) else 0.0


def doubtful(session: "Session", look: "Look") -> NDArray[np.bool_] | None:
    """Return which predicted places are marked, (n,); None where none is.

    Those that look like nothing in training are among them, calibrated or not, unless another limit is chosen.
    """
    confidence = confidence_of(session)
    if confidence is None:
        return None
    below: NDArray[np.bool_] = confidence < np.float32(limit_of(session, look))
    if look.doubt_below is None:
        below = below | (confidence == UNLIKE)
    return below if below.any() else None


def doubt_lines(session: "Session", look: "Look") -> list[str]:
    """Return what the note says: how much of the tissue is predicted, what is marked, and what confidence means."""
    lines = []
    covered = float(session.provenance.get("covered", 1.0))
    if covered < 1:
        lines.append(f"predicted so far: {percent(covered)} of the tissue")
    confidence = confidence_of(session)
    if confidence is None:
        return lines
    marked = doubtful(session, look)
    if marked is not None:
        lines.append(_marked_words(session, look, marked, confidence))
    if marked is not None or look.show_confidence:
        lines.append(meaning(session))
    return lines


def meaning(session: "Session") -> str:
    """Return what the confidence rests on."""
    calibrated = calibrated_on(session)
    return f"confidence {calibrated}" if calibrated else "confidence not calibrated: likeness to training tissue"


def percent(share: float) -> str:
    """Return a share as a person reads it: never 0 % of something that is there, never all of what is not."""
    if 0 < share < 0.01:
        return "under 1 %"
    return "over 99 %" if 0.99 < share < 1 else f"{share:.0%}".replace("%", " %")


def _marked_words(session: "Session", look: "Look", marked: NDArray[np.bool_], confidence: FloatArray) -> str:
    how = "hatched" if len(marked) > RASTER_ABOVE else "crosses"
    known = np.isfinite(confidence).sum()
    limit, share = limit_of(session, look), percent(float(marked.sum() / known))
    strange = float((confidence == UNLIKE).sum() / known)
    if limit <= 0:
        return f"{how}: {share} of the places {NOTHING_LIKE_IT}"
    unlike = f"; {percent(strange)} {NOTHING_LIKE_IT}" if strange else ""
    if calibrated_on(session) and limit == float(session.provenance.get("abstain_below", 0.0)):
        return f"{how}: abstained at {share} of the places (confidence under {limit:.2f}){unlike}"
    return f"{how}: confidence under {limit:.2f} at {share} of the places{unlike}"
