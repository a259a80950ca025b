"""Shapes of GeoJSON: positions become shapely geometries, checked and made valid."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geneglass.errors import InputError

if TYPE_CHECKING:
    from shapely import LineString, Polygon
    from shapely.geometry.base import BaseGeometry

SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")

MAX_COORDINATE = 2.0**31
"""No slide has as many pixels along an edge."""

_MAX_DEPTH = 20


def read_shape(geometry: Mapping[str, Any], where: str, told: list[str]) -> "BaseGeometry":
    """Return a valid shape; an empty one where nothing is left of it.

    A third coordinate is left out, an open outline is closed and one that crosses itself is made valid: every part
    it goes round counts as inside. What was set right is told.

    Parameters
    ----------
    geometry
        A GeoJSON geometry.
    where
        What holds it, for the messages.
    told
        Sentences are added to it.

    Raises
    ------
    InputError
        When the geometry is of no known type, or a position is missing, no number or not finite.
    """
    import shapely

    reader = _Reader(where)
    try:
        shape = reader.shape(geometry, 0)
    except shapely.errors.GEOSException as error:
        raise InputError(f"{where} can not be drawn: {one_sentence(error)}; correct or remove it.") from None
    if reader.flattened:
        told.append(f"{where} has a third coordinate, which was left out.")
    if reader.closed:
        told.append(f"{where} has an outline that was not closed; it was closed with a straight line.")
    if shape.is_empty or shapely.is_valid(shape):
        return alone(shape)
    reason = shapely.is_valid_reason(shape).split("[")[0].strip().lower()
    mended = alone(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    if mended.is_empty:
        told.append(f"{where} covers no area ({reason}) and was left out.")
    else:
        told.append(f"{where} was not valid ({reason}) and was made so: area {shape.area:.0f} -> {mended.area:.0f} px.")
    return mended


def one_sentence(error: Exception) -> str:
    """Return an error of a library as a part of a sentence."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def alone(shape: "BaseGeometry") -> "BaseGeometry":
    """Return the only part of a shape in several parts: some readers refuse a multipolygon of one."""
    parts: Sequence[BaseGeometry] = getattr(shape, "geoms", ())
    return alone(parts[0]) if len(parts) == 1 else shape


class _Reader:
    """Reads one geometry and remembers what was set right."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.closed = self.flattened = False

    def shape(self, geometry: Any, depth: int) -> "BaseGeometry":
        import shapely

        kind = geometry.get("type") if isinstance(geometry, Mapping) else None
        if kind not in SHAPES:
            raise InputError(f"{self.where} has a geometry of type {str(kind)[:40]!r}; known are {', '.join(SHAPES)}.")
        if depth > _MAX_DEPTH:
            raise InputError(f"{self.where} has geometries nested deeper than {_MAX_DEPTH}; export it again.")
        if kind == "GeometryCollection":
            items = self._list(geometry.get("geometries"), "geometries")
            return shapely.GeometryCollection([self.shape(item, depth + 1) for item in items])
        coordinates = self._list(geometry.get("coordinates"), "coordinates")
        if kind == "Point":
            return shapely.Point(self.positions([coordinates])[0]) if coordinates else shapely.Point()
        read: dict[str, Callable[[list[Any]], BaseGeometry]] = {
            "MultiPoint": lambda items: shapely.MultiPoint(self.positions(items)),
            "LineString": self.line,
            "MultiLineString": lambda items: shapely.MultiLineString([self.line(item) for item in items]),
            "Polygon": self.polygon,
            "MultiPolygon": lambda items: shapely.MultiPolygon([self.polygon(item) for item in items if item]),
        }
        return read[kind](coordinates)

    def positions(self, value: Any) -> NDArray[np.float64]:
        value = self._list(value, "positions")
        if not value:
            return np.empty((0, 2))
        try:
            found = np.array(value)
        except (ValueError, OverflowError):
            found = np.empty(0, dtype=object)
        if found.dtype.kind not in "iuf" or found.ndim != 2 or found.shape[1] not in (2, 3, 4):
            raise InputError(f"{self.where} has a position that is not two numbers [x, y]; correct or remove it.")
        self.flattened |= found.shape[1] > 2
        xy: NDArray[np.float64] = found[:, :2].astype(np.float64)
        if not (np.abs(xy) <= MAX_COORDINATE).all():
            raise InputError(
                f"{self.where} has a position that is not finite or beyond {MAX_COORDINATE:.0f}; correct or remove it."
            )
        return xy

    def line(self, value: Any) -> "LineString":
        import shapely

        xy = self.positions(value)
        return shapely.LineString(np.repeat(xy, 2, axis=0) if len(xy) == 1 else xy)

    def polygon(self, value: Any) -> "Polygon":
        import shapely

        rings = [self.ring(item) for item in self._list(value, "rings")]
        if not rings or len(rings[0]) == 0:
            return shapely.Polygon()
        return shapely.Polygon(rings[0], [ring for ring in rings[1:] if len(ring)])

    def ring(self, value: Any) -> NDArray[np.float64]:
        xy = self.positions(value)
        if len(xy) and not (xy[0] == xy[-1]).all():
            self.closed = True
            xy = np.concatenate([xy, xy[:1]])
        if 0 < len(xy) < 4:
            # Two corners or one enclose nothing; shapely wants four positions and drops what has no area.
            xy = np.concatenate([xy, np.repeat(xy[:1], 4 - len(xy), axis=0)])
        return xy

    def _list(self, value: Any, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise InputError(f"{self.where} has no list of {what}; correct or remove it.")
        return value
