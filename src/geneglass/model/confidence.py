"""How familiar a place looks: its distance to the training tissue, against how far training places lie from each other.

Not calibrated: a low value says that the slide shows something the training sections did not, a high value
does not say that the prediction is right.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

NEIGHBOURS = 5
"""The distance of a place is the mean over this many nearest training places."""

MAX_REFERENCE = 4000
"""Training places kept for the comparison; of more, this many are drawn."""

_CHUNK = 1024


@dataclass(frozen=True)
class Familiarity:
    """Training places in a feature space, and how far each lies from the others.

    Attributes
    ----------
    points
        (n, k) training places.
    owner
        (n,) index into `sections`.
    sections, patients
        Names, one per training section.
    distances
        Ascending distances of the training places to those of other groups.
    """

    points: FloatArray
    owner: NDArray[np.int64]
    sections: tuple[str, ...]
    patients: tuple[str | None, ...]
    distances: FloatArray

    @classmethod
    def fit(
        cls,
        points: Sequence[FloatArray],
        *,
        sections: Sequence[str],
        patients: Sequence[str | None],
        groups: Sequence[NDArray[np.int64]],
        seed: int,
    ) -> "Familiarity":
        """Return the familiarity of training sections.

        Parameters
        ----------
        points
            Per section (n, k).
        sections, patients
            Their names.
        groups
            Per section (n,) the group of each place: patients, else sections, else strips of the one section. How
            far training places lie from those of other groups is what a new place is held against.
        seed
            Of the draw, where there are more than `MAX_REFERENCE` places.
        """
        stacked = np.concatenate(list(points)).astype(np.float32)
        owner = np.repeat(np.arange(len(points)), [len(part) for part in points])
        group = np.concatenate(list(groups))
        if len(stacked) > MAX_REFERENCE:
            kept = np.sort(np.random.default_rng(seed).choice(len(stacked), MAX_REFERENCE, replace=False))
            stacked, owner, group = stacked[kept], owner[kept], group[kept]
        distances = np.zeros(len(stacked), dtype=np.float32)
        for index in np.unique(group):
            own = group == index
            distances[own] = _nearest_mean(stacked[own], stacked[~own])
        return cls(stacked, owner, tuple(sections), tuple(patients), np.sort(distances))

    def confidence(self, points: FloatArray, *, own: AbstractSet[str], patient: str | None = None) -> FloatArray:
        """Return (n,) in 0..1: the share of training places at least as far from the others as these places are.

        Parameters
        ----------
        points
            (n, k) places of one slide.
        own
            Names of the sections that hold their own tissue, which are left out of the comparison.
        patient
            Where given, all sections of this patient are left out; NaN where nothing is left.
        """
        distances = self._distances(points, own, patient)
        nearer = np.searchsorted(self.distances, distances, side="left")
        share = (1.0 - nearer / len(self.distances)).astype(np.float32)
        return np.where(np.isnan(distances), np.float32(np.nan), share)

    def strangeness(self, points: FloatArray, *, own: AbstractSet[str], patient: str | None = None) -> FloatArray:
        """Return (n,) distances of places, taken as `confidence` takes them, over the training places' median."""
        usual = max(float(np.median(self.distances)), 1e-12)
        return (self._distances(points, own, patient) / usual).astype(np.float32)

    def _distances(self, points: FloatArray, own: AbstractSet[str], patient: str | None) -> FloatArray:
        left_out = [
            name in own or (patient is not None and other == patient)
            for name, other in zip(self.sections, self.patients, strict=True)
        ]
        others = self.points[~np.asarray(left_out)[self.owner]]
        if not len(others):
            return np.full(len(points), np.nan, dtype=np.float32)
        return _nearest_mean(points, others)

    def state(self) -> dict[str, torch.Tensor]:
        """Return the arrays as tensors."""
        return {
            "familiarity.points": torch.from_numpy(self.points.copy()),
            "familiarity.owner": torch.from_numpy(self.owner.astype(np.int64)),
            "familiarity.distances": torch.from_numpy(self.distances.copy()),
        }

    def texts(self) -> dict[str, list[str | None]]:
        """Return the names as JSON values."""
        return {"familiarity.sections": list(self.sections), "familiarity.patients": list(self.patients)}

    @classmethod
    def load(cls, state: dict[str, torch.Tensor], texts: dict[str, list[str | None]]) -> "Familiarity":
        """Return what `state` and `texts` were taken from."""
        return cls(
            state["familiarity.points"].cpu().numpy(),
            state["familiarity.owner"].cpu().numpy(),
            tuple(str(name) for name in texts["familiarity.sections"]),
            tuple(texts["familiarity.patients"]),
            state["familiarity.distances"].cpu().numpy(),
        )


def _nearest_mean(points: FloatArray, others: FloatArray) -> FloatArray:
    """Return the mean distance of each point to its nearest others."""
    reference = others.astype(np.float64)
    lengths = (reference**2).sum(axis=1)
    count = min(NEIGHBOURS, len(others))
    out = np.zeros(len(points), dtype=np.float32)
    if count < 1:
        return out
    for start in range(0, len(points), _CHUNK):
        part = points[start : start + _CHUNK].astype(np.float64)
        squared = (part**2).sum(axis=1)[:, None] + lengths - 2 * part @ reference.T
        nearest = np.partition(squared, count - 1, axis=1)[:, :count]
        out[start : start + _CHUNK] = np.sqrt(np.maximum(nearest, 0.0)).mean(axis=1)
    return out
