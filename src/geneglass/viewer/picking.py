"""Picking on the slide: a click picks a place, a drawn line picks the spots inside it."""

from collections.abc import Generator
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from geneglass.data.types import FloatArray
from geneglass.viewer.compare import compare_of
from geneglass.viewer.hits import place_under, to_px
from geneglass.viewer.panes import MEASURED, PREDICTED
from geneglass.viewer.selection import Selection, selection_of
from geneglass.viewer.session import Session, session_of

MOVES_LAYERS = ("pan_zoom",)
"""Modes of the active layer in which a press is ours: in any other it draws or moves something."""


class Picker:
    """Listens to the mouse over one viewer's maps; get it with `picker_of`.

    A click picks the predicted place under it, else the measured one; beside all places it picks none. With Shift it
    takes a measured spot into the selected ones, or out. While `drawing`, a drag selects the spots that it goes round.
    """

    drawing_changed = Signal()

    def __init__(self, viewer: Any, session: Session, selection: Selection) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self._selection = selection
        self.drawing = False
        viewer.mouse_drag_callbacks.append(self._on_press)

    def set_drawing(self, drawing: bool) -> None:
        """Let a drag over the slide select spots instead of moving the view, or end that."""
        viewer = self._viewer()
        if viewer is None or drawing == self.drawing:
            return
        self.drawing = drawing
        viewer.scene.camera.mouse_pan = not drawing
        self.drawing_changed.emit()

    def _on_press(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        if event.button != 1 or self._session.section is None or not _is_free(viewer):
            return
        pressed = event.position
        line = [self._to_px(pressed)]
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            line.append(self._to_px(event.position))
            yield
        if not dragged:
            self._on_click(pressed, add="Shift" in event.modifiers)
        elif self.drawing:
            self._on_line(np.array(line), add="Shift" in event.modifiers)

    def _to_px(self, position: tuple[float, ...]) -> tuple[float, float]:
        section = self._session.section
        return to_px(position, None if section is None else section.mpp)

    def _on_click(self, position: tuple[float, ...], *, add: bool) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        compare = compare_of(viewer)
        if add:
            row = place_under(compare, MEASURED, position)
            if row is not None:
                self._selection.set_spots(np.setxor1d(self._selection.spots, [row]))
            return
        for side in (PREDICTED, MEASURED):
            row = place_under(compare, side, position)
            if row is not None:
                self._selection.set_place(side, row)
                return
        self._selection.set_place(None)

    def _on_line(self, line_yx: FloatArray, *, add: bool) -> None:
        places = self._session.measured_places
        if places is None or len(line_yx) < 3:
            return
        inside = np.flatnonzero(within(line_yx, places.centres_yx))
        self._selection.set_spots(np.union1d(self._selection.spots, inside) if add else inside)


def within(line: FloatArray, points: FloatArray) -> NDArray[np.bool_]:
    """Return (n,) whether each of (n, 2) points lies inside a line of (m, 2) corners, which is closed."""
    from matplotlib.path import Path

    corners = np.vstack([line, line[:1]]).astype(float)
    found: NDArray[np.bool_] = Path(corners).contains_points(np.asarray(points, float))
    return found


def _is_free(viewer: Any) -> bool:
    active = viewer.layers.selection.active
    return active is None or str(active.mode) in MOVES_LAYERS


_PICKERS: "WeakKeyDictionary[Any, Picker]" = WeakKeyDictionary()


def picker_of(viewer: Any) -> Picker:
    """Return the picker of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _PICKERS:
        _PICKERS[model] = Picker(model, session_of(model), selection_of(model))
    return _PICKERS[model]
