"""A Gaussian kernel as features: what is near in the scores is near in them, so that a ridge on them is local.

With as many landmarks as places it is kernel ridge regression exactly; with fewer, the approximation of
Nystroem (Williams and Seeger, NIPS 2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.model.ridge_solver import Matrix

_CHUNK = 4096


@dataclass(frozen=True)
class Kernel:
    """Scores -> kernel features.

    Attributes
    ----------
    landmarks
        (m, components) training places.
    root
        (m, rank): the inverse square root of the kernel among them.
    width
        Distance at which similarity has fallen to exp(-1/2).
    """

    landmarks: FloatArray
    root: FloatArray
    width: float

    @classmethod
    def fit(cls, scores: Sequence[FloatArray], *, landmarks: int, components: int, width: float, seed: int) -> "Kernel":
        """Return the kernel of training places.

        Parameters
        ----------
        scores
            Per section (n, components).
        landmarks
            How many places stand for all, at most; drawn where there are more.
        components
            So many features at most: those along which the landmarks differ most.
        width
            In units of the scores, whose variance is 1 in sum.
        seed
            Of the draw.
        """
        places = np.concatenate(list(scores)).astype(np.float64)
        if len(places) > landmarks:
            places = places[np.sort(np.random.default_rng(seed).choice(len(places), landmarks, replace=False))]
        values, axes = np.linalg.eigh(_similarity(places, places, width))
        values, axes = values[-components:], axes[:, -components:]
        kept = values > 1e-9 * values[-1]
        root = axes[:, kept] / np.sqrt(values[kept])
        return cls(places.astype(np.float32), root.astype(np.float32), width)

    def features(self, scores: FloatArray) -> Matrix:
        """Return the (n, rank) kernel features of places."""
        landmarks, root = self.landmarks.astype(np.float64), self.root.astype(np.float64)
        starts = range(0, max(len(scores), 1), _CHUNK)
        parts = (scores[start : start + _CHUNK].astype(np.float64) for start in starts)
        return np.concatenate([_similarity(part, landmarks, self.width) @ root for part in parts])


def _similarity(one: Matrix, other: Matrix, width: float) -> Matrix:
    squared = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    found: Matrix = np.exp(-0.5 * np.maximum(squared, 0.0) / width**2)
    return found
