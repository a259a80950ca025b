"""Two or three genes at once: paints the maps of a comparison with a colour for each gene."""

from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray
from psygnal import Signal

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.overlay import Layout
from geneglass.overlay.channels import LEAST, MOST, channel_colours, channel_numbers, channel_palette, hues
from geneglass.overlay.raster import hatched
from geneglass.viewer.arrange import entitle, pane_width_px, write_note
from geneglass.viewer.colour_scale import ColourScale, Look, colour_scale
from geneglass.viewer.compare import MEASURED, PREDICTED, Compare
from geneglass.viewer.doubt import doubt_lines
from geneglass.viewer.hover import Hover
from geneglass.viewer.map_layers import colour_bar, paint_palette
from geneglass.viewer.notes import SCORE, set_aside_lines, unit_of
from geneglass.viewer.session import Session
from geneglass.viewer.titles import Title
from geneglass.viewer.values import SIGNATURE

SEEN = Look(threshold=None, percentiles=(50.0, 99.0))
"""From which of a gene's values up its colour is seen, and from which it is seen whole."""


@dataclass(frozen=True)
class Channel:
    """One gene of several: its name, its colour by name and RGB from 0 to 1, its scale on both sides, and its unit."""

    gene: str
    colour: str
    rgb: tuple[float, float, float]
    scale: ColourScale
    unit: str

    @property
    def limits(self) -> tuple[float, float]:
        """Return the value up to which its colour is not seen, and the one from which it is seen whole."""
        return self.scale.low, self.scale.high

    def words(self) -> str:
        """Return what the legend says of it."""
        limits = f"{self.scale.low:.2f} to {self.scale.high:.2f}".replace(" ", "\N{NO-BREAK SPACE}")
        return f"{self.colour}: {self.gene}, " + ("no signal" if self.scale.empty else limits)


class Channels:
    """The genes that are shown together in one viewer, made by its gene list; get it with `channels_in`.

    It paints the maps of the comparison after every drawing. Choosing one gene ends it.

    Attributes
    ----------
    shown
        What is shown together; empty while one gene is.
    values
        Of every map that is shown, (n, genes); NaN is missing.
    """

    changed = Signal()

    def __init__(self, viewer: Any, compare: Compare) -> None:
        viewer = getattr(viewer, "__wrapped__", viewer)
        self._viewer, self._compare = ref(viewer), compare
        self.session = compare.session
        self.shown: tuple[Channel, ...] = ()
        self.values: dict[str, FloatArray] = {}
        self._names: tuple[str, ...] = ()
        self._gene: str | None = None
        compare.drawn.connect(self._on_drawn)
        viewer.canvas.events.size.connect(self._on_size, position="last")
        self._hover = Hover(viewer, compare, self)
        _CHANNELS[viewer] = self

    @property
    def titles(self) -> dict[str, Title]:
        """Return what stands above every map."""
        together, panes = " + ".join(channel.gene for channel in self.shown), self._compare.panes
        named = {side: panes.letter(side) if panes.unlabelled else side for side in self.values}
        return {side: Title(f"{together} {name}", name) for side, name in named.items()}

    @property
    def note(self) -> str:
        """Return what holds for all maps: which gene has which colour, the unit, and which places are marked."""
        units = {channel.unit for channel in self.shown}
        if len(units) == 1:
            lines = [*(channel.words() for channel in self.shown), *units]
        else:
            lines = [f"{channel.words()}, {channel.unit}" for channel in self.shown]
        if not self._compare.panes.unlabelled:
            lines += doubt_lines(self.session, replace(self._compare.look, show_confidence=False))
        return "\n".join((*lines, *set_aside_lines(self.session)))

    def colours(self, side: str) -> NDArray[np.float32]:
        """Return (n, 4) RGBA from 0 to 1 of a map that is shown."""
        return channel_colours(self.values[side], [channel.limits for channel in self.shown])

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
        self._hover.stop()
        viewer = self._viewer()
        if viewer is not None:
            viewer.canvas.events.size.disconnect(self._on_size)
            if _CHANNELS.get(viewer) is self:
                del _CHANNELS[viewer]

    def _on_drawn(self) -> None:
        known = {gene.name for gene in self.session.genes}
        if self.session.gene != self._gene or not known.issuperset(self._names):
            self._names = ()
        before = self.shown
        self.shown = channels_of(self.session, self._names) if self._names else ()
        self.values = {}
        if self.shown:
            for side in (MEASURED, PREDICTED):
                layer, layout = self._compare.layer(side), self._compare.layout(side)
                if layer is not None and layout is not None:
                    self.values[side] = _values(self.session, side, self._names, len(layout.centres_yx))
                    self._paint(side, layer, layout)
            self._compare.swipe.redraw()
            self._entitle()
        if self.shown or before:
            self.changed.emit()

    def _paint(self, side: str, layer: Layer, layout: Layout) -> None:
        if layout.lattice is None:
            layer.face_color = self.colours(side)
        else:
            numbers = channel_numbers(self.values[side], [channel.limits for channel in self.shown])
            doubtful = self._doubtful(side)
            if doubtful is not None:
                numbers = np.where(hatched(layout.lattice, doubtful), numbers, np.float32("nan"))
            paint_palette(layer, layout.lattice.picture(numbers), channel_palette(len(self.shown)))
        colour_bar(layer).visible = False

    def _doubtful(self, side: str) -> NDArray[np.bool_] | None:
        drawn = None if self._compare.view is None else self._compare.view.sides.get(side)
        return None if drawn is None else drawn.doubtful

    def _on_size(self, _: object = None) -> None:
        if self.shown:
            self._entitle()

    def _entitle(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        layers = {side: self._compare.layer(side) for side in self.values}
        titles = [(layer, title) for side, title in self.titles.items() if (layer := layers[side]) is not None]
        pane_px = pane_width_px(viewer)
        entitle(titles, pane_px=pane_px)
        write_note(viewer, self.note, pane_px=pane_px)


def channels_of(session: Session, names: tuple[str, ...]) -> tuple[Channel, ...]:
    """Return genes with their colours, each on one scale for both sides.

    A gene is seen from the middle of all its values up: most genes are everywhere, and would only add to white.
    """
    genes = {gene.name: gene for gene in session.genes}
    found = []
    for name, (colour, rgb) in zip(names, hues(len(names)), strict=True):
        gene, scale = genes[name], colour_scale(session.measured(name), session.predicted(name), look=SEEN)
        unit = SCORE if gene.kind == SIGNATURE else unit_of(session, MEASURED if gene.measured else PREDICTED)
        found.append(Channel(name, colour, rgb, scale, unit))
    return tuple(found)


def _values(session: Session, side: str, names: tuple[str, ...], n: int) -> FloatArray:
    read = session.measured if side == MEASURED else session.predicted
    columns = [read(name) for name in names]
    nothing = np.full(n, np.nan, np.float32)
    return np.stack([nothing if column is None else column for column in columns], axis=1)


_CHANNELS: "WeakKeyDictionary[Any, Channels]" = WeakKeyDictionary()


def channels_in(viewer: Any) -> Channels | None:
    """Return what shows genes together in a napari viewer; None where there is no list of genes."""
    return _CHANNELS.get(getattr(viewer, "__wrapped__", viewer))


def together_in(viewer: Any) -> Channels | None:
    """Return the genes that are shown together in a napari viewer; None while one is, or none."""
    channels = channels_in(viewer)
    return channels if channels is not None and channels.shown else None
