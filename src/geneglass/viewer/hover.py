"""What the status bar says of the place under the mouse, on both maps: napari would tell a number of one layer."""

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from geneglass.overlay import Layout
from geneglass.viewer.colour_scale import number
from geneglass.viewer.compare import Compare
from geneglass.viewer.domains import KEY as DOMAINS
from geneglass.viewer.doubt import confidence_of
from geneglass.viewer.hits import place_under
from geneglass.viewer.panes import MEASURED, PREDICTED

if TYPE_CHECKING:
    from geneglass.viewer.channels import Channels


class Hover:
    """Writes the values of what is shown, of one gene or of several, into the status bar of one viewer.

    Parameters
    ----------
    viewer
        A napari viewer; held weakly.
    compare
        Its maps.
    channels
        The genes that are shown together; held weakly.
    """

    def __init__(self, viewer: Any, compare: Compare, channels: "Channels") -> None:
        self._viewer, self._compare, self._channels = ref(viewer), compare, ref(channels)
        self._found: dict[str, tuple[Layout | None, object, int | None]] = {}
        # The last to hear of it: what napari says of the chosen layer is there already, and is written over.
        viewer.events.status.connect(self._on_status, position="last")
        compare.drawn.connect(self._on_drawn)

    def stop(self) -> None:
        """Leave the status bar to napari."""
        self._compare.drawn.disconnect(self._on_drawn, missing_ok=True)
        viewer = self._viewer()
        if viewer is not None:
            viewer.events.status.disconnect(self._on_status)

    def _on_status(self, event: Any) -> None:
        words = None if self._compare.laying_out else self._now()
        if words is not None and event.value != words:
            self._compare.viewer.status = words

    def _on_drawn(self) -> None:
        """Tell of another gene under a mouse that rests."""
        words = None if self._compare.panes.unlabelled else self._now()
        if words is not None:
            self._compare.viewer.status = words

    def _now(self) -> str | None:
        """Return what is to be said of the place under the mouse; None where that is napari's to say."""
        viewer, channels = self._viewer(), self._channels()
        if viewer is None or channels is None or not viewer.mouse_over_canvas:
            return None
        if not channels.shown and not self._is_ours(viewer.layers.selection.active):
            return None
        return self._words(channels, viewer.cursor.position)

    def _is_ours(self, active: Any) -> bool:
        """Return whether one gene is shown, and the chosen layer is none of somebody else's."""
        one_gene = self._compare.view is not None and self._compare.session.gene is not None
        ours = active in (None, self._compare.swipe.line) or DOMAINS in active.metadata
        return one_gene and (ours or self._compare.owns(active))

    def _words(self, channels: "Channels", position: tuple[float, ...]) -> str:
        """Return the values at a position; nothing where the sides are not named, since zeros are measured."""
        if self._compare.panes.unlabelled:
            return ""
        parts = []
        for side in (MEASURED, PREDICTED):
            row = self._row(side, position)
            told = None if row is None else self._told(channels, side, row)
            if told is not None:
                parts.append(f"{side}: {told}")
        return "; ".join(parts)

    def _row(self, side: str, position: tuple[float, ...]) -> int | None:
        """Return the place of a side at a position; under a mouse that rests it is looked for once for all genes."""
        layout, view = self._compare.layout(side), (position, self._compare.viewer.scene.camera.zoom)
        found = self._found.get(side)
        if found is None or found[0] is not layout or found[1] != view:
            found = self._found[side] = (layout, view, place_under(self._compare, side, position))
        return found[2]

    def _told(self, channels: "Channels", side: str, row: int) -> str | None:
        """Return what is shown at a place of a side."""
        if not channels.shown:
            return self._told_of_one(side, row)
        values = channels.values.get(side)
        if values is None:
            return None
        return ", ".join(f"{one.gene} {_value(value)}" for one, value in zip(channels.shown, values[row], strict=True))

    def _told_of_one(self, side: str, row: int) -> str | None:
        view, session, look = self._compare.view, self._compare.session, self._compare.look
        shown = None if view is None else view.sides.get(side)
        if shown is None:
            return None
        confidence = confidence_of(session) if side == PREDICTED else None
        if confidence is not None and look.show_confidence:
            return f"confidence {_value(confidence[row])}"
        places, added = session.measured_places, ""
        if side == MEASURED and places is not None and not places.kept[row]:
            added = " (set aside: too few counts)"
        elif confidence is not None:
            added = f" (confidence {_value(confidence[row])})"
        return f"{session.gene} {_value(shown.values[row])}{added}"


def _value(value: float) -> str:
    return number(float(value)) if np.isfinite(value) else "not known"
