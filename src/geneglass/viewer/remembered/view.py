"""Which part of the slide is shown."""

from typing import Any

from geneglass.data.bookmark import Bookmark, as_json, from_json
from geneglass.data.section import Section
from geneglass.viewer.field import View, field_of
from geneglass.viewer.remembered import REMEMBERED, Remembered
from geneglass.viewer.session import session_of


def save(viewer: Any) -> list[dict[str, Any]]:
    """Return the view as a place without a note, or nothing."""
    view = field_of(viewer).now()
    return [] if view is None else as_json([Bookmark(view.centre_yx_px, view.zoom)])


def restore(viewer: Any, saved: Any) -> None:
    """Go there now, and again when the window is laid out."""
    source, field = session_of(viewer).source, field_of(viewer)
    for place in from_json(saved):
        view = View(place.centre_yx_px, place.zoom)
        field.go(view)
        if source is not None:

            def there(_: Section, view: View = view) -> View:
                return view

            field.plan(source, there)


REMEMBERED.register("view")(Remembered(save, restore))
