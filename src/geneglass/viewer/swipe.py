"""Two maps in one pane with an edge between them: left of it the one is seen, right of it the other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from napari.layers import Layer

from geneglass.viewer.cut_maps import Cutter
from geneglass.viewer.map_layers import is_map, place_width
from geneglass.viewer.panes import SWIPE

if TYPE_CHECKING:
    from geneglass.viewer.compare import Compare

NAME = "edge"
COLOUR = "#1c6ea4"
"""Seen on tissue, on glass and on black."""
LINE_PX, GRIP_PX = 3.0, 12.0
"""Width of the edge on the screen, and how near to it the mouse must be pressed."""
SAME_WIDTH = 1.2
"""Widths that differ by less are left."""
STEP = 0.02
"""Of the width of the maps, for a press of a key."""


class Swipe:
    """The edge of one comparison; it follows what is drawn.

    Points are cut with clipping planes, so that moving the edge neither copies nor colours a value; see `cut_maps`.

    Parameters
    ----------
    viewer
        A napari viewer; held weakly.
    compare
        Whose maps are cut; held weakly.
    """

    def __init__(self, viewer: Any, compare: "Compare") -> None:
        self._viewer = ref(viewer)
        self._compare = ref(compare)
        self.x: float | None = None
        """Where the edge stands, in world units; None before the first swipe, and on another section."""
        self.line: Layer | None = None
        self._cutter = Cutter()
        compare.session.section_changed.connect(self._forget)
        compare.drawn.connect(self.redraw)
        viewer.scene.camera.events.zoom.connect(self._fit_line_width)
        viewer.mouse_drag_callbacks.append(self._drag)

    def move_to(self, x: float) -> None:
        """Move the edge to a place, in world units, no further than the maps go."""
        maps = self._maps()
        if maps:
            low, high = _bounds(maps)[:, 1]
            self.x = float(np.clip(x, low, high))
            self.fit()

    def step(self, by: int) -> None:
        """Move the edge by some steps to the right."""
        maps = self._maps()
        if maps and self.x is not None:
            low, high = _bounds(maps)[:, 1]
            self.move_to(self.x + by * STEP * (high - low))

    def redraw(self) -> None:
        """Cut the maps at the edge after they have been painted anew."""
        self._cutter.forget()
        self.fit()

    def fit(self) -> None:
        """Cut the maps at the edge and draw it, or take both back where the maps are not swiped."""
        maps = self._maps()
        if not maps:
            self._clear()
            return
        bounds = _bounds(maps)
        if self.x is None:
            self.x = float(bounds[:, 1].mean())
        for layer, sign in zip(maps, (-1.0, 1.0), strict=True):
            self._cutter.cut(layer, self.x, sign)
        self._draw_line(bounds)

    def _maps(self) -> tuple[Layer, ...]:
        """Return the maps left and right of the edge; none where there are not two in one pane."""
        compare = self._compare()
        if compare is None or compare.panes.mode != SWIPE:
            return ()
        maps = [compare.layer(side) for side in compare.panes.order]
        both = tuple(layer for layer in maps if layer is not None and is_map(layer))
        return both if len(both) == 2 else ()

    def _clear(self) -> None:
        viewer, compare, line = self._viewer(), self._compare(), self.line
        self.line = None
        if viewer is not None and line is not None and line in viewer.layers:
            viewer.layers.remove(line)
        for side in () if compare is None else compare.panes.order:
            layer = compare.layer(side) if compare is not None else None
            if layer is not None:
                self._cutter.mend(layer)

    def _draw_line(self, bounds: "np.ndarray[Any, np.dtype[np.float64]]") -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        (top, _), (bottom, _) = bounds
        data = np.array([[[top, self.x], [bottom - top, 0.0]]])
        if self.line is not None and self.line in viewer.layers:
            self.line.data = data
            return
        selected = set(viewer.layers.selection)
        kwargs = {"name": NAME, "edge_color": COLOUR, "opacity": 1.0, "vector_style": "line"}
        kwargs["units"] = self._maps()[0].units
        self.line = viewer.add_layer(Layer.create(data, kwargs, "vectors"))
        self.line.locked = True
        viewer.layers.selection = selected or {self.line}
        self._fit_line_width()

    def _fit_line_width(self, _: object = None) -> None:
        viewer = self._viewer()
        if viewer is None or self.line is None or self.line not in viewer.layers:
            return
        wanted = LINE_PX / viewer.scene.camera.zoom
        if not 1 / SAME_WIDTH < wanted / self.line.edge_width < SAME_WIDTH:
            self.line.edge_width = wanted

    def _drag(self, viewer: Any, event: Any) -> Iterator[None]:
        if not self._maps() or self.x is None:
            return
        if abs(event.position[-1] - self.x) * viewer.scene.camera.zoom > GRIP_PX:
            return
        # The picture must not move along.
        event.handled = True
        yield
        while event.type == "mouse_move":
            self.move_to(event.position[-1])
            event.handled = True
            yield

    def _forget(self) -> None:
        self.x = None


def _bounds(maps: tuple[Layer, ...]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the (2, 2) lowest and highest (y, x) of maps in world units, with half a place around."""
    corners = np.array([layer.extent.world for layer in maps])[..., -2:]
    half = max(map(place_width, maps)) / 2
    return np.array([corners[:, 0].min(axis=0) - half, corners[:, 1].max(axis=0) + half])
