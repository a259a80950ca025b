"""Where the tissue and its domains lie in one invented section, on a coarse grid.

Everything is made of smoothed noise: an irregular outline, one field per domain of which the largest
wins, thin septa of stroma through the tumour and a necrotic core where the tumour is widest. Sister
sections share most of the variance of their fields, as neighbouring slices of one block do; patients
share nothing, so where a domain lies says nothing about another patient.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float32]

CELL_UM = 4.0
"""Edge of one cell of the coarse grid."""

DOMAINS = ("tumour", "stroma", "lymphoid", "gland", "adipose", "necrosis")
TUMOUR, STROMA, LYMPHOID, GLAND, ADIPOSE, NECROSIS = range(6)
GLASS = -1

_SHARES = np.array([0.36, 0.30, 0.12, 0.12, 0.10])
"""Mean share of the tissue of the five domains that compete; necrosis is cut out of the tumour."""
_BLOB = 0.062
"""How wide the domains are, in parts of the canvas."""


@dataclass(frozen=True)
class Layout:
    """The coarse map of one section.

    Attributes
    ----------
    domain
        Index into `DOMAINS`, or `GLASS`, (rows, columns) of cells of `CELL_UM`.
    flow
        Two coordinates in um, along which the fibres run and across them, (2, rows, columns).
    size_um
        Height and width of the section.
    """

    domain: NDArray[np.int8]
    flow: Floats
    size_um: tuple[float, float]

    def at(self, places_yx_um: NDArray[np.float64]) -> NDArray[np.int8]:
        """Return the domain at each place (n, 2)."""
        rows, columns = cells(places_yx_um, self.domain.shape)
        return self.domain[rows, columns]


def cells(places_yx_um: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row and the column of the coarse grid for each place, clipped to the grid."""
    index = np.floor(places_yx_um / CELL_UM).astype(np.int64)
    return np.clip(index[:, 0], 0, shape[0] - 1), np.clip(index[:, 1], 0, shape[1] - 1)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> Floats:
    """Return Gaussian noise of mean 0 and variance 1, smooth over `sigma` cells."""
    field = gaussian_filter(rng.standard_normal(shape).astype(np.float32), sigma, mode="wrap")
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def patient_fields(patient_rng: np.random.Generator, canvas_um: float) -> Floats:
    """Return the field of each competing domain that all sections of a patient share, on a square canvas."""
    canvas = (int(canvas_um / CELL_UM),) * 2
    return np.stack([smooth_noise(patient_rng, canvas, _BLOB * canvas[0]) for _ in _SHARES])


def make_layout(
    patient_rng: np.random.Generator, rng: np.random.Generator, size_um: tuple[float, float], canvas_um: float
) -> Layout:
    """Lay out one section.

    Parameters
    ----------
    patient_rng
        A generator in the same state for every section of the patient.
    rng
        The section's own generator.
    size_um
        Height and width of the section.
    canvas_um
        Edge of the square that the fields are drawn on, the same for every section of the patient.
    """
    canvas = (int(canvas_um / CELL_UM),) * 2
    shape = (round(size_um[0] / CELL_UM), round(size_um[1] / CELL_UM))
    tissue = _outline(rng, shape)
    common = patient_fields(patient_rng, canvas_um)
    shares = _SHARES * np.exp(0.15 * patient_rng.standard_normal(len(_SHARES)))
    fields = np.empty((len(_SHARES), *shape), dtype=np.float32)
    for field, shared in zip(fields, common, strict=True):
        own = smooth_noise(rng, canvas, _BLOB * canvas[0])
        fine = smooth_noise(rng, canvas, 7.0)
        field[:] = (0.85 * shared + 0.52 * own + 0.22 * fine)[: shape[0], : shape[1]]
    _balance(fields, tissue, shares / shares.sum())
    domain = _finish(rng, fields, tissue)
    return Layout(domain, _flow(patient_rng, canvas, shape), size_um)


def _outline(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.bool_]:
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    turn = rng.uniform(-0.25, 0.25)
    y, x = y + turn * x * 0.4, x - turn * y * 0.4
    distance = (np.abs(y) ** 2.8 + np.abs(x) ** 2.8) ** (1 / 2.8)
    coarse, fine = smooth_noise(rng, shape, min(shape) / 9), smooth_noise(rng, shape, 5.0)
    tissue = distance + 0.085 * coarse + 0.012 * fine < 0.855
    crack = (np.abs(smooth_noise(rng, shape, 18.0)) < 0.035) & (smooth_noise(rng, shape, 30.0) > 1.1)
    return np.asarray(tissue & ~crack)


def _balance(fields: Floats, tissue: NDArray[np.bool_], shares: NDArray[np.float64]) -> None:
    """Shift the fields in place until each wins its share of the tissue, so that no section lacks a domain."""
    inside = fields[:, ::3, ::3][:, tissue[::3, ::3]].copy()
    shift = np.zeros(len(shares))
    for _ in range(40):
        won = np.bincount((inside + shift[:, None]).argmax(axis=0), minlength=len(shares)) / inside.shape[1]
        shift += 0.35 * (np.log(shares) - np.log(won + 1e-3))
    fields += shift[:, None, None].astype(np.float32)


def _finish(rng: np.random.Generator, fields: Floats, tissue: NDArray[np.bool_]) -> NDArray[np.int8]:
    domain = fields.argmax(axis=0).astype(np.int8)
    margin = fields[TUMOUR] - np.delete(fields, TUMOUR, axis=0).max(axis=0)
    tumour = domain == TUMOUR
    if (tumour & tissue).any():
        core = tumour & (margin > np.quantile(margin[tumour & tissue], 0.88))
        septa = tumour & ~core & (np.abs(smooth_noise(rng, tissue.shape, 10.0)) < 0.21)
        domain[septa] = STROMA
        domain[core] = NECROSIS
    domain[~tissue] = GLASS
    return np.asarray(domain, dtype=np.int8)


def _flow(patient_rng: np.random.Generator, canvas: tuple[int, int], shape: tuple[int, int]) -> Floats:
    y, x = np.meshgrid(np.arange(canvas[0]) * CELL_UM, np.arange(canvas[1]) * CELL_UM, indexing="ij")
    angle = patient_rng.uniform(0, np.pi)
    bend = [70 * smooth_noise(patient_rng, canvas, 32.0) + 8 * smooth_noise(patient_rng, canvas, 8.0) for _ in "yx"]
    along = x * np.cos(angle) + y * np.sin(angle) + bend[0]
    across = y * np.cos(angle) - x * np.sin(angle) + bend[1]
    return np.stack([along, across]).astype(np.float32)[:, : shape[0], : shape[1]]
