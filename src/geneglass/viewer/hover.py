"""What the status bar says of several genes under the mouse: napari would tell the number of a colour."""

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from geneglass.viewer.colour_scale import number
from geneglass.viewer.compare import Compare
from geneglass.viewer.hits import place_under

if TYPE_CHECKING:
    from geneglass.viewer.channels import Channels


class Hover:
    """Writes the values of the genes that are shown together into the status bar of one viewer.

    Parameters
    ----------
    viewer
        A napari viewer; held weakly.
    compare
        Its maps.
    channels
        The genes; held weakly.
    """

    def __init__(self, viewer: Any, compare: Compare, channels: "Channels") -> None:
        self._viewer, self._compare, self._channels = ref(viewer), compare, ref(channels)
        # The last to hear of it: what napari says of the chosen layer is there already, and is written over.
        viewer.events.status.connect(self._on_status, position="last")

    def stop(self) -> None:
        """Leave the status bar to napari."""
        viewer = self._viewer()
        if viewer is not None:
            viewer.events.status.disconnect(self._on_status)

    def _on_status(self, event: Any) -> None:
        viewer, channels = self._viewer(), self._channels()
        if viewer is None or channels is None or not channels.shown or not viewer.mouse_over_canvas:
            return
        words = self._words(channels, viewer.cursor.position)
        if event.value != words:
            viewer.status = words

    def _words(self, channels: "Channels", position: tuple[float, ...]) -> str:
        """Return the values at a position; nothing where the sides are not named, since zeros are measured."""
        if self._compare.panes.unlabelled:
            return ""
        parts = []
        for side, values in channels.values.items():
            row = place_under(self._compare, side, position)
            if row is not None:
                genes = zip(channels.shown, values[row], strict=True)
                parts.append(f"{side}: " + ", ".join(f"{channel.gene} {_value(value)}" for channel, value in genes))
        return "; ".join(parts)


def _value(value: float) -> str:
    return number(float(value)) if np.isfinite(value) else "not known"
