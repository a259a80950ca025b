"""Domains over the slide: outlines in the colours of their classes, with their names."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray

from geneglass.data.annotation import UNNAMED, Domain
from geneglass.data.section import Section
from geneglass.overlay import LayerTuple
from geneglass.viewer.session import Session, session_of

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

NAME = "domains"
NO_COLOUR_RGB = (255, 0, 0)
"""QuPath's, for what has no class."""
LINE_PX, MOST_RESIZED = 2.5, 300
"""Width of an outline on the screen; of more outlines it stays as it is when the zoom changes."""
SAME_WIDTH = 1.4
"""Widths that differ by less are left."""
LINE_SHARE = 1 / 300
"""Width of an outline before the zoom is known, as a share of the longer side of the slide."""
TEXT_PT = 12

Outline = tuple[NDArray[np.float64], str]
"""(n, 2) corners (y, x) in level-0 pixels, and napari's type of shape."""


class DomainView:
    """Shows the session's domains in one viewer; get it with `domains_of`.

    It owns its layer; one that somebody deletes comes again with the next domains or section.
    """

    def __init__(self, viewer: Any, session: Session) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self.layer: Layer | None = None
        session.domains_changed.connect(self._on_domains_changed)
        viewer.scene.camera.events.zoom.connect(self._fit_lines)
        self._on_domains_changed()

    def _on_domains_changed(self) -> None:
        viewer, section = self._viewer(), self._session.section
        if viewer is None:
            return
        if self.layer is not None and self.layer in viewer.layers:
            viewer.layers.remove(self.layer)
        self.layer = None
        if section is not None and self._session.domains:
            selected = set(viewer.layers.selection)
            self.layer = viewer.add_layer(Layer.create(*domains_layer(self._session.domains, section)))
            self.layer.editable = False
            viewer.layers.selection = selected or {self.layer}
            self._fit_lines()

    def _fit_lines(self, _: object = None) -> None:
        """Keep outlines about as thick on the screen, at any zoom."""
        viewer, layer = self._viewer(), self.layer
        if viewer is None or layer is None or layer not in viewer.layers or len(layer.data) > MOST_RESIZED:
            return
        wanted = LINE_PX / (viewer.scene.camera.zoom * float(layer.scale[-1]))
        if not 1 / SAME_WIDTH < wanted / layer.edge_width[0] < SAME_WIDTH:
            layer.edge_width = [wanted] * len(layer.data)


def domains_layer(domains: Sequence[Domain], section: Section) -> LayerTuple:
    """Return domains as napari shapes: an outline for every ring, the name at the largest.

    Parameters
    ----------
    domains
        In level-0 pixels of the slide.
    section
        The section they are drawn on.
    """
    line_px = _line_px(domains, section)
    drawn = [(number, *outline) for number, item in enumerate(domains) for outline in _outlines(item.shape, line_px)]
    numbers = [number for number, _, _ in drawn]
    named = {number: place for place, number in reversed(list(enumerate(numbers)))}
    colours = np.array([domains[n].colour_rgb or NO_COLOUR_RGB for n in numbers], dtype=np.float64) / 255
    scale = 1.0 if section.mpp is None else section.mpp
    unit = "pixel" if section.mpp is None else "um"
    kwargs = {
        "name": NAME,
        "shape_type": [kind for _, _, kind in drawn],
        "edge_color": colours,
        "face_color": "transparent",
        "edge_width": line_px,
        "features": {
            "domain": [domains[number].name for number in numbers],
            "number": numbers,
            "title": [_title(domains[n]) if named[n] == place else "" for place, n in enumerate(numbers)],
        },
        "text": {"string": "{title}", "size": TEXT_PT, "color": "black", "anchor": "upper_left"},
        "scale": (scale, scale),
        # A viewer counts from the middle of the first pixel, a slide from its corner.
        "translate": (-scale / 2, -scale / 2),
        "units": (unit, unit),
    }
    return [corners for _, corners, _ in drawn], kwargs, "shapes"


def _title(domain: Domain) -> str:
    return "" if domain.name == UNNAMED else domain.name


def _line_px(domains: Sequence[Domain], section: Section) -> float:
    if section.slide is not None:
        level = section.slide.levels[0]
        return max(level.height_px, level.width_px) * LINE_SHARE
    bounds = np.array([domain.shape.bounds for domain in domains])
    return float(max(bounds.max(axis=0)[2:] - bounds.min(axis=0)[:2])) * LINE_SHARE


def _outlines(shape: "BaseGeometry", line_px: float) -> Iterator[Outline]:
    """Yield what can be drawn of a shape, the largest part first; corners nobody can see are left out."""
    parts = getattr(shape, "geoms", None)
    if parts is not None:
        for part in sorted(parts, key=lambda part: (-part.area, -part.length)):
            yield from _outlines(part, line_px)
    elif shape.geom_type == "Polygon":
        slim = shape.simplify(line_px / 4)
        for ring in (slim.exterior, *slim.interiors):
            yield _yx(ring)[:-1], "polygon"
    elif shape.geom_type == "Point":
        yield _yx(shape) + 2 * line_px * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]), "ellipse"
    else:
        yield _yx(shape.simplify(line_px / 4)), "path"


def _yx(shape: Any) -> NDArray[np.float64]:
    return np.asarray(shape.coords, dtype=np.float64)[:, 1::-1]


_VIEWS: "WeakKeyDictionary[Any, DomainView]" = WeakKeyDictionary()


def domains_of(viewer: Any) -> DomainView:
    """Return the domains of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _VIEWS:
        _VIEWS[model] = DomainView(model, session_of(model))
    return _VIEWS[model]
