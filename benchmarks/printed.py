"""How a benchmark prints its figures."""

from collections.abc import Mapping


def in_words(value: object) -> str:
    """Return a number with four digits, and anything else as it is."""
    return f"{value:,.4g}" if isinstance(value, (int, float)) else f"{value}"


def one_line(title: str, figures: Mapping[str, object]) -> str:
    """Return figures in one line behind their title."""
    return f"{title}: " + ", ".join(f"{name} {in_words(value)}" for name, value in figures.items())
