"""What a comparison does to a viewer and its layers, in public napari only."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Layer, Points

from geneglass.overlay import LayerTuple
from geneglass.viewer.map_layers import colour_bar, is_map, place_width, same_raster
from geneglass.viewer.titles import Title

TITLE_PT, SMALLEST_PT, NOTE_PT = 12, 8, 9
NARROW_PX = 330
"""A pane below this gets a smaller note and colour bar."""
PX_PER_CHAR = 0.92
"""Of the viewer's font, per point of its size."""
PX_PER_LINE = 2.35
"""Of the viewer's font, per point of its size."""
LINE_SPILL = 0.12
"""Of a line, by which each line of a text stands higher than the viewer reckons."""
TITLE_PX, SCALE_BAR_PX, BAR_FRAME_PX = 50, 62, 36
"""Heights with the space around them; of a colour bar only that space."""
MARGIN_PX = 28
"""Of a pane, on both sides of a text together."""
FILL = 0.96
"""How much of a pane the places and the margin around them take."""
MOST_BELOW = 0.35
"""Of a pane's height, that is kept free for the note at most: maps would else be small under a long one."""


def add_layer(viewer: Any, made: LayerTuple) -> Layer:
    """Add a layer tuple to a viewer and return the layer."""
    return viewer.add_layer(Layer.create(*made))


def dress(layer: Layer) -> None:
    """Protect a layer of a comparison, and show its name as a title where it holds places."""
    layer.locked = True
    if is_map(layer):
        layer.editable = False
        title = layer.name_overlay
        title.font_size = TITLE_PT
        title.visible = True
        bar = colour_bar(layer)
        bar.position = "bottom_right"
        bar.font_size = NOTE_PT


def entitle(titles: Sequence[tuple[Layer, Title]], *, pane_px: float, share: int = 1) -> bool:
    """Name layers, which are the titles of their panes, in the form and size that fit; return whether all fit whole.

    Parameters
    ----------
    titles
        Of every map.
    pane_px
        Width of a pane.
    share
        How many titles stand beside each other in one.
    """
    room_px = pane_px / share - MARGIN_PX
    texts = [title.within(int(room_px / (SMALLEST_PT * PX_PER_CHAR))) for _, title in titles]
    longest = max((len(text) for text in texts), default=1)
    size = min(max(int(room_px / (longest * PX_PER_CHAR)), SMALLEST_PT), TITLE_PT)
    for (layer, _), text in zip(titles, texts, strict=True):
        layer.name_overlay.font_size = size
        colour_bar(layer).size = (14, 80) if pane_px < NARROW_PX else (16, 120)
        if layer.name != text:
            layer.name = text
    return all(text == title.long for text, (_, title) in zip(texts, titles, strict=True))


def place_titles(layers: Sequence[Layer], *, facing: bool) -> None:
    """Put titles at the top left; of two maps that face each other in one pane, the second's at the top right."""
    for number, layer in enumerate(layers):
        position = "top_right" if facing and number == 1 else "top_left"
        if layer.name_overlay.position != position:
            layer.name_overlay.position = position


def shows(layer: Layer, made: LayerTuple) -> bool:
    """Return whether a layer already lies where a newly made one would, so that it can stand in for it."""
    data, kwargs, kind = made
    if layer.source is None or type(layer).__name__.lower() != kind:
        return False
    same_scale = np.allclose(layer.scale, kwargs["scale"]) and tuple(map(str, layer.units)) == _unit_names(kwargs)
    if kind == "image":
        return same_scale and ("affine" not in kwargs or same_raster(layer, made))
    return same_scale and np.array_equal(layer.data, data)


def _unit_names(kwargs: dict[str, Any]) -> tuple[str, ...]:
    long = {"um": "micrometer", "pixel": "pixel"}
    return tuple(long[unit] for unit in kwargs["units"])


def decorate(viewer: Any) -> None:
    """Show a scale bar and room for a note in every pane."""
    bar, note = viewer.canvas.overlays.scale_bar, viewer.canvas.overlays.text
    bar.gridded = True
    bar.position = "bottom_right"
    bar.visible = True
    note.gridded = True
    note.position = "bottom_right"
    viewer.canvas.overlay_tiling.padding = (10, 13)


def write_note(viewer: Any, text: str, *, pane_px: float) -> None:
    """Write what holds for every pane, between colour bar and scale bar, in lines that fit."""
    note = viewer.canvas.overlays.text
    note.font_size = SMALLEST_PT if pane_px < NARROW_PX else NOTE_PT
    width = max(int((pane_px - MARGIN_PX) / (note.font_size * PX_PER_CHAR)), 12)
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, width, break_on_hyphens=False)]
    # napari draws lines further apart than it reckons: without room the first would lie below the colour bar's box.
    room = [""] * math.ceil(len(lines) * LINE_SPILL)
    note.text = "\n".join([*room, *lines])
    note.visible = bool(lines)


def fit(viewer: Any, layers: Sequence[Layer]) -> None:
    """Bring all places into view, with one more step of their lattice around them: tissue does not end at a spot.

    They lie between title and note, neither of which covers them; where the pane is taller than that, they go as far
    up as the colour bar needs too.
    """
    viewer.reset_view(layers=layers)
    pad = max((_pitch(layer) for layer in layers), default=0.0)
    corners = np.array([layer.extent.world for layer in layers])[..., -2:]
    size = corners[:, 1].max(axis=0) - corners[:, 0].min(axis=0) + 2 * pad
    room_px = np.array(viewer.canvas.viewbox_size(viewer.layers))
    if (size <= 0).any() or (room_px <= 0).any():
        return
    note_px = _note_px(viewer)
    above_px = room_px - (TITLE_PX + min(note_px, MOST_BELOW * room_px[0]), 0)
    camera = viewer.scene.camera
    camera.zoom = FILL * float((above_px / size).min())
    free_px = float(room_px[0] - size[0] * camera.zoom)
    below_px = max(min(note_px + _bar_px(layers), free_px - TITLE_PX), free_px / 2)
    *depth, y, x = camera.center
    camera.center = (*depth, y + (below_px - free_px / 2) / camera.zoom, x)


def _note_px(viewer: Any) -> float:
    """Return how high the scale bar and the note stand together."""
    note = viewer.canvas.overlays.text
    lines = note.text.count("\n") + 1 if note.visible else 0
    return float(SCALE_BAR_PX + lines * note.font_size * PX_PER_LINE)


def _bar_px(layers: Sequence[Layer]) -> float:
    """Return how high the colour bar stands."""
    return max((bar.size[1] + BAR_FRAME_PX for bar in map(colour_bar, layers) if bar.visible), default=0.0)


def _pitch(layer: Layer) -> float:
    """Return the distance of neighbouring places in world units, at least what one of them covers."""
    if not isinstance(layer, Points):
        return place_width(layer)
    from scipy.spatial import cKDTree

    drawn = place_width(layer)
    if len(layer.data) < 2:
        return drawn
    distances, _ = cKDTree(layer.data).query(layer.data, k=2)
    return max(float(np.median(np.asarray(distances)[:, 1])) * float(layer.scale[-1]), drawn)


def pane_width_px(viewer: Any) -> float:
    """Return the width of one pane."""
    return float(viewer.canvas.viewbox_size(viewer.layers)[1])
