"""What the gene list says: how many genes there are, which of a list are not here, and why nothing is shown."""

from collections.abc import Sequence

TOLD = 6
"""Absent genes named in a sentence."""
NOTHING_OPEN = "Open a section with measured spots, or predict one: its genes are listed here."


def count_words(shown: int, there: int, *, pending: bool) -> str:
    """Return how many genes are shown of how many there are."""
    if not there:
        return ""
    words = f"{there:,} genes" if shown == there else f"{shown:,} of {there:,} genes"
    return f"{words} · figures follow…" if pending else words


def absent_words(absent: Sequence[str], n_items: int) -> str:
    """Return which genes of a pasted list are not here."""
    some = ", ".join(absent[:TOLD]) + (f" and {len(absent) - TOLD} more" if len(absent) > TOLD else "")
    return f"{len(absent)} of the {n_items} names of your list are not here: {some}."


def nothing_words(text: str, *, there: bool, favourites: bool) -> str:
    """Return why no gene is shown."""
    if not there:
        return NOTHING_OPEN
    if text:
        return f"No gene matches '{text if len(text) < 60 else text[:57] + '…'}'."
    if favourites:
        return "No gene here has a star yet: click the star of a gene, or press F."
    return "No gene here is predicted."
