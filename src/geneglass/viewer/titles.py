"""What stands above each map: the gene, the side, and how far it can be believed."""

import numpy as np

from geneglass.viewer.values import Gene, Score


def measured_title(gene: Gene, *, signal: bool) -> str:
    """Return the title of the measured side."""
    if not gene.measured:
        return f"{gene.name} was not measured"
    return f"{gene.name} measured" + ("" if signal else ": no signal")


def predicted_title(gene: Gene, score: Score | None, *, training: bool, signal: bool) -> str:
    """Return the title of the predicted side, with r, or with what stands in the way of an r.

    Parameters
    ----------
    gene
        The gene that is shown.
    score
        r of this section, None where it can not be computed.
    training
        Whether the model was trained on this section: its r then says nothing about new tissue.
    signal
        Whether any predicted value is above the threshold.
    """
    if not gene.predicted:
        return f"{gene.name} is not in the model's panel"
    title = f"{gene.name} predicted" + ("" if signal else ": no signal")
    if training:
        return f"{title}, training data" + ("" if gene.trust_r is None else f", held-out r = {_r(gene.trust_r)}")
    if score is not None:
        return f"{title}, {_score(score)}"
    return title if gene.trust_r is None else f"{title}, held-out r = {_r(gene.trust_r)}"


def _score(score: Score) -> str:
    if np.isfinite(score.r):
        return f"r = {_r(score.r)} (n = {score.n_spots})"
    reason = "too few spots" if score.n_spots < 3 else "no variation"
    return f"r undefined ({reason})"


def _r(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
