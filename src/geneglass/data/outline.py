"""Outlines of domains: what of them is drawn, and the domain again after its outlines were changed by hand."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.annotation import Domain
from geneglass.data.geojson_shape import alone

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

AREA, LINE, POINT = "area", "line", "point"

Corners = NDArray[np.float64]
"""(n, 2) x and y in level-0 pixels of the slide."""


@dataclass(frozen=True)
class Outline:
    """One ring, line or point of a shape.

    Attributes
    ----------
    kind
        "area", "line" or "point".
    part
        Number of the part it belongs to, in the order in which parts lie in the shape.
    ring
        0 for the outer ring of an area, then its holes.
    xy
        Every corner; the first of a ring is not repeated at its end.
    seen_xy
        The corners that can be seen.
    """

    kind: str
    part: int
    ring: int
    xy: Corners
    seen_xy: Corners


def outlines(
    shape: "BaseGeometry", detail_px: float, kept_xy: Collection[tuple[float, float]] = ()
) -> tuple[Outline, ...]:
    """Return the outlines of a shape, those of its largest part first.

    Parameters
    ----------
    shape
        In level-0 pixels of the slide.
    detail_px
        Corners that stand out by less are left out of what is seen.
    kept_xy
        Corners that are seen all the same.
    """
    parts = list(enumerate(_parts(shape)))
    ordered = sorted(parts, key=lambda item: (-item[1].area, -item[1].length))
    return tuple(outline for number, part in ordered for outline in _of_part(part, number, detail_px, kept_xy))


def changed(domain: Domain, drawn: Sequence[Outline], now: Mapping[int, Corners]) -> Domain | None:
    """Return a domain after its outlines were changed by hand; None where nothing is left of it.

    Parameters
    ----------
    domain
        As it was.
    drawn
        Its outlines as they were drawn.
    now
        The outlines that are still there, by their place in `drawn`: (n, 2) x and y. A part without its outer ring
        is gone, a hole without its ring is filled.
    """
    import shapely

    rings: dict[int, dict[int, Corners]] = {}
    for place, xy in now.items():
        outline = drawn[place]
        rings.setdefault(outline.part, {})[outline.ring] = with_detail(xy, outline)
    found: list[BaseGeometry] = []
    for number, part in enumerate(_parts(domain.shape)):
        there = rings.get(number, {})
        if 0 not in there:
            continue
        if part.geom_type == "Polygon":
            shape = area(there[0], [xy for ring, xy in there.items() if ring])
            found.extend(() if shape.is_empty else _parts(shape))
        elif part.geom_type == "Point":
            found.append(shapely.Point(there[0].mean(axis=0)))
        else:
            found.append(shapely.LineString(there[0]))
    if not found:
        return None
    return replace(domain, shape=joined(found), is_ellipse=False)


def with_detail(xy: Corners, outline: Outline) -> Corners:
    """Return changed corners together with the corners that were not seen, where both neighbours stayed in place."""
    whole, seen = outline.xy, outline.seen_xy
    if len(whole) == len(seen):
        return xy
    place = {tuple(corner): number for number, corner in reversed(list(enumerate(whole.tolist())))}
    closed = outline.kind == AREA
    follows = {tuple(a): tuple(b) for a, b in zip(seen.tolist(), np.roll(seen, -1, axis=0).tolist(), strict=True)}
    out: list[Corners] = []
    for here, there in zip(xy.tolist(), np.roll(xy, -1, axis=0).tolist(), strict=True):
        out.append(np.array([here]))
        start, stop = place.get(tuple(here)), place.get(tuple(there))
        if follows.get(tuple(here)) != tuple(there) or start is None or stop is None:
            continue
        if stop > start:
            out.append(whole[start + 1 : stop])
        elif closed:
            out.extend((whole[start + 1 :], whole[:stop]))
    return np.concatenate(out)


def area(xy: Corners, holes: Sequence[Corners] = ()) -> "BaseGeometry":
    """Return the valid area within an outline; every part that one which crosses itself goes round counts as inside.

    It is empty where the outline goes round nothing.
    """
    import shapely

    if len(xy) < 3:
        return shapely.Polygon()
    shape: BaseGeometry = shapely.Polygon(xy, [hole for hole in holes if len(hole) > 2])
    if not shape.is_valid:
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return joined([part for part in _parts(shape) if part.geom_type == "Polygon" and part.area])


def joined(parts: "Sequence[BaseGeometry]") -> "BaseGeometry":
    """Return parts as one valid shape."""
    import shapely

    if all(part.geom_type == "Polygon" for part in parts):
        whole: Any = shapely.multipolygons(np.array(parts, dtype=object))
        return alone(whole if whole.is_valid else shapely.union_all(list(parts)))
    return alone(shapely.GeometryCollection(list(parts)))


def _parts(shape: "BaseGeometry") -> "Iterator[BaseGeometry]":
    inner = getattr(shape, "geoms", None)
    if inner is None:
        yield shape
    else:
        for part in inner:
            yield from _parts(part)


def _of_part(part: Any, number: int, detail_px: float, kept_xy: Collection[tuple[float, float]]) -> Iterator[Outline]:
    if part.geom_type != "Polygon":
        kind = POINT if part.geom_type == "Point" else LINE
        yield Outline(kind, number, 0, _xy(part), _xy(part.simplify(detail_px)))
        return
    slim = part.simplify(detail_px)
    if slim.is_empty or len(slim.interiors) != len(part.interiors):
        slim = part
    for ring, (whole, seen) in enumerate(zip(_rings(part), _rings(slim), strict=True)):
        yield Outline(AREA, number, ring, _xy(whole)[:-1], _with_kept(_xy(whole)[:-1], _xy(seen)[:-1], kept_xy))


def _with_kept(whole: Corners, seen: Corners, kept_xy: Collection[tuple[float, float]]) -> Corners:
    """Return the corners that are seen, and with them those that are to be."""
    if not kept_xy or len(whole) == len(seen):
        return seen
    wanted = {*map(tuple, seen.tolist()), *kept_xy}
    return whole[[tuple(corner) in wanted for corner in whole.tolist()]]


def _rings(part: Any) -> tuple[Any, ...]:
    return (part.exterior, *part.interiors)


def _xy(line: Any) -> Corners:
    return np.asarray(line.coords, dtype=np.float64)[:, :2]
