"""Nuclei and rings (glands, vessels) of an invented section: where they lie and how they are drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cohort_layout import ADIPOSE, CELL_UM, GLAND, LYMPHOID, NECROSIS, STROMA, TUMOUR, Layout, cells

Floats = NDArray[np.float32]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Nuclei:
    """Nuclei as ellipses with lobes; every field has one value per nucleus, lengths in um.

    Attributes
    ----------
    y, x
        Centre.
    long, short
        Semi-axes.
    angle
        Of the long axis, radians from the x axis towards y.
    dark
        Amount of haematoxylin, about 1.
    lobes
        How far the outline leaves the ellipse, 0 for a smooth one.
    clear
        How pale the inside is beside the rim (vesicular chromatin), 0 to 1.
    nucleolus
        Strength of the dark dot inside, 0 for none.
    """

    y: Array
    x: Array
    long: Array
    short: Array
    angle: Array
    dark: Array
    lobes: Array
    clear: Array
    nucleolus: Array

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Nuclei":
        """Return some of the nuclei."""
        return Nuclei(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class Kind:
    """How the nuclei of one sort of cell look and how close they lie."""

    domain: int
    pitch_um: float
    share: float
    radius_um: float
    long: float
    dark: float
    lobes: float
    clear: float
    nucleolus: float
    spread: float
    along_fibres: bool = False


KINDS = (
    Kind(TUMOUR, 10.9, 0.95, 4.0, 1.25, 0.88, 0.09, 0.40, 0.7, 0.19),
    Kind(TUMOUR, 60.0, 0.5, 5.6, 1.2, 1.25, 0.18, 0.10, 0.3, 0.25),
    Kind(TUMOUR, 55.0, 0.5, 2.7, 1.06, 1.25, 0.03, 0.12, 0.0, 0.09),
    Kind(LYMPHOID, 6.9, 0.95, 2.75, 1.06, 1.30, 0.03, 0.12, 0.0, 0.09),
    Kind(STROMA, 21.0, 0.75, 2.3, 2.4, 0.95, 0.05, 0.15, 0.0, 0.18, along_fibres=True),
    Kind(STROMA, 52.0, 0.35, 2.7, 1.1, 1.25, 0.03, 0.10, 0.0, 0.10),
    Kind(GLAND, 20.0, 0.75, 2.3, 2.2, 0.95, 0.05, 0.15, 0.0, 0.18, along_fibres=True),
    Kind(GLAND, 40.0, 0.35, 2.7, 1.1, 1.25, 0.03, 0.10, 0.0, 0.10),
    Kind(NECROSIS, 15.0, 0.55, 1.7, 1.2, 0.80, 0.30, 0.0, 0.0, 0.45),
    Kind(ADIPOSE, 44.0, 0.30, 1.9, 2.2, 1.05, 0.03, 0.10, 0.0, 0.12),
)


def jittered_grid(rng: np.random.Generator, size_um: tuple[float, float], pitch_um: float, jitter: float) -> Array:
    """Return places (n, 2) on a turned hexagonal grid, each moved by a random part of the pitch."""
    reach = float(np.hypot(*size_um)) / 2 + 2 * pitch_um
    rows = np.arange(-reach, reach, pitch_um * 0.866)
    columns = np.arange(-reach, reach, pitch_um)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    x = x + 0.5 * pitch_um * (np.arange(len(rows)) % 2)[:, None]
    y, x = y + jitter * pitch_um * rng.standard_normal(y.shape), x + jitter * pitch_um * rng.standard_normal(x.shape)
    angle = rng.uniform(0, np.pi)
    places = np.stack([y * np.cos(angle) - x * np.sin(angle), y * np.sin(angle) + x * np.cos(angle)], axis=-1)
    places = places.reshape(-1, 2) + np.asarray(size_um) / 2
    inside = ((places >= 0) & (places < size_um)).all(axis=1)
    return np.asarray(places[inside])


def scatter(rng: np.random.Generator, layout: Layout) -> Nuclei:
    """Return the nuclei that lie freely in the domains of a section."""
    along, _ = layout.flow
    slope_y, slope_x = np.gradient(along, CELL_UM)
    parts = []
    for kind in KINDS:
        places = jittered_grid(rng, layout.size_um, kind.pitch_um, 0.19)
        places = places[(layout.at(places) == kind.domain) & (rng.random(len(places)) < kind.share)]
        rows, columns = cells(places, layout.domain.shape)
        angle = rng.uniform(0, np.pi, len(places))
        if kind.along_fibres:
            angle = np.arctan2(slope_y[rows, columns], slope_x[rows, columns]) + 0.22 * rng.standard_normal(len(places))
        parts.append(_nuclei(rng, kind, places, angle))
    return join(parts)


def _nuclei(rng: np.random.Generator, kind: Kind, places: Array, angle: Array) -> Nuclei:
    n = len(places)
    radius = kind.radius_um * np.exp(kind.spread * rng.standard_normal(n))
    stretch = 1 + (kind.long - 1) * rng.uniform(0.4, 1.7, n)
    return Nuclei(
        y=places[:, 0],
        x=places[:, 1],
        long=radius * np.sqrt(stretch),
        short=radius / np.sqrt(stretch),
        angle=angle,
        dark=kind.dark * np.exp(0.17 * rng.standard_normal(n)),
        lobes=kind.lobes * rng.uniform(0.3, 1.7, n),
        clear=np.clip(kind.clear * rng.uniform(0.3, 1.6, n), 0, 0.8),
        nucleolus=np.where(rng.random(n) < 0.7, kind.nucleolus, 0.0),
    )


def join(parts: list[Nuclei]) -> Nuclei:
    """Return all the nuclei of several lots."""
    return Nuclei(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Nuclei)})


@dataclass(frozen=True)
class Ring:
    """A gland or a vessel: a wall round a lumen, lengths in um."""

    y: float
    x: float
    radius: float
    wall: float
    stretch: float
    angle: float
    bumps: tuple[float, float, float, float]
    gland: bool

    def outline(self, theta: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the outer radius in um in the direction `theta` (radians from the x axis)."""
        a, b, c, d = self.bumps
        turned = theta - self.angle
        ellipse = 1 / np.sqrt((np.cos(turned) / self.stretch) ** 2 + (np.sin(turned) * self.stretch) ** 2)
        return np.asarray(self.radius * ellipse * (1 + a * np.cos(3 * theta + b) + c * np.cos(5 * theta + d)))


def make_rings(rng: np.random.Generator, layout: Layout) -> list[Ring]:
    """Return the glands of the gland domain and a few vessels of the stroma."""
    glands = jittered_grid(rng, layout.size_um, 84.0, 0.09)
    vessels = jittered_grid(rng, layout.size_um, 190.0, 0.25)
    rings = [_ring(rng, place, True) for place in glands[_well_inside(layout, glands, GLAND, 30.0)]]
    keep = _well_inside(layout, vessels, STROMA, 14.0)
    return rings + [_ring(rng, place, False) for place in vessels[keep]]


def _well_inside(layout: Layout, places: Array, domain: int, reach_um: float) -> NDArray[np.bool_]:
    offsets = reach_um * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])
    inside = [(layout.at(places + offset) == domain) for offset in offsets]
    return np.asarray(np.sum(inside, axis=0) >= 4)


def _ring(rng: np.random.Generator, place: Array, gland: bool) -> Ring:
    radius = rng.uniform(27, 39) if gland else rng.uniform(9, 20)
    return Ring(
        y=float(place[0]),
        x=float(place[1]),
        radius=float(radius),
        wall=float(rng.uniform(12.5, 16.0)) if gland else 2.6,
        stretch=float(rng.uniform(1.0, 1.22 if gland else 1.4)),
        angle=float(rng.uniform(0, np.pi)),
        bumps=(rng.uniform(0.02, 0.09), rng.uniform(0, 6.3), rng.uniform(0.01, 0.05), rng.uniform(0, 6.3)),
        gland=gland,
    )


def ring_nuclei(rng: np.random.Generator, rings: list[Ring]) -> Nuclei:
    """Return the nuclei in the walls: columnar and basal in glands, flat in vessels."""
    columnar = Kind(GLAND, 0, 0, 3.0, 1.6, 1.02, 0.05, 0.3, 0.3, 0.10)
    flat = Kind(STROMA, 0, 0, 1.9, 2.8, 1.1, 0.03, 0.0, 0.0, 0.12)
    parts = [_nuclei(rng, flat, np.empty((0, 2)), np.empty(0))]
    for ring in rings:
        count = max(4, int(2 * np.pi * ring.radius / (5.6 if ring.gland else 17.0)))
        theta = 2 * np.pi * (np.arange(count) + 0.25 * rng.standard_normal(count)) / count
        inset = ring.wall * rng.normal(0.36, 0.09, count) if ring.gland else ring.wall * 0.4
        reach = ring.outline(theta) - inset
        places = np.stack([ring.y + reach * np.sin(theta), ring.x + reach * np.cos(theta)], axis=1)
        turn = theta if ring.gland else theta + np.pi / 2
        parts.append(_nuclei(rng, columnar if ring.gland else flat, places, turn + 0.12 * rng.standard_normal(count)))
    return join(parts)


def stamp(rng: np.random.Generator, nuclei: Nuclei, shape: tuple[int, int], mpp: float) -> tuple[Floats, Floats]:
    """Draw nuclei.

    Returns
    -------
    tuple
        The haematoxylin of the nuclei, and how far each pixel is covered (0 to 1), both of `shape`.
    """
    ink, cover = np.zeros(shape[0] * shape[1], np.float32), np.zeros(shape[0] * shape[1], np.float32)
    for part in _by_size(nuclei):
        flat, value, mask = _drawn(rng, part, shape, mpp)
        np.maximum.at(ink, flat, value)
        np.maximum.at(cover, flat, mask)
    return ink.reshape(shape), cover.reshape(shape)


def _by_size(nuclei: Nuclei) -> Iterator[Nuclei]:
    order = np.argsort(nuclei.long, kind="stable")
    for start in range(0, len(order), 2500):
        yield nuclei.take(order[start : start + 2500])


def _drawn(
    rng: np.random.Generator, part: Nuclei, shape: tuple[int, int], mpp: float
) -> tuple[NDArray[np.int64], Floats, Floats]:
    n = len(part.y)
    half = int(np.ceil(part.long.max() * 1.35 / mpp)) + 1
    step = np.arange(-half, half + 1)
    row = np.round(part.y / mpp).astype(np.int64)[:, None, None] + step[None, :, None]
    column = np.round(part.x / mpp).astype(np.int64)[:, None, None] + step[None, None, :]
    dy, dx = (row * mpp - _wide(part.y)).astype(np.float32), (column * mpp - _wide(part.x)).astype(np.float32)
    cos, sin = np.cos(_wide(part.angle)), np.sin(_wide(part.angle))
    u, v = (dx * cos + dy * sin) / _wide(part.long), (dy * cos - dx * sin) / _wide(part.short)
    phase = rng.uniform(0, 6.3, (2, n, 1, 1)).astype(np.float32)
    theta = np.arctan2(v, u)
    edge = 1 + _wide(part.lobes) * (np.cos(3 * theta + phase[0]) + 0.6 * np.cos(2 * theta + phase[1]))
    r = np.sqrt(u * u + v * v) / edge
    soft_um = _wide(0.4 * mpp / part.short + 0.08)
    mask = 1 / (1 + np.exp(np.clip((r - 1) / soft_um * 2, -30, 30)))
    rim = 1 - _wide(part.clear) * np.clip(1 - r**2.5, 0, 1)
    spot = rng.uniform(-0.4, 0.4, (2, n, 1, 1)).astype(np.float32)
    dot = _wide(part.nucleolus) * np.exp(-((u - spot[0]) ** 2 + (v - spot[1]) ** 2) / 0.06)
    value = mask * _wide(part.dark) * (rim + 0.55 * dot)
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1]) & (mask > 0.02)
    flat = (row * shape[1] + column)[inside]
    return flat, value[inside].astype(np.float32), mask[inside].astype(np.float32)


def _wide(values: Array) -> Floats:
    return values.astype(np.float32)[:, None, None]
