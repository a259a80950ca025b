"""What stands above each map: the gene, the side, and how far it can be believed."""

from dataclasses import dataclass

import numpy as np

from geneglass.viewer.values import SIGNATURE, UNTESTED, Gene, Score


@dataclass(frozen=True)
class Title:
    """A title, and what is left of it where a pane is too narrow for it, and where even that is too long.

    An empty form is not there.
    """

    long: str
    short: str = ""
    shortest: str = ""

    def within(self, n_chars: int) -> str:
        """Return the longest form that has at most so many characters, else the shortest there is."""
        forms = [form for form in (self.long, self.short, self.shortest) if form]
        return next((form for form in forms if len(form) <= n_chars), forms[-1])


def measured_title(gene: Gene, *, signal: bool) -> Title:
    """Return the title of the measured side."""
    if not gene.measured:
        return Title(f"{gene.name} was not measured")
    return Title(f"{gene.name} measured" + ("" if signal else ": no signal"), shortest=f"{gene.name} meas.")


def predicted_title(gene: Gene, score: Score | None, *, training: bool, signal: bool) -> Title:
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
    if not gene.predicted and gene.kind == SIGNATURE:
        return Title(f"{gene.name}: none of its genes is predicted", f"{gene.name} not predicted")
    if not gene.predicted:
        return Title(f"{gene.name} is not in the model's panel", f"{gene.name} not in the model")
    untested = ", untested" if gene.kind == UNTESTED else ""
    title = f"{gene.name} predicted{untested}" + ("" if signal else ": no signal")
    brief = f"{gene.name} untested" if untested else f"{gene.name} pred."
    held_out = "" if gene.trust_r is None else f", held-out r = {r_text(gene.trust_r)}"
    if training:
        return Title(f"{title}, training data{held_out}", f"{title}, training data", f"{brief}, training data")
    if score is None:
        return Title(f"{title}{held_out}", title, f"{brief}")
    n = f" (n = {score.n_spots})" if np.isfinite(score.r) else ""
    r = f", r = {r_text(score.r)}" if np.isfinite(score.r) else ", r undefined"
    return Title(f"{title}, {_score(score)}{n}", f"{title}, {_score(score)}", f"{brief}{r}")


def lettered_title(gene: Gene, letter: str, *, signal: bool) -> Title:
    """Return the title of a side that is not named."""
    return Title(f"{gene.name}, {letter}" + ("" if signal else ": no signal"))


def own_scale_title(title: Title) -> Title:
    """Return a title that also says that its map has a colour scale of its own."""
    return Title(*(f"{form}, own scale" for form in (title.long, title.short, title.shortest) if form))


def difference_title(gene: str) -> Title:
    """Return the title of the difference."""
    return Title(f"{gene} predicted − measured", f"{gene} pred. − meas.", f"{gene} difference")


def _score(score: Score) -> str:
    if np.isfinite(score.r):
        return f"r = {r_text(score.r)}"
    reason = "too few spots" if score.n_spots < 3 else "no variation"
    return f"r undefined ({reason})"


def r_text(value: float) -> str:
    """Return a correlation with two decimals and a true minus sign, which zero has not."""
    return f"{value:z.2f}".replace("-", "−")
