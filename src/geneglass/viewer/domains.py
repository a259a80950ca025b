"""Domains over the slide: outlines in the colours of their classes with their names, drawn and changed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, ref

from napari.layers import Layer
from psygnal import Signal
from qtpy.QtCore import QTimer

from geneglass.data.annotation import RGB, UNNAMED, Domain
from geneglass.viewer.domain_shapes import Drawn, Make, Shape, domains_layer, drawn_of, line_width_px, read_back
from geneglass.viewer.session import Session, session_of

LINE_PX, MOST_RESIZED = 2.5, 300
"""Width of an outline on the screen; of more outlines it stays as it is when the zoom changes."""
CHOSEN_LINES, SAME_WIDTH = 1.8, 1.4
"""Width of the chosen domain's outline, in widths of the others; and the ratio of two that are left as they are."""
PAN, LASSO, POLYGON = "pan_zoom", "add_polygon_lasso", "add_polygon"
CORNER_MODES = ("select", "direct", "vertex_insert", "vertex_remove")
"""napari's modes that work on a selected shape."""
KEY = "geneglass domains"
"""Where `Layer.metadata` holds the domains that a layer shows, for whoever saves it."""


class DomainView:
    """Shows the session's domains in one viewer and reads what a hand does to them; get it with `domains_of`.

    It owns its layer; one that somebody deletes comes again with the next domains, section or tool. The domains are
    the session's: whatever becomes of the layer, they stay.

    Attributes
    ----------
    layer
        None while nothing was drawn and no tool taken.
    make
        Makes a domain of a new shape.
    """

    edited = Signal(object, object, str)
    """The section's source, its domains after a hand changed them, and what it did in words."""
    pointed = Signal(object)
    """The id of the domain whose shape was selected in the layer."""
    shown = Signal()
    """The layer shows other domains, or is gone."""
    drawing_changed = Signal()
    """A hand has begun to draw a new shape, or has ended."""
    tinted = Signal()
    """Only colours or widths of the outlines have changed."""

    def __init__(self, viewer: Any, session: Session) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self.layer: Layer | None = None
        self.make: Make = lambda shape, is_ellipse: Domain(UNNAMED, shape, is_ellipse=is_ellipse)
        self._drawn: Drawn | None = None
        self._source = session.source
        self._chosen: str | None = None
        self._busy = self._drawing = self._waiting = False
        session.section_changed.connect(self._on_section_changed)
        session.domains_changed.connect(self._on_domains_changed)
        viewer.scene.camera.events.zoom.connect(self._fit_lines)
        self._on_domains_changed()

    @property
    def drawing(self) -> str:
        """Return the tool with which a hand is in the middle of a new shape; empty while it is not."""
        return str(self.layer.mode) if self._drawing and self.layer is not None else ""

    @property
    def unfinished(self) -> tuple[Domain, ...]:
        """Return what is just being drawn, closed as it is; nothing while nothing is."""
        if not self._drawing or self._drawn is None:
            return ()
        known = {domain.id for domain in self._drawn.domains}
        return tuple(domain for domain in self._read()[0] if domain.id not in known)

    def take_tool(self, mode: str, rgb: RGB) -> None:
        """Let the hand do something with the domains: napari's mode of a layer of shapes, and a colour for new ones."""
        viewer = self._viewer()
        if viewer is None or self._session.section is None:
            return
        layer = self._ensured(viewer)
        viewer.layers.selection.active = layer
        layer.visible = True
        layer.mode = mode
        self.set_colour(rgb)
        self._select_chosen()

    def set_colour(self, rgb: RGB) -> None:
        """Draw new domains in a colour."""
        layer = self._there()
        if layer is not None and not layer.selected_data:
            with self._at_work():
                layer.current_edge_color = tuple(part / 255 for part in rgb)
                layer.current_face_color = "transparent"

    def choose(self, domain_id: str | None) -> None:
        """Tint a domain and draw its outline thicker."""
        self._chosen = domain_id
        layer = self._there()
        if layer is not None and self._drawn is not None:
            with self._at_work():
                self._tint(layer)
            self._select_chosen()
            self.tinted.emit()

    def collect(self) -> None:
        """Take over now what a hand did and what it is just drawing."""
        if self._there() is not None and (self._waiting or self._drawing):
            self._drawing = False
            self._sync()

    def _there(self) -> Any:
        viewer = self._viewer()
        return self.layer if viewer is not None and self.layer is not None and self.layer in viewer.layers else None

    def _ensured(self, viewer: Any) -> Any:
        if self._there() is None:
            self._render(viewer, always=True)
        return self.layer

    def _on_section_changed(self) -> None:
        self.collect()
        self._drop()
        self._source = self._session.source

    def _on_domains_changed(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        if self._drawing:
            # Somebody else's domains came in between: what is just being drawn goes on top of them.
            new, self._drawing = self.unfinished, False
            self._render(viewer)
            if new:
                self.edited.emit(self._source, (*self._session.domains, *new), f"Draw {new[-1].name}")
            return
        self._render(viewer)

    def _render(self, viewer: Any, *, always: bool = False) -> None:
        section, domains = self._session.section, self._session.domains
        self._waiting = False
        layer = self._there()
        if section is None or (layer is None and not domains and not always):
            self._drop()
            return
        line_px = line_width_px(domains, section)
        self._drawn = drawn_of(domains, line_px, layer)
        with self._at_work():
            if layer is None:
                selected = set(viewer.layers.selection)
                layer = self.layer = viewer.add_layer(Layer.create(*domains_layer(domains, section)))
                viewer.layers.selection = selected or {layer}
                self._dress(layer)
            else:
                self._repaint(layer, self._drawn, line_px)
            layer.metadata = {**layer.metadata, KEY: domains}
            self._tint(layer)
        self._select_chosen()
        self.shown.emit()

    def _tint(self, layer: Any) -> None:
        if self._drawn is not None and self._drawn.rows:
            layer.face_color = self._drawn.face_colours(self._chosen)
        self._widen(layer)

    def _repaint(self, layer: Any, drawn: Drawn, line_px: float) -> None:
        widths, mode = list(layer.edge_width), layer.mode
        # Laid down and taken up: of a polygon that is just begun, napari would mix up the colours with the others'.
        layer.mode = PAN if mode == POLYGON else mode
        layer.data = list(zip(drawn.corners, drawn.kinds, strict=True))
        layer.mode = mode
        if drawn.rows:
            layer.edge_color = drawn.edge_colours()
            layer.edge_width = [min(widths) if widths else line_px] * len(drawn.rows)
        layer.features = drawn.features

    def _dress(self, layer: Any) -> None:
        layer.locked = True
        layer.events.data.connect(self._on_data)
        layer.events.features.connect(self._on_features)
        layer.selected_data.events.items_changed.connect(self._on_selected)

    def _drop(self) -> None:
        viewer, layer = self._viewer(), self._there()
        if viewer is not None and layer is not None:
            with self._at_work():
                viewer.layers.remove(layer)
        self.layer, self._drawn, self._drawing = None, None, False
        self.shown.emit()

    def _on_data(self, event: Any) -> None:
        if self._busy:
            return
        action = str(getattr(event.action, "value", event.action)).lower()
        if action not in ("adding", "added", "changed", "removed"):
            return
        self._drawing = action == "adding"
        self.drawing_changed.emit()
        if not self._drawing:
            self._soon()

    def _on_features(self, _: object = None) -> None:
        if not self._busy and not self._drawing:
            self._soon()

    def _soon(self) -> None:
        """Read the layer when napari is done with it: it is still in the middle of its own mouse callback."""
        if not self._waiting:
            self._waiting = True
            QTimer.singleShot(0, partial(_sync_later, ref(self)))

    def _sync(self) -> None:
        """Tell what a hand has done since the domains were drawn."""
        self._waiting = False
        viewer, layer = self._viewer(), self._there()
        if viewer is None or layer is None or self._drawn is None or self._drawing:
            return
        domains, deed = self._read()
        if domains != self._drawn.domains:
            self.edited.emit(self._source, domains, deed)
        elif len(layer.data) != len(self._drawn.rows):
            self._render(viewer)

    def _read(self) -> tuple[tuple[Domain, ...], str]:
        layer, drawn = self.layer, self._drawn
        if layer is None or drawn is None:
            return (), ""
        rows = [int(row) if row == row else -1 for row in layer.features["row"]]
        shapes: list[Shape] = list(zip(rows, layer.shape_type, layer.data, strict=True))
        return read_back(drawn, shapes, self.make)

    def _on_selected(self, *_: object) -> None:
        layer = self._there()
        if self._busy or self._drawing or layer is None or self._drawn is None or len(layer.selected_data) != 1:
            return
        (index,) = layer.selected_data
        if layer.mode in CORNER_MODES and index < len(self._drawn.rows):
            self.pointed.emit(self._drawn.domains[self._drawn.rows[index][0]].id)

    def _select_chosen(self) -> None:
        layer = self._there()
        if layer is None or self._drawn is None or layer.mode not in CORNER_MODES:
            return
        rows = set(self._drawn.rows_of(self._chosen))
        if rows and not rows & set(layer.selected_data):
            with self._at_work():
                layer.selected_data = {min(rows)} if layer.mode != "select" else rows

    def _fit_lines(self, _: object = None) -> None:
        """Keep outlines about as thick on the screen, at any zoom."""
        layer = self._there()
        if layer is None or not len(layer.data) or len(layer.data) > MOST_RESIZED or self._drawing:
            return
        if not 1 / SAME_WIDTH < self._wanted_width(layer) / min(layer.edge_width) < SAME_WIDTH:
            with self._at_work():
                self._widen(layer)
            self.tinted.emit()

    def _wanted_width(self, layer: Any) -> float:
        viewer: Any = self._viewer()
        return LINE_PX / (viewer.scene.camera.zoom * float(layer.scale[-1]))

    def _widen(self, layer: Any) -> None:
        n = len(layer.data)
        layer.current_edge_width = self._wanted_width(layer)
        if self._drawn is None or not 0 < n <= MOST_RESIZED:
            return
        chosen = set(self._drawn.rows_of(self._chosen))
        width = self._wanted_width(layer)
        layer.edge_width = [width * (CHOSEN_LINES if row in chosen else 1) for row in range(n)]

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before


def _sync_later(view: ref[DomainView]) -> None:
    there = view()
    if there is not None and there._waiting:
        there._sync()


_VIEWS: "WeakKeyDictionary[Any, DomainView]" = WeakKeyDictionary()


def domains_of(viewer: Any) -> DomainView:
    """Return the domains of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _VIEWS:
        _VIEWS[model] = DomainView(model, session_of(model))
    return _VIEWS[model]
