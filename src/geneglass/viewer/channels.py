"""Two or three genes at once: paints the maps of a comparison with a colour for each gene."""

from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np
from napari.layers import Layer
from psygnal import Signal

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.overlay import Layout
from geneglass.overlay.channels import LEAST, MOST, channel_colours, channel_numbers, channel_palette, hues
from geneglass.viewer.arrange import entitle, pane_width_px, write_note
from geneglass.viewer.colour_scale import ColourScale, Look, colour_scale
from geneglass.viewer.compare import MEASURED, PREDICTED, Compare
from geneglass.viewer.map_layers import colour_bar, paint_palette
from geneglass.viewer.session import Session
from geneglass.viewer.titles import Title

SEEN = Look(threshold=None, percentiles=(50.0, 99.0))
"""From which of a gene's values up its colour is seen, and from which it is seen whole."""


@dataclass(frozen=True)
class Channel:
    """One gene of several: its name, its colour by name and RGB from 0 to 1, and its scale on both sides."""

    gene: str
    colour: str
    rgb: tuple[float, float, float]
    scale: ColourScale

    def words(self) -> str:
        """Return what the legend says of it."""
        limits = f"{self.scale.low:.2f} to {self.scale.high:.2f}".replace(" ", "\N{NO-BREAK SPACE}")
        return f"{self.colour}: {self.gene}, " + ("no signal" if self.scale.empty else limits)


class Channels:
    """The genes that are shown together in one viewer; get it from the gene list.

    It paints the maps of the comparison after every drawing. Choosing one gene ends it.

    Attributes
    ----------
    shown
        What is shown together; empty while one gene is.
    """

    changed = Signal()

    def __init__(self, viewer: Any, compare: Compare) -> None:
        viewer = getattr(viewer, "__wrapped__", viewer)
        self._viewer, self._compare = ref(viewer), compare
        self.session = compare.session
        self.shown: tuple[Channel, ...] = ()
        self._names: tuple[str, ...] = ()
        self._gene: str | None = None
        compare.drawn.connect(self._on_drawn)
        viewer.canvas.events.size.connect(self._on_size, position="last")

    def show(self, names: tuple[str, ...]) -> None:
        """Show two or three genes at once.

        Raises
        ------
        InputError
            When there are fewer or more, or one of them is not here.
        """
        if not LEAST <= len(names) <= MOST:
            raise InputError(f"{len(names)} genes are marked: mark two or three (Ctrl and click) to see them together.")
        known = {gene.name for gene in self.session.genes}
        absent = [name for name in names if name not in known]
        if absent:
            raise InputError(f"{absent[0]} is not worked out here yet: choose it once, then mark it with the others.")
        if all(self._compare.layer(side) is None for side in (MEASURED, PREDICTED)):
            raise InputError("There are no spots or tiles to colour: open a section that is measured or predicted.")
        self._names, self._gene = names, self.session.gene
        self._on_drawn()

    def clear(self) -> None:
        """Go back to one gene."""
        if self._names:
            self._names = ()
            # The same gene, painted anew.
            self.session.gene_changed.emit()

    def stop(self, *_: object) -> None:
        """Leave the comparison alone from now on."""
        self._names = ()
        self._compare.drawn.disconnect(self._on_drawn, missing_ok=True)
        viewer = self._viewer()
        if viewer is not None:
            viewer.canvas.events.size.disconnect(self._on_size)

    def _on_drawn(self) -> None:
        known = {gene.name for gene in self.session.genes}
        if self.session.gene != self._gene or not known.issuperset(self._names):
            self._names = ()
        before = self.shown
        self.shown = channels_of(self.session, self._names) if self._names else ()
        if self.shown:
            for side in (MEASURED, PREDICTED):
                layer, layout = self._compare.layer(side), self._compare.layout(side)
                if layer is not None and layout is not None:
                    values = _values(self.session, side, self._names, len(layout.centres_yx))
                    _paint(layer, layout, values, self.shown)
            self._compare.swipe.redraw()
            self._entitle()
        if self.shown or before:
            self.changed.emit()

    def _on_size(self, _: object = None) -> None:
        if self.shown:
            self._entitle()

    def _entitle(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        together = " + ".join(self._names)
        layers = [(side, self._compare.layer(side)) for side in (MEASURED, PREDICTED)]
        panes = self._compare.panes
        named = {side: panes.letter(side) if panes.unlabelled else side for side, _ in layers}
        titles = [
            (layer, Title(f"{together} {named[side]}", named[side])) for side, layer in layers if layer is not None
        ]
        pane_px = pane_width_px(viewer)
        entitle(titles, pane_px=pane_px)
        write_note(viewer, "\n".join(channel.words() for channel in self.shown), pane_px=pane_px)


def channels_of(session: Session, names: tuple[str, ...]) -> tuple[Channel, ...]:
    """Return genes with their colours, each on one scale for both sides.

    A gene is seen from the middle of all its values up: most genes are everywhere, and would only add to white.
    """
    found = []
    for name, (colour, rgb) in zip(names, hues(len(names)), strict=True):
        scale = colour_scale(session.measured(name), session.predicted(name), look=SEEN)
        found.append(Channel(name, colour, rgb, scale))
    return tuple(found)


def _values(session: Session, side: str, names: tuple[str, ...], n: int) -> FloatArray:
    read = session.measured if side == MEASURED else session.predicted
    columns = [read(name) for name in names]
    nothing = np.full(n, np.nan, np.float32)
    return np.stack([nothing if column is None else column for column in columns], axis=1)


def _paint(layer: Layer, layout: Layout, values: FloatArray, shown: tuple[Channel, ...]) -> None:
    limits = [(channel.scale.low, channel.scale.high) for channel in shown]
    if layout.lattice is None:
        layer.face_color = channel_colours(values, limits)
    else:
        paint_palette(layer, layout.lattice.picture(channel_numbers(values, limits)), channel_palette(len(shown)))
    colour_bar(layer).visible = False
