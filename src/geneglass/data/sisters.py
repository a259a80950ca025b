"""Sections that are not as independent as a cohort says: one patient, one piece of tissue, one file twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from pandas.util import hash_array
from scipy.spatial import cKDTree

from geneglass.data.array_grid import array_yx
from geneglass.data.genes import spot_totals
from geneglass.data.section import Section
from geneglass.data.section_hash import slide_hash, spots_hash
from geneglass.data.split import Fold
from geneglass.data.types import FloatArray
from geneglass.errors import InputError

MIN_SPOTS = 30
"""Fewer spots in common say nothing."""

MIN_COMMON = 0.8
"""Share of the smaller section's spots that must stand in both before their depths are compared."""

MIN_DEPTH_R = 0.98
"""Depths of common spots that correlate better are one measurement, processed twice; sisters in her2st reach 0.87."""

MIN_OVERLAP = 0.85
"""Positions of the array in both over positions in either: four pairs of sisters in her2st reach 0.87 to 0.89, sections
of two patients 0.75, round made-up ones 0.83; most sisters lie otherwise on their arrays and reach less."""

MIN_SAME_CENTRES = 0.95
"""Share of centres in one place, where the array is not known: only one outline, measured twice, comes so near."""

MIN_MEETING = 0.05
"""Share of one section's spots that lie on spots of the other, where both are the same piece of a slide."""

MAX_FILL = 0.9
"""An array that is covered to a greater share lies under any tissue alike, so it tells nothing."""

MAX_SHIFT = 0.05
"""Centres that are nearer than this share of the pitch are one place."""

_MOST = 6
"""Pairs named one by one; of more the number is told."""


@dataclass(frozen=True)
class Twins:
    """Two sections that hold the same, in words; `certain` unless only the outline of the tissue says so."""

    first: Section
    second: Section
    what: str
    certain: bool = True

    @property
    def one_patient(self) -> bool:
        """Return whether both are known to be of one patient."""
        return self.first.patient is not None and self.first.patient == self.second.patient

    def names(self) -> str:
        """Return both names with their patients."""
        first, second = self.first, self.second
        if self.one_patient:
            return f"{first.name} and {second.name} of patient {first.patient}"
        return f"{first.name} (patient {first.patient or '?'}) and {second.name} (patient {second.patient or '?'})"


def sister_sentences(sections: Sequence[Section]) -> tuple[str, ...]:
    """Return what a reader of a cohort should know of sections that belong together, one sentence each.

    Told are: the same counts in two sections; the same piece of a slide, or nearly the same outline of tissue, under
    two patients; and which sections share a patient, since a split by section leaks from one to the other.
    """
    found = [pair for pair in twins(sections) if pair.what == _COUNTS or not pair.one_patient]
    told = [f"{pair.names()} hold {pair.what}: {_advice(pair)}" for pair in found[:_MOST]]
    if len(found) > _MOST:
        told.append(f"{len(found) - _MOST} more pairs of sections hold the same counts, slide or outline of tissue.")
    patients: dict[str, list[str]] = {}
    for section in sections:
        if section.patient is not None:
            patients.setdefault(section.patient, []).append(section.name)
    shared = [f"{', '.join(names)} of {patient}" for patient, names in patients.items() if len(names) > 1]
    if shared:
        told.append(f"Sections of one patient: {'; '.join(shared)}: leaving one of them out leaks; hold out patients.")
    return tuple(told)


def _advice(pair: Twins) -> str:
    if pair.one_patient:
        return "one section stands twice; leave one out."
    unsure = "" if pair.certain else "if they are sister sections of one block, "
    return f"{unsure}give both one `patient`, or a split leaks."


def require_apart(divisions: Sequence[Fold], sections: Mapping[str, Section]) -> None:
    """Refuse a split by patient in which a tested section stands in the training too, under another patient.

    Raises
    ------
    InputError
        When counts, or a piece of a slide, are on both sides of a fold that is not known to leak.
    """
    honest = [fold for fold in divisions if not fold.leaks]
    for pair in twins(list(sections.values())) if honest else ():
        names = {pair.first.name, pair.second.name}
        if pair.certain and any(names & set(fold.train) and names & set(fold.test) for fold in honest):
            raise InputError(
                f"The split leaks: {pair.names()} hold {pair.what}; give both one `patient` in the cohort file, or "
                "leave one out."
            )


_COUNTS = "the same counts"
_SLIDE = "the same piece of one slide"
_OUTLINE = "nearly the same outline of tissue"


def twins(sections: Sequence[Section]) -> tuple[Twins, ...]:
    """Return every pair of sections that hold the same counts, piece of a slide or outline of tissue."""
    known = [_Known(section) for section in sections]
    pairs = []
    for first, second in combinations(known, 2):
        what = _shared(first, second)
        if what is not None:
            pairs.append(Twins(first.section, second.section, what, certain=what != _OUTLINE))
    return tuple(pairs)


def _shared(first: "_Known", second: "_Known") -> str | None:
    if first.spots_hash and first.spots_hash == second.spots_hash:
        return _COUNTS
    if _same_measurement(first, second):
        return _COUNTS
    if first.slide_hash and first.slide_hash == second.slide_hash and _meet(first, second):
        return _SLIDE
    return _OUTLINE if _same_outline(first, second) else None


class _Known:
    """What is compared of a section, computed once."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.slide_hash, self.spots_hash = slide_hash(section), spots_hash(section)
        self.centres = np.asarray(section.centres_yx, dtype=np.float64)
        self.tree = cKDTree(self.centres) if len(self.centres) >= MIN_SPOTS else None
        self.pitch = (
            0.0 if self.tree is None else float(np.median(np.asarray(self.tree.query(self.centres, k=2)[0])[:, 1]))
        )
        self.array: NDArray[np.int64] | None = None
        self.totals: FloatArray = np.empty(0, dtype=np.float32)
        self.names = np.empty(0, dtype=np.uint64)
        if section.spots is not None:
            self.array = array_yx(section.spots.table)
            self.totals = spot_totals(section.spots)
            # Names stand as numbers: half a million of them are then compared at once.
            self.names = hash_array(np.asarray(section.spots.table.obs_names, dtype=object), categorize=False)
        self.is_full = _fill(self) > MAX_FILL


def _same_measurement(first: _Known, second: _Known) -> bool:
    """Return whether spots of the same names have the same depths, as one section processed twice has."""
    fewer = min(len(first.names), len(second.names))
    common, rows, columns = np.intersect1d(first.names, second.names, assume_unique=True, return_indices=True)
    if len(common) < max(MIN_SPOTS, MIN_COMMON * fewer):
        return False
    a, b = (np.log1p(item, dtype=np.float64) for item in (first.totals[rows], second.totals[columns]))
    if min(np.ptp(a), np.ptp(b)) == 0:
        return False  # thinned to one depth
    return float(np.corrcoef(a, b)[0, 1]) > MIN_DEPTH_R


def _meet(first: _Known, second: _Known) -> bool:
    """Return whether spots of both lie on one place of the slide; one slide may carry tissue of several patients."""
    if first.tree is None or second.tree is None:
        return True
    return _share_nearer(first.tree, second.centres, max(first.pitch, second.pitch)) > MIN_MEETING


def _same_outline(first: _Known, second: _Known) -> bool:
    if first.is_full or second.is_full or min(len(first.centres), len(second.centres)) < MIN_SPOTS:
        return False
    if first.array is not None and second.array is not None:
        a, b = _keys(first.array), _keys(second.array)
        return len(np.intersect1d(a, b)) > MIN_OVERLAP * len(np.union1d(a, b))
    ratio = len(first.centres) / len(second.centres)
    if not MIN_SAME_CENTRES < ratio < 1 / MIN_SAME_CENTRES or not first.pitch * second.pitch:
        return False
    x, y = ((item.centres - np.median(item.centres, axis=0)) / item.pitch for item in (first, second))
    return min(_share_nearer(cKDTree(x), y, MAX_SHIFT), _share_nearer(cKDTree(y), x, MAX_SHIFT)) > MIN_SAME_CENTRES


def _share_nearer(tree: cKDTree, places: NDArray[np.float64], limit: float) -> float:
    away: NDArray[np.float64] = np.asarray(tree.query(places)[0])
    return float(np.mean(away < limit))


def _keys(array: NDArray[np.int64]) -> NDArray[np.int64]:
    return array[:, 0] * 2**32 + array[:, 1]


def _fill(known: _Known) -> float:
    """Return the share of the spots' own rectangle that is covered by spots, about."""
    if len(known.centres) < MIN_SPOTS:
        return 1.0
    if known.array is not None:
        height, width = np.ptp(known.array, axis=0) + 1
        n_parities = len(np.unique(known.array.sum(axis=1) % 2))
        return float(len(known.array) / (height * width * n_parities / 2))
    from shapely import MultiPoint

    area = MultiPoint(known.centres).minimum_rotated_rectangle.buffer(known.pitch / 2).area
    away: NDArray[np.float64] = np.asarray(cKDTree(known.centres).query(known.centres, k=7)[0])
    hexagonal = float(np.median(away[:, 6])) < 1.2 * known.pitch
    cell = known.pitch**2 * (np.sqrt(0.75) if hexagonal else 1.0)
    return float(len(known.centres) * cell / area) if area else 1.0
