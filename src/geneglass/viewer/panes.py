"""How the two maps stand to each other: beside one another, with their difference, or one over the other."""

from dataclasses import dataclass

from geneglass.errors import InputError

MEASURED, PREDICTED, DIFFERENCE = "measured", "predicted", "difference"
"""Sides: what a map shows."""
BESIDE, WITH_DIFFERENCE, SWIPE, BLINK = "side by side", "with difference", "swipe", "blink"
MODES = (BESIDE, WITH_DIFFERENCE, SWIPE, BLINK)


@dataclass(frozen=True)
class Panes:
    """What the person at the window chose about the maps; holds for every gene.

    Attributes
    ----------
    mode
        One of `MODES`.
    order
        The sides from left to right; in one pane, left of the edge or shown first.
    unlabelled
        True says "A" and "B" in place of the sides, and nothing that would tell them apart.
    """

    mode: str = BESIDE
    order: tuple[str, str] = (MEASURED, PREDICTED)
    unlabelled: bool = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(f"Maps are shown {', '.join(MODES)}, not {self.mode!r}: choose one of these.")
        if sorted(self.order) != sorted((MEASURED, PREDICTED)):
            raise InputError(f"The order is of {MEASURED!r} and {PREDICTED!r}, not {self.order}: name each once.")

    @property
    def stacked(self) -> bool:
        """Return whether both maps lie in one pane."""
        return self.mode in (SWIPE, BLINK)

    def letter(self, side: str) -> str:
        """Return "A" for the first side and "B" for the second."""
        return "AB"[self.order.index(side)]
