"""The layers of a comparison: makes those that are wanted, drops the others, and lays them out in panes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from napari.layers import Layer

from geneglass.viewer.adopting import Adopter
from geneglass.viewer.arrange import decorate, dress, shows
from geneglass.viewer.grid import arrange, foresee, with_others
from geneglass.viewer.layers import same_spots
from geneglass.viewer.map_layers import colour_bar
from geneglass.viewer.roles import SLIDE, Shown, make
from geneglass.viewer.session import Session


class Stage:
    """Owns a slide per pane (the same lazy arrays) and one map per side.

    A layer that somebody deletes is left alone until it is wanted anew. Layers of others are kept in the first pane,
    or in that of the side they name (`grid.PANE`).

    Parameters
    ----------
    session
        What is shown.
    adopter
        Knows the layers that a reader made, which are taken where they are just what is wanted.

    Attributes
    ----------
    shown
        What is in the viewer, by role.
    busy
        Whether layers come and go by its own doing.
    """

    def __init__(self, session: Session, adopter: Adopter) -> None:
        self._session, self._adopter = session, adopter
        self.shown: dict[str, Shown] = {}
        self.busy = False
        self._barred: WeakSet[Layer] = WeakSet()

    def build(self, viewer: Any, panes: Sequence[Sequence[str]], *, keep: Sequence[str]) -> Iterator[None]:
        """Make the layers that are wanted and drop the others, in steps.

        Parameters
        ----------
        viewer
            A napari viewer.
        panes
            The wanted roles in every pane, from left to right and from below.
        keep
            Roles whose layers stay if they still fit.
        """
        wanted = [role for pane in panes for role in pane]
        for role in tuple(self.shown):
            if role not in wanted or role not in keep:
                self._drop(viewer, role)
                yield
        # Panes first: a new layer would else be seen in the pane of another one for a moment.
        if self.shown:
            yield
            yield from foresee(viewer, self._laid(viewer, panes, ahead=True))
            self.arrange(viewer, panes, ahead=True)
            yield
        for role in wanted:
            yield from self._ensure(viewer, role)
        with self._at_work():
            self._adopter.drop_unused()
            decorate(viewer)
        self.arrange(viewer, panes)

    @contextmanager
    def at_once(self, viewer: Any) -> Iterator[None]:
        """Have napari lay out its canvas once for all layers that come, go and move in the block, not for each."""
        with self._bars_seen(), viewer.layers.batched_update():
            yield

    def forget(self, layer: Layer) -> bool:
        """Forget a layer that was removed; return whether it was one of these."""
        left = {role: shown for role, shown in self.shown.items() if shown.layer is not layer}
        ours = len(left) < len(self.shown)
        self.shown = left
        return ours

    def arrange(self, viewer: Any, panes: Sequence[Sequence[str]], *, ahead: bool = False) -> None:
        """Put every layer into its pane.

        Parameters
        ----------
        viewer
            A napari viewer.
        panes
            The wanted roles in every pane.
        ahead
            Keep panes whose layers are still to come.
        """
        with self._at_work(), self._bars_seen():
            arrange(viewer, self._laid(viewer, panes, ahead=ahead))

    def _laid(self, viewer: Any, panes: Sequence[Sequence[str]], *, ahead: bool) -> list[list[Layer]]:
        """Return the layers of every pane, those of others too."""
        homes = [[role for role in pane if role in self.shown] for pane in panes]
        homes = [roles for roles in homes if roles or ahead]
        layers = [[self.shown[role].layer for role in roles] for roles in homes]
        return with_others(viewer, layers, homes)

    def make_bars(self) -> Iterator[None]:
        """Have napari make the colour bars that were never seen, a step each: that takes as long as a map."""
        for shown in tuple(self.shown.values()):
            if shown.layout is not None and shown.layer not in self._barred:
                self.show_bar(shown.layer, True)
                yield

    def show_bar(self, layer: Layer, wanted: bool) -> None:
        """Show the colour bar of a map, or hide it."""
        colour_bar(layer).visible = wanted
        if wanted:
            self._barred.add(layer)

    @contextmanager
    def _bars_seen(self) -> Iterator[None]:
        """Show every colour bar that was seen before, and hide it again.

        napari leaves a hidden one behind in a pane that goes, and fails when it is to be seen again.
        """
        maps = [shown.layer for shown in self.shown.values() if shown.layer in self._barred]
        hidden = [bar for bar in map(colour_bar, maps) if not bar.visible]
        for bar in hidden:
            bar.visible = True
        try:
            yield
        finally:
            for bar in hidden:
                bar.visible = False

    def _ensure(self, viewer: Any, role: str) -> Iterator[None]:
        """Have the layer of a role; in steps, where it has to be made."""
        slide = self.shown.get(SLIDE)
        made, layout, overlay = make(role, self._session, None if slide is None else slide.layer)
        shown = self.shown.get(role)
        if shown is not None:
            if shown.overlay == overlay and shows(shown.layer, made) and same_spots(shown.layout, layout):
                return
            yield
            self._drop(viewer, role)
        else:
            yield
        with self._at_work():
            layer = self._adopter.take(made)
            if layer is None:
                layer = Layer.create(*made)
                dress(layer)
                self._add(viewer, layer)
            else:
                dress(layer)
        self.shown[role] = Shown(layer, layout, overlay)
        yield

    def _add(self, viewer: Any, layer: Layer) -> None:
        """Add a layer; a layer of others that is chosen stays so, as that of a hand that draws."""
        ours = {id(shown.layer) for shown in self.shown.values()}
        chosen = {other for other in viewer.layers.selection if id(other) not in ours}
        viewer.add_layer(layer)
        if chosen:
            viewer.layers.selection = chosen

    def _drop(self, viewer: Any, role: str) -> None:
        layer = self.shown.pop(role).layer
        if layer in viewer.layers and not self._adopter.spares(layer):
            with self._at_work():
                viewer.layers.remove(layer)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before
