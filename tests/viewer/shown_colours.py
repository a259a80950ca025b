"""The colours that a real window paints at places of the slide, and those that values ought to have."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray
from qtpy.QtTest import QTest

from real_tissue import picture_of
from tour.canvas import Canvas

Colours = NDArray[np.float64]
"""(n, 3) red, green and blue, 0 to 255."""
SAME = 40
"""Of 255: a thin line is painted in its colour but for this."""
CORNER = 6
"""Pixels of a neighbour's line that may lie around a place too."""


class Shown:
    """What the canvas of a window shows now.

    Parameters
    ----------
    viewer
        A shown napari viewer.
    """

    def __init__(self, viewer: Any) -> None:
        self._canvas = Canvas(viewer)
        # The mouse moves one pane, and the others with the next picture.
        before = None
        while before != _camera(viewer):
            before = _camera(viewer)
            QTest.qWait(30)
        self._pixels = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(float)
        self._share = self._pixels.shape[1] / self._canvas.widget.width()

    def at(self, places_yx: Any, pane: int = 0) -> Colours:
        """Return the colours at places of the slide, (n, 2) in level-0 pixels, each over 3 x 3 screen pixels."""
        points = [self._canvas.at(*place, pane=pane) for place in places_yx]
        corners = [(round(point.y() * self._share) - 1, round(point.x() * self._share) - 1) for point in points]
        return np.array([self._pixels[y : y + 3, x : x + 3].mean(axis=(0, 1)) for y, x in corners])

    def has(self, place_yx: Any, colour: tuple[int, int, int], pane: int = 0, within_px: int = 7) -> bool:
        """Return whether a line of a colour is painted around a place of the slide."""
        return self.count(place_yx, colour, pane, within_px) > CORNER

    def count(self, place_yx: Any, colour: Any, pane: int = 0, within_px: int = 7) -> int:
        """Return how many pixels around a place of the slide have a colour."""
        point = self._canvas.at(*place_yx, pane=pane)
        y, x = round(point.y() * self._share), round(point.x() * self._share)
        around = self._pixels[max(y - within_px, 0) : y + within_px + 1, max(x - within_px, 0) : x + within_px + 1]
        return int((np.abs(around - colour).max(axis=-1) < SAME).sum())


def coloured(values: Any, low: float, high: float, colourmap: str = "viridis") -> Colours:
    """Return the colours of values on a scale."""
    shares = np.clip((np.asarray(values, float) - low) / (high - low), 0, 1)
    return 255 * np.asarray(matplotlib.colormaps[colourmap](shares))[:, :3]


def apart(one: Colours, other: Colours) -> NDArray[np.float64]:
    """Return the largest difference of a channel, for each of (n, 3) colours."""
    return np.abs(one - other).max(axis=1)


def tissue_at(slide: Path, places_yx: Any, edge_px: int = 16) -> Colours:
    """Return the mean colours of squares of a slide's own file, around (n, 2) places in its pixels."""
    picture, half = picture_of(slide), edge_px / 2
    boxes = [tuple(round(value) for value in (x - half, y - half, x + half, y + half)) for y, x in places_yx]
    return np.array([np.asarray(picture.crop(box), float)[..., :3].mean(axis=(0, 1)) for box in boxes])


def _camera(viewer: Any) -> tuple[float, ...]:
    camera = viewer.scene.camera
    return (camera.zoom, *camera.center)
