"""Rings on the slide: the place that was clicked, the spots that are selected, the places where a reference voted."""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.viewer.compare import compare_of
from geneglass.viewer.grid import PANE
from geneglass.viewer.map_layers import place_width
from geneglass.viewer.panes import DIFFERENCE, MEASURED, PREDICTED
from geneglass.viewer.selection import Selection, selection_of
from geneglass.viewer.session import Session, session_of

NAME = "marks"
SELECTED, PLACE, VOTES = "selected", "place", "votes"
COLOURS = {SELECTED: "#ff5c1a", PLACE: "#000000", VOTES: "#e6007e"}
"""Seen on tissue, on glass and on every colour map; in the order in which they are drawn."""
WIDER = {SELECTED: 1.25, PLACE: 1.6, VOTES: 1.25}
"""Rings against the places they go round."""
LEAST_PX = {SELECTED: 7.0, PLACE: 16.0, VOTES: 9.0}
"""Diameters on the screen, at least."""
SAME_SIZE = 1.3
"""Sizes that differ by less are left when the zoom changes."""
LABELLED = 12
"""So many of the heaviest votes may get their weight written beside them."""
TEXT, TEXT_PT = "#d6006f", 12
LABEL_APART_PX = 58
"""What a text takes on the screen."""
WIDTH, PALEST = 0.16, 0.35
"""Of a ring, as a share of its diameter; and how little of its colour the lightest place keeps."""


@dataclass(frozen=True)
class Ring:
    """Places of one kind to go round: (n, 2) centres and width in level-0 pixels; (n,) weights, descending, or none."""

    centres_yx: FloatArray
    diameter_px: float
    weights: FloatArray = field(default_factory=lambda: np.empty(0, np.float32))


class Rings:
    """Owns a layer of rings over each map; get it with `rings_of`.

    The layers come with the first ring and stay, empty, when there is none; one that somebody deletes comes again with
    the next ring.
    """

    def __init__(self, viewer: Any, session: Session, selection: Selection) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self._selection = selection
        self._rings: dict[str, Ring] = {}
        self._drawn_zoom = 0.0
        self._layers: dict[str, Layer] = {}
        compare_of(viewer).laid_out.connect(self._draw)
        selection.place_changed.connect(self._on_place_changed)
        selection.spots_changed.connect(self._on_spots_changed)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)

    def show_votes(self, rows: NDArray[np.int64], weights: FloatArray) -> None:
        """Go round predicted places where a reference voted, the heaviest with their weights; none for empty arrays."""
        places = self._session.predicted_places
        if places is None or not len(rows):
            self._set(VOTES, None)
            return
        order = np.argsort(-weights, kind="stable")
        self._set(VOTES, Ring(places.centres_yx[rows[order]], self._diameter_px(PREDICTED), weights[order]))

    def _on_place_changed(self) -> None:
        place = self._selection.place
        places = None
        if place is not None:
            places = self._session.measured_places if place[0] == MEASURED else self._session.predicted_places
        if place is None or places is None:
            self._set(PLACE, None)
        else:
            self._set(PLACE, Ring(places.centres_yx[[place[1]]], self._diameter_px(place[0])))

    def _on_spots_changed(self) -> None:
        places, rows = self._session.measured_places, self._selection.spots
        if places is None or not len(rows):
            self._set(SELECTED, None)
        else:
            self._set(SELECTED, Ring(places.centres_yx[rows], self._diameter_px(MEASURED)))

    def _diameter_px(self, side: str) -> float:
        viewer, section = self._viewer(), self._session.section
        layer = None if viewer is None else compare_of(viewer).layer(side)
        width = 0.0 if layer is None else place_width(layer)
        return width / (section.mpp or 1.0) if width and section is not None else 1.0

    def _set(self, kind: str, ring: Ring | None) -> None:
        if ring is None and kind not in self._rings:
            return
        if ring is None:
            del self._rings[kind]
        else:
            self._rings[kind] = ring
        self._draw()

    def _on_zoom(self, _: object = None) -> None:
        viewer = self._viewer()
        if viewer is None or not self._rings or self._drawn_zoom <= 0:
            return
        if not 1 / SAME_SIZE < viewer.scene.camera.zoom / self._drawn_zoom < SAME_SIZE:
            self._draw()

    def _draw(self) -> None:
        viewer, section = self._viewer(), self._session.section
        if viewer is None or section is None:
            return
        self._drawn_zoom = float(viewer.scene.camera.zoom)
        scale = 1.0 if section.mpp is None else float(section.mpp)
        sides = self._sides(viewer) if self._rings else []
        for side in tuple(self._layers):
            self._keep(viewer, side, wanted=side in sides or not self._rings, scale=scale)
        for side in sides:
            if side not in self._layers:
                self._layers[side] = _add(viewer, side, scale, "pixel" if section.mpp is None else "um")
        for layer in self._layers.values():
            self._fill(layer, least_scale=self._drawn_zoom * scale)

    def _sides(self, viewer: Any) -> list[str]:
        """Return the maps that are rung round: all of them, one where they lie over each other."""
        compare = compare_of(viewer)
        sides = [side for side in (MEASURED, PREDICTED, DIFFERENCE) if compare.layer(side) is not None]
        return sides[:1] if compare.panes.stacked else sides

    def _keep(self, viewer: Any, side: str, *, wanted: bool, scale: float) -> None:
        """Forget a layer that somebody deleted, and remove one that is of another slide or pane."""
        layer = self._layers[side]
        if layer in viewer.layers and wanted and np.allclose(layer.scale, scale):
            return
        del self._layers[side]
        if layer in viewer.layers:
            viewer.layers.remove(layer)

    def _fill(self, layer: Any, *, least_scale: float) -> None:
        """Exchange the rings of a layer; `least_scale` is screen pixels per pixel of the slide."""
        shown = [(kind, self._rings[kind]) for kind in COLOURS if kind in self._rings]
        layer.data = np.concatenate([np.zeros((0, 2)), *(ring.centres_yx for _, ring in shown)])
        if not len(layer.data):
            return
        counts = [len(ring.centres_yx) for _, ring in shown]
        sizes = [max(WIDER[kind] * ring.diameter_px, LEAST_PX[kind] / least_scale) for kind, ring in shown]
        room_px = LABEL_APART_PX / least_scale
        labels = [text for (_, ring), size in zip(shown, sizes, strict=True) for text in apart(ring, room_px, size / 2)]
        layer.features = {"label": np.array(labels, dtype=object)}
        layer.size = np.repeat(sizes, counts)
        layer.face_color = "transparent"
        layer.border_color = np.concatenate([_colours(kind, ring) for kind, ring in shown])
        layer.border_width = WIDTH


def apart(ring: Ring, room_px: float, radius_px: float) -> tuple[str, ...]:
    """Return the labels of the heaviest places, with nothing where another ring lies under the text.

    Parameters
    ----------
    ring
        Its weights descend.
    room_px
        What a text takes to the right of the middle, in level-0 pixels; a third of it is taken above.
    radius_px
        Of a ring as it is drawn.
    """
    centres = np.asarray(ring.centres_yx, np.float64)
    labels = [""] * len(centres)
    low, high = np.array([-room_px / 3, 0.0]) - radius_px, np.array([0.0, room_px]) + radius_px
    for place in range(min(len(ring.weights), LABELLED)):
        away = np.delete(centres, place, axis=0) - centres[place]
        if not ((away > low) & (away < high)).all(axis=1).any():
            labels[place] = percent(float(ring.weights[place]))
    return tuple(labels)


def _colours(kind: str, ring: Ring) -> NDArray[np.float64]:
    """Return (n, 4) colours, the paler the less a place weighs."""
    rgba = np.tile([*(int(COLOURS[kind][i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0], (len(ring.centres_yx), 1))
    if len(ring.weights):
        rgba[:, 3] = PALEST + (1 - PALEST) * np.asarray(ring.weights) / max(float(np.max(ring.weights)), 1e-12)
    return rgba


def _add(viewer: Any, side: str, scale: float, unit: str) -> Layer:
    """Return a new empty layer over the map of a side."""
    selected = set(viewer.layers.selection)
    layer = viewer.add_points(
        np.zeros((0, 2)),
        name=NAME,
        features={"label": np.empty(0, object)},
        text={"string": "{label}", "size": TEXT_PT, "color": TEXT, "anchor": "upper_left"},
        scale=(scale, scale),
        # A viewer counts from the middle of the first pixel, a slide from its corner.
        translate=(-scale / 2, -scale / 2),
        units=(unit, unit),
        metadata={PANE: side},
    )
    layer.locked = True
    layer.editable = False
    viewer.layers.selection = selected or {layer}
    return layer


def percent(weight: float) -> str:
    """Return a weight as a person reads it."""
    return f"{100 * weight:.0f} %" if weight >= 0.0995 else f"{100 * weight:.1f} %"


_RINGS: "WeakKeyDictionary[Any, Rings]" = WeakKeyDictionary()


def rings_of(viewer: Any) -> Rings:
    """Return the rings of a napari viewer, made at the first call; they live as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _RINGS:
        _RINGS[model] = Rings(model, session_of(model), selection_of(model))
    return _RINGS[model]
