"""What share of a place looks like what: random features of small cells of its picture, averaged over the place.

Each cell of a few micrometres is described by its stain and texture and by those of the cells next to it. Random
features of such descriptions (Rahimi, Recht, NIPS 2007), averaged, tell distributions of cells apart (kernel mean
embedding: Smola et al., ALT 2007), so that shares of tissue types become linear in them. Nothing is learned.
"""

from functools import cache

import numpy as np
from scipy.ndimage import uniform_filter

from geneglass.data.types import FloatArray

CELL_PX = 4
"""Edge of a cell."""
AROUND = (1, 5)
"""Edges, in cells, of the squares whose statistics describe a cell."""
FEATURES = 256
"""Random features of a cell."""
CORE = 0.18
"""Standard deviation of the weights about the middle of a place, in widths of its picture."""
SEED = 1

USUAL = {
    "haematoxylin": (0.39, 0.23),
    "eosin": (0.23, 0.11),
    "rest": (0.14, 0.06),
    "saturation": (0.29, 0.16),
    "darkness": (0.33, 0.18),
    "haematoxylin spread": (0.14, 0.09),
    "eosin spread": (0.045, 0.03),
    "darkness spread": (0.09, 0.06),
    "fine detail": (0.048, 0.03),
    "nuclei": (0.21, 0.15),
    "white": (0.15, 0.30),
}
"""Mean and deviation of each statistic on stained tissue at about 1 um per pixel, rounded: so all weigh alike."""


def local_detail(stains: FloatArray, saturation: FloatArray, darkness: FloatArray, white: FloatArray) -> FloatArray:
    """Return (n, 2 * FEATURES) averages of random features: about the middle of each place, and over all of it.

    Parameters
    ----------
    stains
        (3, n, h, w) optical densities of haematoxylin, eosin and a rest; h and w multiples of `CELL_PX`.
    saturation, darkness
        (n, h, w).
    white
        (n, h, w), 1 where there is empty glass.
    """
    cells = _described(_statistics(stains, saturation, darkness, white))
    turn, shift = _random_features()
    values = np.maximum(cells @ turn + shift, 0)
    flat = values.reshape(len(values), -1, FEATURES)
    core = _core(*values.shape[1:3]).reshape(-1)
    return np.concatenate([np.einsum("ncf,c->nf", flat, core), flat.mean(axis=1)], axis=1)


def identity() -> str:
    """Return everything that decides what is computed, in words."""
    turn, shift = _random_features()
    return repr((CELL_PX, AROUND, CORE, USUAL, turn.tobytes(), shift.tobytes()))


@cache
def _random_features() -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(SEED)
    columns = len(USUAL) * len(AROUND)
    turn = rng.standard_normal((columns, FEATURES)) / np.sqrt(columns)
    return turn.astype(np.float32), rng.uniform(-1, 1, FEATURES).astype(np.float32)


def _statistics(stains: FloatArray, saturation: FloatArray, darkness: FloatArray, white: FloatArray) -> FloatArray:
    """Return (11, n, rows, columns) means over cells, in the order of `USUAL`; spreads are still mean squares."""
    haematoxylin, eosin, _ = stains
    smooth = uniform_filter(haematoxylin, (0, 3, 3))
    fine = haematoxylin - smooth
    nuclei = smooth - uniform_filter(haematoxylin, (0, 9, 9)) > 0.05
    planes = [*stains, saturation, darkness]
    planes += [haematoxylin**2, eosin**2, darkness**2, fine**2, nuclei.astype(np.float32), white]
    return np.stack([_cell_means(plane) for plane in planes])


def _cell_means(plane: FloatArray) -> FloatArray:
    n, height, width = plane.shape
    means: FloatArray = plane.reshape(n, height // CELL_PX, CELL_PX, width // CELL_PX, CELL_PX).mean(axis=(2, 4))
    return means


def _described(means: FloatArray) -> FloatArray:
    """Return (n, rows, columns, statistics of all squares) of about size one."""
    usual, spread = np.array(list(USUAL.values()), np.float32).T[:, :, None, None, None]
    squares = []
    for edge in AROUND:
        found = uniform_filter(means, (0, 0, edge, edge))
        for mean, square in ((0, 5), (1, 6), (4, 7)):
            found[square] = np.sqrt(np.maximum(found[square] - found[mean] ** 2, 0))
        found[8] = np.sqrt(np.maximum(found[8], 0))
        squares.append((found - usual) / spread)
    return np.moveaxis(np.concatenate(squares), 0, -1)


def _core(rows: int, columns: int) -> FloatArray:
    """Return (rows, columns) weights about the middle, 1 in sum."""
    down, across = (((np.arange(n) + 0.5) / n - 0.5) / CORE for n in (rows, columns))
    weight = np.exp(-0.5 * (down[:, None] ** 2 + across**2))
    found: FloatArray = (weight / weight.sum()).astype(np.float32)
    return found
