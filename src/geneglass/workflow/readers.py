"""Two readers' domains on one slide: how far they agree, where they do not, and both in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.annotation import Domain, spots_in
from geneglass.data.outline import area
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.workflow.events import Event, Job

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

NOTHING = "no domain"
GRID_PLACES = 20_000
"""Places of the grid on which domains are compared where there are no spots."""
LEAST_SHARE = 1e-4
"""A conflict over less of what both readers drew, in area, is a matter of how steady a hand is."""


@dataclass(frozen=True)
class Conflict:
    """An area that two readers named differently.

    Attributes
    ----------
    first, second
        What each called it.
    shape
        In level-0 pixels of the slide.
    n_places
        Spots, or points of the grid, in it.
    """

    first: str
    second: str
    shape: "BaseGeometry"
    n_places: int


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree.

    Attributes
    ----------
    kappa
        Cohen's kappa over all places; what a reader left out is named "no domain". NaN where it is not defined:
        both readers gave one and the same name to every place.
    kappa_named
        The same over the places that both named.
    n_places, n_named
        How many places that are.
    on_spots
        True where places are measured spots, False for points of a grid over what was drawn.
    conflicts
        Areas named differently, the largest first.
    merged
        The domains of both: areas of one name joined, each conflict as a domain of its own.
    """

    kappa: float
    kappa_named: float
    n_places: int
    n_named: int
    on_spots: bool
    conflicts: tuple[Conflict, ...]
    merged: tuple[Domain, ...]


def compare_readers(first: Sequence[Domain], second: Sequence[Domain], centres_yx: FloatArray | None) -> Job[Agreement]:
    """Compare and merge the domains of two readers.

    Where one reader's domains lie in each other, the smallest has the place, as for spots.

    Parameters
    ----------
    first, second
        In level-0 pixels of the same slide.
    centres_yx
        (n, 2) centres of the spots in the same pixels; without any, a grid is laid over what was drawn.

    Raises
    ------
    InputError
        When a reader drew no area.
    """
    yield Event("Comparing two readers", 0, 2)
    flat = [_flat(domains) for domains in (first, second)]
    if not all(flat):
        raise InputError("One of the two readers drew no area, so that there is nothing to compare.")
    on_spots = centres_yx is not None and len(centres_yx) > 0
    places_yx = np.asarray(centres_yx) if on_spots else _grid_yx((*first, *second))
    names = [_names(domains, places_yx) for domains in (first, second)]
    named = (names[0] != NOTHING) & (names[1] != NOTHING)
    yield Event("Finding where they differ", 1, 2)
    conflicts = _conflicts(flat[0], flat[1], places_yx)
    return Agreement(
        kappa=cohen_kappa(*names),
        kappa_named=cohen_kappa(names[0][named], names[1][named]),
        n_places=len(places_yx),
        n_named=int(named.sum()),
        on_spots=on_spots,
        conflicts=conflicts,
        merged=_merged(first, second, flat, conflicts),
    )


def cohen_kappa(first: NDArray[np.object_], second: NDArray[np.object_]) -> float:
    """Return Cohen's kappa of two (n,) arrays of names; NaN where chance alone agrees everywhere.

    Cohen 1960, Educational and Psychological Measurement 20, equation 1.
    """
    if len(first) == 0:
        return float("nan")
    seen, numbers = np.unique(np.concatenate([first, second]).astype(str), return_inverse=True)
    a, b = np.split(numbers, 2)
    shares = [np.bincount(side, minlength=len(seen)) / len(first) for side in (a, b)]
    by_chance = float(shares[0] @ shares[1])
    return float("nan") if by_chance >= 1 else (float((a == b).mean()) - by_chance) / (1 - by_chance)


def _names(domains: Sequence[Domain], places_yx: FloatArray) -> NDArray[np.object_]:
    found = spots_in(domains, places_yx)
    return np.array([NOTHING if name is None else name for name in found], dtype=object)


def _flat(domains: Sequence[Domain]) -> "dict[str, BaseGeometry]":
    """Return the area of each name, where a smaller domain has been cut out of the larger ones under it."""
    import shapely

    smallest_first = sorted((d for d in domains if d.shape.area), key=lambda item: item.shape.area)
    taken: BaseGeometry = shapely.Polygon()
    flat: dict[str, list[BaseGeometry]] = {}
    for domain in smallest_first:
        flat.setdefault(domain.name, []).append(shapely.difference(domain.shape, taken))
        taken = shapely.union(taken, domain.shape)
    return {name: shapely.union_all(shapes) for name, shapes in flat.items()}


def _grid_yx(domains: Sequence[Domain]) -> FloatArray:
    bounds = np.array([domain.shape.bounds for domain in domains])
    (left, top), (right, bottom) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    step = float(np.sqrt(max((right - left) * (bottom - top), 1.0) / GRID_PLACES))
    y, x = np.meshgrid(np.arange(top + step / 2, bottom, step), np.arange(left + step / 2, right, step), indexing="ij")
    return np.stack([y.ravel(), x.ravel()], axis=1).astype(np.float32)


def _conflicts(
    first: "dict[str, BaseGeometry]", second: "dict[str, BaseGeometry]", places_yx: FloatArray
) -> tuple[Conflict, ...]:
    import shapely

    least = LEAST_SHARE * float(shapely.union_all([*first.values(), *second.values()]).area)
    y, x = np.asarray(places_yx, np.float64).T
    found = []
    for name, shape in first.items():
        for other, over in second.items():
            both = None if name == other else _areas(shapely.intersection(shape, over))
            if both is not None and both.area > least:
                shapely.prepare(both)
                found.append(Conflict(name, other, both, int(shapely.intersects_xy(both, x, y).sum())))
    return tuple(sorted(found, key=lambda item: -item.shape.area))


def _merged(
    first: Sequence[Domain],
    second: Sequence[Domain],
    flat: "Sequence[dict[str, BaseGeometry]]",
    conflicts: Sequence[Conflict],
) -> tuple[Domain, ...]:
    import shapely

    open_areas = shapely.union_all([conflict.shape for conflict in conflicts])
    samples = {domain.name: domain for domain in (*reversed(second), *reversed(first))}
    drawn_by = {name: _annotators(name, (*first, *second)) for name in samples}
    merged = []
    for name in dict.fromkeys([*flat[0], *flat[1]]):
        whole = shapely.union_all([side[name] for side in flat if name in side])
        shape = _areas(shapely.difference(whole, open_areas))
        if shape.area:
            sample = samples[name]
            merged.append(
                Domain(name, shape, sample.colour_rgb, classified=sample.classified, annotator=drawn_by[name])
            )
    for conflict in conflicts:
        called = f"Conflict: {conflict.first} or {conflict.second}"
        merged.append(Domain(called, conflict.shape))
    return tuple(merged)


def _annotators(name: str, domains: Sequence[Domain]) -> str | None:
    found = dict.fromkeys(domain.annotator for domain in domains if domain.name == name and domain.annotator)
    return ", ".join(found) or None


def _areas(shape: "BaseGeometry") -> "BaseGeometry":
    """Return the parts of a shape that have an area."""
    import shapely

    parts = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else area(np.empty((0, 2)))
