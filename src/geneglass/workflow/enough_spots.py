"""Refusals of sections whose spots are too few, or too shallow, to learn from or to score."""

from geneglass.data.genes import kept_spots, spot_totals
from geneglass.data.spots import Spots
from geneglass.errors import InputError
from geneglass.workflow.measured import Measured


def require_training_spots(name: str, spots: Spots, min_counts: int) -> None:
    """Refuse a training section that has nothing to learn from."""
    if not kept_spots(spot_totals(spots), min_counts).any():
        raise InputError(
            f"Section {name} is trained on but has no spot with {min_counts} counts or more; lower min_counts or "
            "leave the section out."
        )


def require_spots_left(section: Measured, min_counts: int) -> None:
    """Refuse a test section that has nothing to score."""
    if len(section.totals) < 2:
        raise InputError(
            f"Section {section.name} has {len(section.totals)} spots with {min_counts} counts or more, too few to "
            "score; lower min_counts or leave the section out."
        )
