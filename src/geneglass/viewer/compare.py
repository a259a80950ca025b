"""Measured beside predicted: lays a session's section out in a viewer and keeps both sides on one scale."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, ref

from napari.layers import Layer, Points
from psygnal import Signal
from qtpy.QtCore import QTimer

from geneglass.errors import InputError
from geneglass.overlay import OVERLAYS, LayerTuple, Layout
from geneglass.viewer.arrange import (
    add_layer,
    arrange,
    decorate,
    dress,
    entitle,
    fit,
    pane_width_px,
    repaint,
    shows,
    write_note,
)
from geneglass.viewer.colour_scale import Look
from geneglass.viewer.layers import places_layer, same_spots, slide_layer, spots_layout, tiles_layout
from geneglass.viewer.opened import joined, opened_of
from geneglass.viewer.session import Session, session_of
from geneglass.viewer.sides import MEASURED, PREDICTED, View, view_of

SLIDE, SLIDE_BESIDE = "slide", "slide beside"


@dataclass(frozen=True)
class _Shown:
    """A layer in the viewer; for places also where they are and which overlay draws them."""

    layer: Layer
    layout: Layout | None = None
    overlay: str = ""


class Compare:
    """The maps of one viewer; get it with `compare_of`.

    It owns its layers: a slide per pane (the same lazy arrays) and one points layer per side, whose
    values are exchanged when the gene changes. A layer that somebody deletes is left alone until the
    next gene or section. Layers of others are kept in the first pane.
    """

    look_changed = Signal()
    drawn = Signal()

    def __init__(self, viewer: Any, session: Session) -> None:
        self._viewer = ref(viewer)
        self.session = session
        self.look = Look()
        self.view: View | None = None
        """What is drawn: values, colours and titles of both sides; None while nothing is open."""
        self._shown: dict[str, _Shown] = {}
        self._incoming: Layer | None = None
        self._busy = False
        session.section_changed.connect(self._on_section_changed)
        session.prediction_changed.connect(self._on_prediction_changed)
        session.gene_changed.connect(self._on_gene_changed)
        viewer.layers.events.inserted.connect(self._on_layer_inserted, position="last")
        viewer.layers.events.removed.connect(self._on_layer_removed, position="last")
        viewer.canvas.events.size.connect(self._fit_texts)
        if session.section is not None:
            self._on_section_changed()
        for layer in tuple(viewer.layers):
            self.adopt(layer)

    def set_look(self, **changes: Any) -> None:
        """Change fields of `Look` (threshold, percentiles, limits, colourmap, opacity) and draw again.

        Raises
        ------
        InputError
            When a value is not allowed; the look is then as before.
        """
        look = replace(self.look, **changes)
        if look != self.look:
            self.look = look
            self._draw()
            self.look_changed.emit()

    def layer(self, role: str) -> Layer | None:
        """Return the layer of a role ("slide", "measured", "slide beside", "predicted"), None if not shown."""
        return self._shown[role].layer if role in self._shown else None

    def show_all(self) -> None:
        """Bring all places into view, else the whole slide."""
        viewer = self._viewer()
        if viewer is not None and self._shown:
            places = [shown.layer for shown in self._shown.values() if isinstance(shown.layer, Points)]
            if places:
                fit(viewer, places)
            else:
                viewer.reset_view()

    def _on_section_changed(self) -> None:
        self._rebuild(keep=())
        self.show_all()
        self._adopt_waiting_predictions()

    def _on_prediction_changed(self) -> None:
        panes = len(self._wanted_panes())
        before = sum(role in self._shown for role in (MEASURED, PREDICTED))
        self._rebuild(keep=tuple(self._shown))
        if before != panes:
            self.show_all()

    def _on_gene_changed(self) -> None:
        if all(role in self._shown for pane in self._wanted_panes() for role in pane):
            self._draw()
        else:
            self._rebuild(keep=tuple(self._shown))

    def _on_layer_removed(self, event: Any) -> None:
        if not self._busy:
            self._shown = {role: shown for role, shown in self._shown.items() if shown.layer is not event.value}
            self._arrange()

    def _on_layer_inserted(self, event: Any) -> None:
        if self._busy:
            return
        if opened_of(event.value) is None:
            self._arrange()
        else:
            # The viewer is not done with inserting: it still selects the layer, which must not be gone by then.
            QTimer.singleShot(0, partial(_adopt_later, ref(self), ref(event.value)))

    def adopt(self, layer: Layer) -> bool:
        """Take over what a reader opened; return whether that was done."""
        opened, viewer = opened_of(layer), self._viewer()
        if opened is None or viewer is None or layer not in viewer.layers:
            return False
        if any(shown.layer is layer for shown in self._shown.values()):
            return False
        self._incoming = layer
        try:
            if opened.cohort is not None:
                self.session.set_cohort(opened.cohort)
            if opened.section is not None:
                self.session.set_section(joined(self.session.section, opened.section))
            if opened.prediction is not None:
                self.session.set_prediction(opened.prediction)
        except InputError as error:
            self.session.message.emit(str(error))
            return False
        finally:
            self._incoming = None
        return True

    def _adopt_waiting_predictions(self) -> None:
        viewer = self._viewer()
        if viewer is None or self.session.section is None or self.session.prediction is not None:
            return
        for layer in tuple(viewer.layers):
            opened = opened_of(layer)
            if opened is not None and opened.prediction is not None and self.adopt(layer):
                return

    def _wanted_panes(self) -> list[list[str]]:
        session = self.session
        slides = [SLIDE, SLIDE_BESIDE] if session.section is not None and session.section.slide is not None else []
        sides = ((MEASURED, session.measured_places), (PREDICTED, session.predicted_places))
        there = [side for side, places in sides if places is not None and len(places.names)]
        if not there:
            return [slides[:1]] if slides else []
        return [[*slides[i : i + 1], side] for i, side in enumerate(there)]

    def _rebuild(self, *, keep: tuple[str, ...]) -> None:
        """Make the layers that are wanted and drop the others; those to keep stay if they still fit."""
        viewer = self._viewer()
        if viewer is None:
            return
        wanted = [role for pane in self._wanted_panes() for role in pane]
        with self._at_work():
            for role in tuple(self._shown):
                if role not in wanted or role not in keep:
                    self._drop(viewer, role)
            for role in wanted:
                self._ensure(viewer, role)
            self._drop_unused(viewer)
            decorate(viewer)
        self._arrange()
        self._draw()

    def _ensure(self, viewer: Any, role: str) -> None:
        made, layout, overlay = self._make(role)
        shown = self._shown.get(role)
        if shown is not None:
            if shown.overlay == overlay and shows(shown.layer, made) and same_spots(shown.layout, layout):
                return
            self._drop(viewer, role)
        incoming = self._incoming
        if incoming is not None and incoming in viewer.layers and shows(incoming, made):
            layer, self._incoming = incoming, None
        else:
            layer = add_layer(viewer, made)
        dress(layer)
        self._shown[role] = _Shown(layer, layout, overlay)

    def _make(self, role: str) -> tuple[LayerTuple, Layout | None, str]:
        session = self.session
        section = session.section
        if section is None:
            raise ValueError("no section is open")
        if role in (SLIDE, SLIDE_BESIDE):
            first = self._shown.get(SLIDE)
            name = f"{section.name} H&E" + (", second pane" if role == SLIDE_BESIDE else "")
            data, kwargs, kind = slide_layer(section, name=name)
            # The second pane reads the very arrays of the first, also where a reader made them.
            return (first.layer.data if first is not None and role == SLIDE_BESIDE else data, kwargs, kind), None, ""
        places = session.measured_places if role == MEASURED else session.predicted_places
        if places is None:
            raise ValueError(f"nothing is {role}")
        if role == MEASURED or session.on_spots:
            layout, overlay = spots_layout(section, places), "spots"
        else:
            stride_um = float(session.provenance.get("stride_um", 0))
            layout, overlay = tiles_layout(section, places, stride_um=stride_um), "tiles"
        return places_layer(layout, overlay, name=role), layout, overlay

    def _drop(self, viewer: Any, role: str) -> None:
        layer = self._shown.pop(role).layer
        if layer in viewer.layers and layer is not self._incoming:
            viewer.layers.remove(layer)

    def _drop_unused(self, viewer: Any) -> None:
        """Remove a reader's layer that ours replace."""
        layer, self._incoming = self._incoming, None
        if layer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)

    def _arrange(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        panes = [[self._shown[role].layer for role in pane if role in self._shown] for pane in self._wanted_panes()]
        with self._at_work():
            arrange(viewer, [pane for pane in panes if pane])

    def _draw(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        self.view = view_of(self.session, self.look)
        for role in (MEASURED, PREDICTED):
            shown, side = self._shown.get(role), self.view.sides.get(role)
            if shown is None or shown.layout is None or side is None:
                continue
            made = OVERLAYS[shown.overlay](side.values, shown.layout, side.shade)
            repaint(shown.layer, made, opacity=self.look.opacity, outlined=side.bare)
            shown.layer.face_colorbar.visible = side.shade.signal
        self._fit_texts()
        self.drawn.emit()

    def _fit_texts(self) -> None:
        viewer = self._viewer()
        if viewer is None or self.view is None:
            return
        pane_px = pane_width_px(viewer)
        sides = [(self._shown[role].layer, side.title) for role, side in self.view.sides.items() if role in self._shown]
        whole = entitle(sides, pane_px=pane_px)
        note = self.view.note if whole or not self.view.aside else f"{self.view.note}\n{self.view.aside}"
        write_note(viewer, note, pane_px=pane_px)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before


def _adopt_later(compare: ref[Compare], layer: ref[Layer]) -> None:
    there, arrived = compare(), layer()
    if there is not None and arrived is not None:
        there.adopt(arrived)


_COMPARES: "WeakKeyDictionary[Any, Compare]" = WeakKeyDictionary()


def compare_of(viewer: Any) -> Compare:
    """Return the comparison of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _COMPARES:
        _COMPARES[model] = Compare(model, session_of(model))
    return _COMPARES[model]
