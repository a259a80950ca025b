"""The outlines of domains in the panes beside the first: copies of the one layer that a hand draws in."""

from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, ref

from napari.layers import Layer
from qtpy.QtCore import QTimer

from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.domain_shapes import domains_layer
from geneglass.viewer.domains import KEY, DomainView, domains_of
from geneglass.viewer.grid import PANE
from geneglass.viewer.panes import DIFFERENCE
from geneglass.viewer.session import Session, session_of

PLACES = ("second", "third")


class DomainMirrors:
    """Shows in every other pane what the layer of a `DomainView` shows; get it with `mirrors_of`.

    It owns the copies and nothing else: they can not be drawn in, and follow whatever becomes of that layer.

    Attributes
    ----------
    layers
        By the side whose pane they lie in.
    """

    def __init__(self, viewer: Any, session: Session, view: DomainView, compare: Compare) -> None:
        self._viewer, self._session, self._view, self._compare = ref(viewer), session, view, compare
        self._owner: ref[Layer] | None = None
        self.layers: dict[str, Layer] = {}
        view.shown.connect(self._on_shown)
        view.tinted.connect(self._on_tinted)
        compare.drawn.connect(self._fit)
        compare.hold_while(partial(_is_drawing, ref(view)))
        viewer.layers.events.removed.connect(self._on_removed, position="last")
        self._on_shown()

    def _on_shown(self) -> None:
        """Copy all, and follow the eye of the layer from now on."""
        owner = self._there()
        if owner is not None and (self._owner is None or self._owner() is not owner):
            self._owner = ref(owner)
            owner.events.visible.connect(self._on_visible)
        fresh = self._fit()
        for side, layer in self.layers.items():
            if side not in fresh:
                _copy(layer, owner)

    def _on_tinted(self) -> None:
        owner = self._there()
        for layer in self.layers.values():
            _tint(layer, owner)

    def _on_visible(self, _: object = None) -> None:
        owner = self._there()
        for layer in self.layers.values():
            _set_eye(layer, owner is not None and owner.visible)

    def _on_removed(self, event: Any) -> None:
        if self._owner is not None and event.value is self._owner():
            # Whoever removes several layers at once must find the copies where they were.
            QTimer.singleShot(0, partial(_fit_later, ref(self)))
        self.layers = {side: layer for side, layer in self.layers.items() if layer is not event.value}

    def _there(self) -> Any:
        viewer, layer = self._viewer(), self._view.layer
        return layer if viewer is not None and layer is not None and layer in viewer.layers else None

    def _sides(self) -> list[str]:
        """Return the sides in the panes beside the first, from left to right."""
        panes = self._compare.panes
        if self._there() is None or panes.stacked:
            return []
        return [side for side in (*panes.order, DIFFERENCE) if self._compare.layer(side) is not None][1:]

    def _fit(self) -> set[str]:
        """Have one layer per pane that needs one; return the sides that got a new one."""
        viewer, owner, sides = self._viewer(), self._there(), self._sides()
        if viewer is None:
            return set()
        for side in tuple(self.layers):
            place = sides.index(side) if side in sides else -1
            if place < 0 or self.layers[side].name != _name(place):
                gone = self.layers.pop(side)
                if gone in viewer.layers:
                    viewer.layers.remove(gone)
        fresh = {side for side in sides if side not in self.layers}
        for place, side in enumerate(sides):
            if side in fresh:
                self.layers[side] = self._make(viewer, side, _name(place))
                _copy(self.layers[side], owner)
        return fresh

    def _make(self, viewer: Any, side: str, name: str) -> Layer:
        section = self._session.section
        if section is None:
            raise ValueError("no section is open")
        data, kwargs, kind = domains_layer((), section, name)
        selected = set(viewer.layers.selection)
        layer = viewer.add_layer(Layer.create(data, {**kwargs, "metadata": {PANE: side}}, kind))
        viewer.layers.selection = selected or {layer}
        layer.locked = True
        return layer


def _is_drawing(view: "ref[DomainView]") -> bool:
    there = view()
    return there is not None and bool(there.drawing)


def _fit_later(mirrors: "ref[DomainMirrors]") -> None:
    there = mirrors()
    if there is not None:
        there._fit()


def _name(place: int) -> str:
    return f"domains, {PLACES[place]} pane"


def _copy(layer: Any, owner: Any) -> None:
    """Give a layer the shapes of the owner, all of their looks, and its eye."""
    layer.data = list(zip(owner.data, owner.shape_type, strict=True))
    layer.features = owner.features
    layer.metadata = {**layer.metadata, KEY: owner.metadata.get(KEY, ())}
    _set_eye(layer, owner.visible)
    _tint(layer, owner)


def _set_eye(layer: Any, visible: bool) -> None:
    layer.visible = visible
    # napari lets a layer be edited again whenever its eye or its data change.
    layer.editable = False


def _tint(layer: Any, owner: Any) -> None:
    if len(layer.data) == len(owner.data) > 0:
        layer.edge_color, layer.face_color = owner.edge_color, owner.face_color
        layer.edge_width = list(owner.edge_width)


_MIRRORS: "WeakKeyDictionary[Any, DomainMirrors]" = WeakKeyDictionary()


def mirrors_of(viewer: Any) -> DomainMirrors:
    """Return the copies of the domains of a napari viewer, made at the first call; they live as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _MIRRORS:
        _MIRRORS[model] = DomainMirrors(model, session_of(model), domains_of(model), compare_of(model))
    return _MIRRORS[model]
