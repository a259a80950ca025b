"""Domains as napari's shapes, and what of them a hand has changed; no Qt and no napari in here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneglass.data.annotation import UNNAMED, Domain
from geneglass.data.outline import AREA, POINT, Outline, area, changed, outlines
from geneglass.data.section import Section
from geneglass.overlay import LayerTuple

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

NO_COLOUR_RGB = (255, 0, 0)
"""QuPath's, for what has no class."""
LINE_SHARE = 1 / 300
"""Width of an outline before the zoom is known, as a share of the longer side of the slide."""
TEXT_PT = 12
KIND = {AREA: "polygon", POINT: "ellipse"}
NEW = -1
"""Row of a shape that is no outline of ours yet."""
FILL, CHOSEN_FILL = 0.0, 0.06
"""Opacity of what an outline holds: so little that the colours of the spots in it can still be read off the bar."""

Make = Callable[["BaseGeometry", bool], Domain]
"""Takes a shape and whether it is an ellipse; returns a new domain of it."""
Shape = tuple[int, str, NDArray[np.float64]]
"""Row among those drawn, napari's type of shape, and (n, 2) corners (y, x)."""


@dataclass(frozen=True)
class Drawn:
    """Domains and how they were drawn: per row of the layer its domain, its outline and (n, 2) corners (y, x)."""

    domains: tuple[Domain, ...]
    outlines: tuple[tuple[Outline, ...], ...]
    rows: tuple[tuple[int, int], ...]
    corners: tuple[NDArray[np.float64], ...]

    @property
    def kinds(self) -> list[str]:
        """Return napari's type of shape of each row."""
        return [KIND.get(self.outlines[number][place].kind, "path") for number, place in self.rows]

    @property
    def features(self) -> pd.DataFrame:
        """Return name, number and title of the domain of each row; the largest outline alone has the title."""
        names = [self.domains[number].name for number, _ in self.rows]
        titles = ["" if place or name == UNNAMED else name for (_, place), name in zip(self.rows, names, strict=True)]
        return _features(names, [number for number, _ in self.rows], titles, list(range(len(self.rows))))

    def edge_colours(self) -> NDArray[np.float64]:
        """Return (rows, 4) colours of the outlines."""
        rgb = [self.domains[number].colour_rgb or NO_COLOUR_RGB for number, _ in self.rows]
        opaque = np.ones((len(rgb), 4))
        opaque[:, :3] = np.array(rgb, dtype=np.float64).reshape(-1, 3) / 255
        return opaque

    def face_colours(self, chosen: str | None, fill: float = FILL) -> NDArray[np.float64]:
        """Return (rows, 4) colours of what the outlines hold; the chosen domain, by its id, is tinted."""
        faces = self.edge_colours()
        faces[:, 3] = [CHOSEN_FILL if self.domains[number].id == chosen else fill for number, _ in self.rows]
        return faces

    def rows_of(self, domain_id: str | None) -> list[int]:
        """Return the rows of a domain."""
        return [row for row, (number, _) in enumerate(self.rows) if self.domains[number].id == domain_id]


def drawn_of(domains: Sequence[Domain], line_px: float, layer: Any = None) -> Drawn:
    """Return how domains are drawn with lines of a width; corners nobody can see are left out.

    Parameters
    ----------
    domains
        In level-0 pixels of the slide.
    line_px
        Width of the lines.
    layer
        The layer that shows them until now: of what is selected in it all corners stay, also one that a hand has put
        on a straight line to drag it.
    """
    shapes = () if layer is None else tuple(enumerate(layer.data))
    kept_xy = {(x, y) for row, yx in shapes if row in layer.selected_data for y, x in yx.tolist()}
    found = tuple(outlines(domain.shape, line_px / 4, kept_xy) for domain in domains)
    rows = tuple((number, place) for number, outlined in enumerate(found) for place in range(len(outlined)))
    corners = tuple(_corners(found[number][place], line_px) for number, place in rows)
    return Drawn(tuple(domains), found, rows, corners)


def domains_layer(domains: Sequence[Domain], section: Section, name: str = "domains") -> LayerTuple:
    """Return domains as napari shapes: an outline for every ring, the name at the largest.

    Parameters
    ----------
    domains
        In level-0 pixels of the slide.
    section
        The section they are drawn on.
    name
        Of the layer.
    """
    line_px = line_width_px(domains, section)
    drawn = drawn_of(domains, line_px)
    scale = 1.0 if section.mpp is None else section.mpp
    unit = "pixel" if section.mpp is None else "um"
    kwargs = {
        "name": name,
        "ndim": 2,
        "shape_type": drawn.kinds,
        # Of no colours at all napari makes white.
        "edge_color": drawn.edge_colours() if drawn.rows else "red",
        "face_color": drawn.face_colours(None) if drawn.rows else "transparent",
        "edge_width": line_px,
        "opacity": 1.0,
        "features": drawn.features,
        "feature_defaults": new_features(),
        "text": {"string": "{title}", "size": TEXT_PT, "color": "black", "anchor": "upper_left"},
        "scale": (scale, scale),
        # A viewer counts from the middle of the first pixel, a slide from its corner.
        "translate": (-scale / 2, -scale / 2),
        "units": (unit, unit),
    }
    return list(drawn.corners), kwargs, "shapes"


def new_features() -> pd.DataFrame:
    """Return the features of a shape that a hand adds."""
    return _features([""], [NEW], [""], [NEW])


def _features(names: list[str], numbers: list[int], titles: list[str], rows: list[int]) -> pd.DataFrame:
    # Of an empty list pandas would make a column of numbers.
    text, whole = object, np.int64
    return pd.DataFrame(
        {
            "domain": np.array(names, text),
            "number": np.array(numbers, whole),
            "title": np.array(titles, text),
            "row": np.array(rows, whole),
        }
    )


def read_back(drawn: Drawn, shapes: Sequence[Shape], make: Make) -> tuple[tuple[Domain, ...], str]:
    """Return the domains after a hand changed their shapes, and what it did in words.

    Parameters
    ----------
    drawn
        What was drawn.
    shapes
        What is there now; a row that stands twice is a copy, and so a new domain.
    make
        Makes a domain of a new shape.
    """
    seen: dict[int, NDArray[np.float64]] = {}
    new: list[Shape] = []
    for row, kind, yx in shapes:
        if row == NEW or row in seen or row >= len(drawn.rows):
            new.append((row, kind, yx))
        else:
            seen[row] = _exact(yx, drawn.corners[row])
    there: list[Domain] = []
    deeds: list[str] = []
    for number, domain in enumerate(drawn.domains):
        after = _after(drawn, number, seen)
        if after is not domain:
            deeds.append(f"{'Delete' if after is None else 'Change'} {domain.name}")
        there.extend(() if after is None else (after,))
    for _, kind, yx in new:
        shape = _new_shape(kind, yx)
        if not shape.is_empty:
            there.append(make(shape, kind == "ellipse"))
            deeds.append(f"Draw {there[-1].name}")
    return tuple(there), deeds[-1] if deeds else ""


def line_width_px(domains: Sequence[Domain], section: Section) -> float:
    """Return the width of outlines before the zoom is known, in level-0 pixels."""
    if section.slide is not None:
        level = section.slide.levels[0]
        return max(level.height_px, level.width_px) * LINE_SHARE
    bounds = np.array([domain.shape.bounds for domain in domains]).reshape(-1, 4)
    corners_xy = [*bounds[:, :2], *bounds[:, 2:], *section.centres_yx[:, ::-1]]
    return max(float(np.ptp(np.array(corners_xy), axis=0).max()) * LINE_SHARE, 1e-3) if corners_xy else 1.0


def _after(drawn: Drawn, number: int, seen: dict[int, NDArray[np.float64]]) -> Domain | None:
    """Return a domain with what was changed of it; the very same one where nothing was."""
    rows = [(row, place) for row, (owner, place) in enumerate(drawn.rows) if owner == number]
    if all(row in seen and np.array_equal(seen[row], drawn.corners[row]) for row, _ in rows):
        return drawn.domains[number]
    now = {place: seen[row][:, ::-1] for row, place in rows if row in seen}
    return changed(drawn.domains[number], drawn.outlines[number], now)


def _exact(yx: NDArray[np.floating[Any]], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return corners as they were drawn where no hand has moved them: napari rounds them to single precision."""
    rounded = drawn.astype(np.float32)
    if np.array_equal(yx, rounded):
        return drawn
    exact = dict(zip(map(tuple, rounded.tolist()), drawn.tolist(), strict=True))
    return np.array([exact.get(tuple(corner), corner) for corner in yx.tolist()])


def _new_shape(kind: str, yx: NDArray[np.float64]) -> "BaseGeometry":
    import shapely

    xy = np.asarray(yx, dtype=np.float64)[:, ::-1]
    if kind == "ellipse":
        middle, (a, b) = xy.mean(axis=0), ((xy[1] - xy[0]) / 2, (xy[3] - xy[0]) / 2)
        angle = np.linspace(0, 2 * np.pi, 73)[:-1, None]
        xy = middle + np.cos(angle) * a + np.sin(angle) * b
    elif kind == "line":
        return shapely.LineString(xy)
    return area(xy)


def _corners(outline: Outline, line_px: float) -> NDArray[np.float64]:
    yx = outline.seen_xy[:, ::-1].copy()
    if outline.kind != POINT:
        return yx
    return yx + 2 * line_px * np.array([[-1.0, -1], [-1, 1], [1, 1], [1, -1]])
