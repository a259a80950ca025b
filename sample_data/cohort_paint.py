"""The picture of an invented section: amounts of haematoxylin and eosin, then light through them.

All amounts are optical densities; the stain matrix, its strength and the light differ by patient, as
they do between laboratories and weeks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from cohort_cells import Nuclei, Ring, join, make_rings, ring_nuclei, scatter, stamp
from cohort_layout import ADIPOSE, CELL_UM, GLASS, Layout

Floats = NDArray[np.float32]

_HAEMATOXYLIN = np.array([0.555, 0.755, 0.35])
_EOSIN = np.array([0.13, 0.87, 0.43])
_RED_CELLS = np.array([0.15, 0.80, 0.75])


@dataclass(frozen=True)
class Stain:
    """How one patient's sections were stained and photographed.

    Attributes
    ----------
    haematoxylin, eosin
        Optical density per unit of each stain in red, green and blue, (3,).
    light
        Colour of empty glass, 0 to 255, (3,).
    """

    haematoxylin: Floats
    eosin: Floats
    light: Floats


def make_stain(rng: np.random.Generator, order: int) -> Stain:
    """Return a stain; neighbours in `order` differ on purpose, so that even three patients look apart."""
    swing = (1.0, -1.0, -0.1)[order % 3]
    fade = (1.0, 1.05, 0.76)[order % 3]
    blue = _HAEMATOXYLIN + np.array([0.04, -0.02, -0.04]) * swing + 0.02 * rng.standard_normal(3)
    pink = _EOSIN + np.array([0.03, -0.04, 0.07]) * -swing + 0.02 * rng.standard_normal(3)
    strength = np.exp(0.10 * swing + 0.04 * rng.standard_normal())
    other = np.exp(-0.18 * swing + 0.05 * rng.standard_normal())
    light = np.array([246.0, 244.0, 244.0]) + np.array([1.5, 0.5, -3.0]) * swing
    return Stain(
        (1.08 * fade * strength * blue / np.linalg.norm(blue)).astype(np.float32),
        (0.92 * fade * other * np.clip(pink, 0.02, None) / np.linalg.norm(pink)).astype(np.float32),
        light.astype(np.float32),
    )


@dataclass(frozen=True)
class Painting:
    """What was painted: the picture, and where the nuclei are.

    Attributes
    ----------
    image
        RGB, (height, width, 3).
    nuclei_yx_um
        Centres, (n, 2).
    """

    image: NDArray[np.uint8]
    nuclei_yx_um: NDArray[np.float64]


def paint(rng: np.random.Generator, layout: Layout, stain: Stain, mpp: float) -> Painting:
    """Paint a section at `mpp` um per pixel."""
    shape = (round(layout.size_um[0] / mpp), round(layout.size_um[1] / mpp))
    weights = [_enlarge(gaussian_filter((layout.domain == k).astype(np.float32), 0.8), shape) for k in range(6)]
    blue, pink, red = _ground(rng, layout, weights, mpp)
    rings = make_rings(rng, layout)
    taken = np.zeros(shape, bool)
    for ring in rings:
        _draw_ring(rng, ring, (blue, pink, red, taken), mpp)
    _draw_fat(rng, layout, weights[ADIPOSE], (blue, pink), mpp)
    nuclei = _free(scatter(rng, layout), taken, mpp)
    nuclei = _in_tissue(join([nuclei, ring_nuclei(rng, rings)]), layout)
    ink, cover = stamp(rng, nuclei, shape, mpp)
    chromatin = 1 + 0.16 * _grain(rng, shape, 0.9 / mpp) + 0.10 * _grain(rng, shape, 0.45 / mpp)
    blue = blue * (1 - 0.8 * cover) + ink * chromatin
    pink *= 1 - 0.6 * cover
    image = _light(rng, layout, (blue, pink, red), stain, mpp)
    return Painting(image, np.stack([nuclei.y, nuclei.x], axis=1))


def _enlarge(field: Floats, shape: tuple[int, int]) -> Floats:
    picture = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR), dtype=np.float32)


def _grain(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> Floats:
    """Return noise of variance 1, smooth over `sigma_px`; wide ones are made small and enlarged."""
    step = max(1, int(sigma_px / 2))
    small = (shape[0] // step + 2, shape[1] // step + 2)
    noise = gaussian_filter(rng.standard_normal(small, dtype=np.float32), sigma_px / step, mode="wrap", truncate=3)
    noise = np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)
    return noise[: shape[0], : shape[1]] if step == 1 else _enlarge(noise, shape)


def _fibres(rng: np.random.Generator, flow: tuple[Floats, Floats], across_um: float, along_um: float) -> Floats:
    """Return noise drawn out along the flow, of variance 1: a tile of noise is looked up in bent coordinates."""
    fine = max(4.0, 3.0 * across_um)
    tile = gaussian_filter(rng.standard_normal((2048, 512), dtype=np.float32), fine, mode="wrap")
    tile /= tile.std()
    row = (flow[1] * np.float32(fine / across_um)).astype(np.int32) & 2047
    column = (flow[0] * np.float32(fine / along_um)).astype(np.int32) & 511
    return np.asarray(tile[row, column], dtype=np.float32)


def _ground(
    rng: np.random.Generator, layout: Layout, weights: list[Floats], mpp: float
) -> tuple[Floats, Floats, Floats]:
    """Return haematoxylin, eosin and red cells of everything but nuclei, rings and fat."""
    shape = weights[0].shape
    flow = (_enlarge(layout.flow[0], shape), _enlarge(layout.flow[1], shape))
    thin, middle = _fibres(rng, flow, 1.0, 18.0), _fibres(rng, flow, 2.4, 34.0)
    bundle = _fibres(rng, flow, 5.5, 60.0)
    soft, mottle = _grain(rng, shape, 2.2 / mpp), _grain(rng, shape, 9.0 / mpp)
    gap = 1 / (1 + np.exp(np.clip((bundle + 0.35 * middle - 1.5) * 7, -30, 30)))
    fibrous = np.clip(0.50 + 0.10 * thin + 0.09 * middle + 0.10 * bundle + 0.035 * soft, 0.12, None) * (
        0.12 + 0.88 * gap
    )
    tumour, stroma, lymphoid, gland, _, necrosis = weights
    pink = stroma * fibrous + gland * 0.85 * fibrous
    pink += tumour * (0.42 + 0.08 * soft + 0.06 * mottle) + lymphoid * (0.22 + 0.05 * soft)
    pink += necrosis * np.clip(0.52 + 0.09 * soft + 0.07 * mottle, 0.1, None)
    blue = tumour * (0.17 + 0.04 * soft) + lymphoid * (0.16 + 0.04 * soft)
    blue += 0.025 * (stroma + gland) + necrosis * np.clip(0.10 + 0.05 * soft, 0, None)
    return np.asarray(blue), np.asarray(pink), np.zeros(shape, np.float32)


def _draw_ring(
    rng: np.random.Generator,
    ring: Ring,
    layers: tuple[Floats, Floats, Floats, NDArray[np.bool_]],
    mpp: float,
) -> None:
    blue, pink, red, taken = layers
    reach = ring.radius * ring.stretch * 1.2 + 6
    top, left = max(0, int((ring.y - reach) / mpp)), max(0, int((ring.x - reach) / mpp))
    window = np.s_[top : int((ring.y + reach) / mpp), left : int((ring.x + reach) / mpp)]
    height, width = taken[window].shape
    dy = (np.arange(top, top + height)[:, None] * mpp - ring.y).astype(np.float32)
    dx = (np.arange(left, left + width)[None, :] * mpp - ring.x).astype(np.float32)
    outer = ring.outline(np.arctan2(dy, dx))
    texture = gaussian_filter(rng.standard_normal((height, width)), 1.6 / mpp) * 3
    depth = outer - np.hypot(dy, dx) + 0.7 * texture
    body, lumen = _step(depth, 0.5 * mpp), _step(depth - ring.wall - 1.5 * texture * ring.gland, 0.6 * mpp)
    membrane = np.exp(-((depth / 1.2) ** 2)) * 0.30
    wall_pink, wall_blue = (0.36 + 0.05 * texture, 0.13) if ring.gland else (0.50, 0.05)
    pink[window] = pink[window] * (1 - body) + (wall_pink * body) * (1 - lumen) + membrane
    blue[window] = blue[window] * (1 - body) + (wall_blue * body) * (1 - lumen)
    if ring.gland and rng.random() < 0.35:
        pink[window] += lumen * np.clip(0.20 + 0.06 * texture, 0, None)
    if not ring.gland:
        red[window] = np.maximum(red[window], _red_cells(rng, ring, (dy, dx)) * lumen)
    taken[window] |= body > 0.5


def _red_cells(rng: np.random.Generator, ring: Ring, from_centre_um: tuple[Floats, Floats]) -> Floats:
    """Return discs of 6 um, a few in one vessel and many in another."""
    dy, dx = from_centre_um
    drawn = np.zeros((dy.shape[0], dx.shape[1]), np.float32)
    for _ in range(int(rng.uniform(0, 1.1) * (ring.radius / 3.3) ** 2)):
        y, x = rng.normal(0, ring.radius * 0.5, 2)
        disc = _step(2.9 - np.hypot(dy - y, dx - x), 0.35)
        drawn = np.maximum(drawn, disc * (0.42 + 0.18 * rng.random()))
    return drawn


def _step(depth: NDArray[np.floating], soft_um: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(np.clip(-depth / soft_um * 1.7, -30, 30))), dtype=np.float32)


def _draw_fat(
    rng: np.random.Generator, layout: Layout, weight: Floats, layers: tuple[Floats, Floats], mpp: float
) -> None:
    """Draw fat cells: empty, with a thin wall half-way between neighbours."""
    seeds = rng.uniform(0, layout.size_um, (int(np.prod(layout.size_um) / 52**2), 2))
    for _ in range(4):
        away = seeds[:, None, :] - seeds[np.asarray(cKDTree(seeds).query(seeds, k=4)[1])[:, 1:]]
        distance = np.linalg.norm(away, axis=2, keepdims=True)
        seeds = seeds + (away / np.maximum(distance, 1) * np.clip(58 - distance, 0, 20)).sum(axis=1) * 0.35
    rows, columns = np.nonzero(weight > 0.02)
    wobble = 1.6 * _grain(rng, weight.shape, 7.0 / mpp)[rows, columns]
    places = np.stack([rows * mpp + wobble, columns * mpp - wobble], axis=1)
    near = np.asarray(cKDTree(seeds).query(places, k=3)[0])
    between, corner = near[:, 1] - near[:, 0], near[:, 2] - near[:, 0]
    wall = _step(1.6 - between, 0.6 * mpp) + _step(5.5 - corner, 1.0)
    share = weight[rows, columns]
    wall += 3.2 * share * (1 - share)
    blue, pink = layers
    pink[rows, columns] += weight[rows, columns] * np.clip(wall, 0, 1) * 0.42
    blue[rows, columns] += weight[rows, columns] * np.clip(wall, 0, 1) * 0.05


def _free(nuclei: Nuclei, taken: NDArray[np.bool_], mpp: float) -> Nuclei:
    rows = np.clip((nuclei.y / mpp).astype(np.int64), 0, taken.shape[0] - 1)
    columns = np.clip((nuclei.x / mpp).astype(np.int64), 0, taken.shape[1] - 1)
    return nuclei.take(~taken[rows, columns])


def _in_tissue(nuclei: Nuclei, layout: Layout) -> Nuclei:
    return nuclei.take(layout.at(np.stack([nuclei.y, nuclei.x], axis=1)) != GLASS)


def _light(
    rng: np.random.Generator, layout: Layout, layers: tuple[Floats, Floats, Floats], stain: Stain, mpp: float
) -> NDArray[np.uint8]:
    """Send light through the stains: Beer and Lambert, a soft lens, a little noise of the camera."""
    blue, pink, red = layers
    shape = blue.shape
    tissue = _enlarge(gaussian_filter((layout.domain != GLASS).astype(np.float32), 0.7), shape)
    inner = _enlarge(gaussian_filter((layout.domain != GLASS).astype(np.float32), 16 / CELL_UM), shape)
    tissue = _step(tissue - 0.5 + 0.12 * _grain(rng, shape, 1.5 / mpp), 0.12)
    thick = tissue * (1 + 0.08 * _grain(rng, shape, 160 / mpp))
    pink = pink * (1 + 0.35 * np.clip(1 - inner, 0, 0.5)) * thick
    blue = blue * thick
    noise = 1.1 * rng.standard_normal(shape, dtype=np.float32)
    image = np.empty((*shape, 3), np.uint8)
    for channel in range(3):
        density = blue * stain.haematoxylin[channel] + pink * stain.eosin[channel]
        density += red * thick * np.float32(_RED_CELLS[channel])
        value = gaussian_filter(stain.light[channel] * np.exp(-density), 0.42 / mpp, truncate=3)
        image[..., channel] = np.clip(value + noise, 0, 255)
    return image
