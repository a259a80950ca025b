"""The places kept on every slide of the cohort, with their notes."""

from typing import Any

from geneglass.data.bookmark import as_json, from_json
from geneglass.viewer.bookmarks import bookmarks_of
from geneglass.viewer.remembered import REMEMBERED, Remembered
from geneglass.viewer.session import session_of


def save(viewer: Any) -> dict[str, Any]:
    """Return the places by section name."""
    cohort, bookmarks = session_of(viewer).cohort, bookmarks_of(viewer)
    kept = {} if cohort is None else {source.name: bookmarks.of(source) for source in cohort.sections}
    return {name: as_json(places) for name, places in kept.items() if places}


def restore(viewer: Any, saved: Any) -> None:
    """Add the places that are not there yet."""
    cohort, bookmarks = session_of(viewer).cohort, bookmarks_of(viewer)
    for source in () if cohort is None else cohort.sections:
        bookmarks.join(source, from_json(saved.get(source.name, ())))


REMEMBERED.register("places")(Remembered(save, restore))
