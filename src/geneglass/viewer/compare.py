"""Measured beside predicted: lays a session's section out in a viewer and keeps both sides on one scale."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary, ref

from napari.layers import Layer
from psygnal import Signal

from geneglass.overlay import OVERLAYS, Layout
from geneglass.viewer.adopting import Adopter
from geneglass.viewer.arrange import entitle, fit, pane_width_px, place_titles, write_note
from geneglass.viewer.blink import Blink
from geneglass.viewer.colour_scale import Look
from geneglass.viewer.map_layers import is_map, paint
from geneglass.viewer.opened import opened_of
from geneglass.viewer.panes import DIFFERENCE, MEASURED, PREDICTED, SWIPE, Panes
from geneglass.viewer.roles import SIDES, SLIDE, SLIDE_BESIDE, wanted_panes
from geneglass.viewer.session import Session, session_of
from geneglass.viewer.sides import View, view_of
from geneglass.viewer.stage import Stage
from geneglass.viewer.swipe import Swipe
from geneglass.viewer.turns import Turns

__all__ = ["DIFFERENCE", "MEASURED", "PREDICTED", "SLIDE", "SLIDE_BESIDE", "Compare", "compare_of"]


class Compare:
    """The maps of one viewer; get it with `compare_of`.

    It owns its layers (`Stage`), whose values are exchanged when the gene changes.
    """

    look_changed = Signal()
    panes_changed = Signal()
    drawn = Signal()
    laid_out = Signal()
    """All layers that are wanted are there, and drawn."""

    def __init__(self, viewer: Any, session: Session) -> None:
        self._viewer = ref(viewer)
        self.session = session
        self.look = Look()
        self.panes = Panes()
        self.view: View | None = None
        """What is drawn: values, colours and titles of both sides; None while nothing is open."""
        self._adopter = Adopter(viewer, session, self)
        self._stage = Stage(session, self._adopter)
        self._turns, self._apart, self._whole, self._stale = Turns(), False, False, False
        self._fitted: tuple[float, ...] = ()
        self.swipe = Swipe(viewer, self)
        self.blink = Blink(self)
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

    @property
    def viewer(self) -> Any:
        """Return the viewer, None when it is gone."""
        return self._viewer()

    @property
    def laying_out(self) -> bool:
        """Return whether layers are still to come, in other turns of the event loop."""
        return self._turns.pending

    def set_look(self, **changes: Any) -> None:
        """Change fields of `Look` (threshold, percentiles, limits, colourmap, opacity) and draw again.

        Raises
        ------
        InputError
            When a value is not allowed; the look is then as before.
        """
        self._take(replace(self.look, **changes))

    def _take(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self._draw()
            self.look_changed.emit()

    def set_log(self, log: bool) -> None:
        """Colour logarithms or counts; threshold and limits stay where they were on the tissue."""
        self._take(self.look.with_log(log))

    def set_panes(self, **changes: Any) -> None:
        """Change fields of `Panes` (mode, order, unlabelled) and lay the maps out anew.

        Raises
        ------
        InputError
            When a value is not allowed; the panes are then as before.
        """
        panes = replace(self.panes, **changes)
        if panes != self.panes:
            whole = self._shows_all()
            self.panes = panes
            self._rebuild(keep=tuple(self._stage.shown), whole=whole)
            self.panes_changed.emit()

    def layer(self, role: str) -> Layer | None:
        """Return the layer of a role ("slide", "measured", "slide beside", "predicted"), None if not shown."""
        return self._stage.shown[role].layer if role in self._stage.shown else None

    def layout(self, role: str) -> Layout | None:
        """Return where the places of a map are, None where it is not shown."""
        return self._stage.shown[role].layout if role in self._stage.shown else None

    def owns(self, layer: Layer) -> bool:
        """Return whether a layer is one of the comparison's."""
        return any(shown.layer is layer for shown in self._stage.shown.values())

    def show_all(self) -> None:
        """Bring all places into view, else the whole slide."""
        viewer = self._viewer()
        if viewer is not None and self._stage.shown:
            places = [shown.layer for shown in self._stage.shown.values() if is_map(shown.layer)]
            if places:
                fit(viewer, places)
            else:
                viewer.reset_view()
            self._fitted = _place_of(viewer)

    def adopt(self, layer: Layer) -> bool:
        """Take over what a reader opened; return whether that was done."""
        return self._adopter.adopt(layer)

    def _on_section_changed(self) -> None:
        self._rebuild(keep=(), whole=True)
        self._adopter.adopt_waiting_predictions()

    @contextmanager
    def in_turns(self) -> Iterator[None]:
        """Lay out in several turns of the event loop what changes in the block: the window answers meanwhile."""
        self._apart = True
        try:
            yield
        finally:
            self._apart = False

    def hold_while(self, busy: Callable[[], bool]) -> None:
        """Let what is laid out in turns wait while something holds: no pane moves under a hand that draws."""
        self._turns.held = busy

    def _on_prediction_changed(self) -> None:
        before = sum(role in self._stage.shown for role in (MEASURED, PREDICTED))
        self._rebuild(keep=tuple(self._stage.shown), whole=before != len(self._wanted_panes()))

    def _on_gene_changed(self) -> None:
        if self._turns.pending or all(role in self._stage.shown for pane in self._wanted_panes() for role in pane):
            self.redraw()
        else:
            self._rebuild(keep=tuple(self._stage.shown))

    def _on_layer_removed(self, event: Any) -> None:
        if self._stage.busy:
            return
        if self._stage.forget(event.value):
            self._turns.stop()
        self._arrange()

    def _on_layer_inserted(self, event: Any) -> None:
        if self._stage.busy:
            return
        if opened_of(event.value) is None:
            self._arrange()
        else:
            self._adopter.adopt_later(event.value)

    def _wanted_panes(self) -> list[list[str]]:
        return wanted_panes(self.session, self.panes)

    def _rebuild(self, *, keep: tuple[str, ...], whole: bool = False) -> None:
        """Lay out what is wanted, and draw it; whoever wants something else meanwhile ends this.

        Parameters
        ----------
        keep
            Roles whose layers stay if they still fit.
        whole
            Bring all places into view.
        """
        # What ends a layout takes over that all is to come into view.
        self._whole = whole or (self._whole and self._turns.pending)
        self._turns.run(self._steps(keep, apart=self._apart), apart=self._apart)

    def _steps(self, keep: tuple[str, ...], *, apart: bool) -> Iterator[None]:
        viewer = self._viewer()
        if viewer is None:
            return
        with nullcontext() if apart else self._stage.at_once(viewer):
            yield from self._stage.build(viewer, self._wanted_panes(), keep=keep)
        yield
        yield from self._stage.make_bars()
        yield from self._drawing()
        if self._whole:
            yield
            self.show_all()
        if self._stale:
            yield
            self._draw()
        self.laid_out.emit()

    def _arrange(self) -> None:
        viewer = self._viewer()
        if viewer is not None:
            self._stage.arrange(viewer, self._wanted_panes(), ahead=self._turns.pending)

    def redraw(self) -> None:
        """Draw again, when values of the session have changed where they stand."""
        if self._turns.pending:
            self._stale = True
        else:
            self._draw()

    def _draw(self) -> None:
        for _ in self._drawing():
            pass

    def _drawing(self) -> Iterator[None]:
        """Draw a side in each step."""
        if self._viewer() is None:
            return
        self._stale = False
        self.view = view_of(self.session, self.look, self.panes)
        yield
        for role in SIDES:
            if self._paint(role):
                yield
        self._fit_texts()
        self.drawn.emit()

    def _paint(self, role: str) -> bool:
        """Give the map of a side its values and colours; return whether there is one."""
        shown = self._stage.shown.get(role)
        side = None if self.view is None else self.view.sides.get(role)
        if shown is None or shown.layout is None or side is None:
            return False
        made = OVERLAYS[shown.overlay](side.values, replace(shown.layout, doubtful=side.doubtful), side.shade)
        paint(shown.layer, made, opacity=self.look.opacity, outlined=side.bare)
        self._stage.show_bar(shown.layer, side.shade.signal and role not in self._barless())
        return True

    def _barless(self) -> list[str]:
        """Return the sides whose colour bar would be a second one of the same scale in the same pane."""
        view, panes = self.view, self.panes
        if view is None or not panes.stacked or not view.shared:
            return []
        barred = [side for side in panes.order if side in view.sides and view.sides[side].shade.signal]
        return barred[1:] if panes.mode == SWIPE else []

    def _fit_texts(self) -> None:
        viewer = self._viewer()
        if viewer is None or self.view is None:
            return
        pane_px = pane_width_px(viewer)
        shown = [
            role for role in (*self.panes.order, DIFFERENCE) if role in self._stage.shown and role in self.view.sides
        ]
        sides = [(self._stage.shown[role].layer, self.view.sides[role].title) for role in shown]
        facing = self.panes.mode == SWIPE
        place_titles([layer for layer, _ in sides], facing=facing)
        whole = entitle(sides, pane_px=pane_px, share=2 if facing and len(sides) > 1 else 1)
        note = self.view.note if whole or not self.view.aside else f"{self.view.note}\n{self.view.aside}"
        write_note(viewer, note, pane_px=pane_px)

    def _shows_all(self) -> bool:
        """Return whether nobody has moved or zoomed since all was brought into view."""
        viewer = self._viewer()
        return viewer is not None and _place_of(viewer) == self._fitted


def _place_of(viewer: Any) -> tuple[float, ...]:
    camera = viewer.scene.camera
    return (camera.zoom, *camera.center)


_COMPARES: "WeakKeyDictionary[Any, Compare]" = WeakKeyDictionary()


def compare_of(viewer: Any) -> Compare:
    """Return the comparison of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _COMPARES:
        _COMPARES[model] = Compare(model, session_of(model))
    return _COMPARES[model]
