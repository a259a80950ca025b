"""Lays layers out in panes, with napari's grid."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Layer, Points

GAP_PX = 4
"""Between panes."""
SPACER = "geneglass spacer"
"""In the metadata of a layer that only fills a place."""
PANE = "geneglass pane"
"""In the metadata of a layer of somebody else: the side ("measured", "predicted", "difference") it belongs to."""


def arrange(viewer: Any, panes: Sequence[Sequence[Layer]]) -> None:
    """Order the layers and set the grid so that each pane holds its own.

    A grid puts equal numbers of consecutive layers into its panes, only the last may hold fewer: a pane with fewer
    layers than another is filled with empty, hidden ones.

    Parameters
    ----------
    viewer
        A napari viewer.
    panes
        All layers but spacers, pane by pane from left to right, from below.
    """
    stride = max(map(len, panes), default=1)
    missing = [stride - len(pane) for pane in panes[:-1]]
    spacers = _spacers(viewer, sum(missing))
    ordered: list[Layer] = []
    for place, pane in enumerate(panes):
        ordered += pane
        for _ in range(missing[place] if place < len(missing) else 0):
            ordered.append(spacers.pop())
    for place, layer in enumerate(ordered):
        now = viewer.layers.index(layer)
        if now != place:
            viewer.layers.move(now, place)
    for _ in _set(viewer, _shape(panes)):
        pass
    grid = viewer.canvas.grid
    if panes and grid.enabled != (len(panes) > 1):
        grid.enabled = len(panes) > 1


def foresee(viewer: Any, panes: Sequence[Sequence[Layer]]) -> Iterator[None]:
    """Give a grid that is not shown yet the shape it will have, in steps.

    napari lays out its canvas anew at each of them, which takes about as long as laying out a grid.
    """
    if not viewer.canvas.grid.enabled:
        yield from _set(viewer, _shape(panes))


def _shape(panes: Sequence[Sequence[Layer]]) -> dict[str, Any]:
    """Return what a grid of these panes is set to; a single one needs none."""
    if len(panes) < 2:
        return {}
    return {"shape": (1, len(panes)), "stride": max(map(len, panes)), "spacing": GAP_PX}


def _set(viewer: Any, wanted: Mapping[str, Any]) -> Iterator[None]:
    """Set what is not as wanted, one by one."""
    grid = viewer.canvas.grid
    for name, value in wanted.items():
        if getattr(grid, name) != value:
            setattr(grid, name, value)
            yield


def with_others(viewer: Any, panes: Sequence[Sequence[Layer]], homes: Sequence[Sequence[str]]) -> list[list[Layer]]:
    """Return panes with the layers of others on top: in the pane of the side they name, else in the first.

    Parameters
    ----------
    viewer
        A napari viewer.
    panes
        A comparison's layers, pane by pane.
    homes
        The roles in each pane.
    """
    filled = [list(pane) for pane in panes]
    ours = {id(layer) for pane in panes for layer in pane}
    for layer in viewer.layers:
        if id(layer) in ours or SPACER in layer.metadata or not filled:
            continue
        named = [place for place, roles in enumerate(homes) if layer.metadata.get(PANE) in roles]
        filled[named[0] if named else 0].append(layer)
    return filled


def _spacers(viewer: Any, wanted: int) -> list[Layer]:
    """Return as many empty hidden layers as are wanted; there are no others after this."""
    there = [layer for layer in viewer.layers if SPACER in layer.metadata]
    for layer in there[wanted:]:
        viewer.layers.remove(layer)
    selected = set(viewer.layers.selection)
    for _ in range(wanted - len(there)):
        # Units of another layer, so that all have one and the scale bar keeps it.
        units = viewer.layers[0].units
        spacer = Points(np.empty((0, 2)), name="(room)", visible=False, units=units, metadata={SPACER: True})
        spacer.locked = True
        there.append(viewer.add_layer(spacer))
        viewer.layers.selection = selected
    return there[:wanted]
