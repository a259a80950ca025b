"""Whether the spots lie on the tissue, and if not, how they would: turned, mirrored, exchanged or scaled."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geneglass.data.array_grid import array_yx
from geneglass.data.orientation import ORIENTATIONS, oriented
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots
from geneglass.data.tissue import tissue_mask
from geneglass.data.types import LEGACY_ST, VISIUM

ARRAY_SIZE = {LEGACY_ST.name: (35, 33), VISIUM.name: (78, 128)}
"""Rows and columns of the printed array: beyond them there is no spot on tissue either."""

GOOD_SCORE = 0.75
"""From here a placement follows the outline of the tissue; right placements of real sections reach 0.81 to 0.95."""

GOOD_NEAR_SCALE = 0.85
NEAR_SCALE = 1.55
"""A scale near the present one must do better: a neighbouring section's spots fit as well as 0.81 when stretched."""

LEAST_SCALE = 1.2
"""Copies are not reduced by less; a placement that is so little off is not told from one that is moved."""

LOW_SCORE = 0.5
"""Other scales are tried below it: real sections reach 0.81, the same ones scaled by 0.8 or 1.25 at most 0.31."""

PART_ON_TISSUE = 0.9
"""With more spots on tissue they may be a part of it that was chosen; scaled by 0.8 real ones reach 0.87."""

MOSTLY_ON_TISSUE = 0.5
"""From here a part of plain tissue, which fits onto all of it in several ways, is likelier than any of these ways."""

NEARLY_SCORE = 0.82
"""A scale that does so well is told, if not believed."""

NEARLY_ALL = 0.97
NEARLY_ALL_SCORE = 0.7
"""So is one that lays all spots onto the tissue; those of another section reach 0.61 then."""

CLEARLY_BETTER = 0.1
DISTINCT = 0.05
"""How much a placement must do better than the present one, and than any third one, to be named."""

SAME_SCALE = 1.1
"""Scales that differ by less are one and the same answer."""

LEAST_TISSUE = 0.002
"""A picture with a smaller share of tissue is blank."""

LEAST_SPOTS = 20
"""Fewer spots have no outline."""

_SCALES = np.exp(np.arange(np.log(0.02), np.log(50), 0.015))
_MOST_PLACES = 2000
_LEAST_EMPTY = 20
_EXTENT_PITCHES = 80


@dataclass(frozen=True)
class Placement:
    """Spots laid onto the slide in one way.

    Attributes
    ----------
    orientation
        A name in `ORIENTATIONS`.
    scale
        Slide pixels per spot-file pixel.
    on_tissue
        Share of the spots on tissue, 0 to 1; a spot beyond the slide is not.
    beside
        Share of tissue at the places next to the spots that hold none, 0 to 1: small where the spots fill the outline.
    """

    orientation: str
    scale: float
    on_tissue: float
    beside: float

    @property
    def score(self) -> float:
        """Return 1 where the spots fill the tissue exactly, 0 where they lie anyhow."""
        return self.on_tissue - self.beside

    def like(self, other: "Placement") -> bool:
        """Return whether this is the same answer, but for a small difference of scale."""
        ratio = self.scale / other.scale
        return self.orientation == other.orientation and 1 / SAME_SCALE < ratio < SAME_SCALE


@dataclass(frozen=True)
class Alignment:
    """What the outline of the tissue says of the spots.

    Attributes
    ----------
    now
        The present placement.
    better
        Placements that are clearly better, best first: none, the right one, or several that the outline
        can not tell apart.
    nearly
        Where none is clearly better, one on another scale that falls just short of it.
    best_score
        What the best other placement reaches, named or not; None where none was tried.
    has_tissue
        Whether any tissue was found on the slide.
    """

    now: Placement
    better: tuple[Placement, ...] = ()
    nearly: Placement | None = None
    best_score: float | None = None
    has_tissue: bool = True

    @property
    def follows_outline(self) -> bool:
        """Return whether the spots are seen to fill the tissue; else the outline does not tell."""
        return not self.better and self.now.score >= GOOD_SCORE


class Outline:
    """The tissue of a slide, the spots, and the places next to them where no spot was measured.

    Parameters
    ----------
    slide
        Where the tissue is looked for, on a small picture of it.
    spots
        With centres in pixels of their own picture.
    """

    def __init__(self, slide: Slide, spots: Spots) -> None:
        self._slide = slide
        self._size_px = slide.levels[0].height_px, slide.levels[0].width_px
        centres_yx = np.asarray(spots.table.obsm["spatial"], dtype=np.float64)[:, 1::-1]
        self._spots_yx = _some(centres_yx)
        size = None if spots.platform is None else ARRAY_SIZE.get(spots.platform.name)
        self._empty_yx = _some(_empty_places(spots.table, centres_yx, size))

    @cached_property
    def _mask(self) -> tuple[NDArray[np.bool_], float]:
        return tissue_mask(self._slide)

    def has_tissue(self) -> bool:
        """Return whether the slide shows tissue."""
        return bool(self._mask[0].mean() >= LEAST_TISSUE)

    def on_tissue(self, orientation: str, scale: float) -> float:
        """Return the share of spots that would lie on tissue: a placement scores no higher."""
        return float(self._look(self._spots_yx, orientation, scale)[0].mean())

    def place(self, orientation: str, scale: float) -> Placement:
        """Return how well the spots would lie."""
        on_tissue, _ = self._look(self._spots_yx, orientation, scale)
        beside, known = self._look(self._empty_yx, orientation, scale)
        # What lies beyond the picture is not known to be glass; with hardly any place left nothing is shown.
        enough = known.sum() >= max(_LEAST_EMPTY, 0.1 * len(known))
        return Placement(orientation, scale, float(on_tissue.mean()), float(beside[known].mean()) if enough else 1.0)

    def _laid(self, places_yx: NDArray[np.float64], orientation: str, scale: float) -> NDArray[np.float64]:
        height_px, width_px = self._size_px
        return oriented(places_yx * scale, orientation, height_px=height_px, width_px=width_px)

    def _within(self, laid_yx: NDArray[np.float64]) -> NDArray[np.bool_]:
        (y, x), (height_px, width_px) = laid_yx.T, self._size_px
        return np.asarray((y >= 0) & (x >= 0) & (y < height_px) & (x < width_px))

    def _look(
        self, places_yx: NDArray[np.float64], orientation: str, scale: float
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which places lie on tissue, and which lie on the picture."""
        mask, downsample = self._mask
        laid_yx = self._laid(places_yx, orientation, scale)
        within = self._within(laid_yx)
        tissue = np.zeros(len(laid_yx), dtype=bool)
        y, x = np.minimum((laid_yx[within] / downsample).astype(np.int64), np.array(mask.shape) - 1).T
        tissue[within] = mask[y, x]
        return tissue, within


def align(slide: Slide, spots: Spots, *, orientation: str, scale: float) -> Alignment:
    """Compare the present placement of the spots with all others that a slip of files could have caused.

    Every orientation is tried at the present scale and, where the spots follow the tissue poorly, at every
    other scale; not where nearly all lie on tissue, for then they may be a part of it that was chosen. A
    placement is named only where it follows the outline and the present one does so clearly less.

    Parameters
    ----------
    slide, spots
        Of one section.
    orientation, scale
        The present placement.
    """
    outline = Outline(slide, spots)
    now = outline.place(orientation, scale)
    if not outline.has_tissue():
        return Alignment(now, has_tissue=False)
    if spots.table.n_obs < LEAST_SPOTS:
        return Alignment(now)
    turned = [outline.place(name, scale) for name in ORIENTATIONS if name != orientation]
    best_score = max(one.score for one in turned)
    better = _clearly_better(now, turned)
    if better or now.score >= LOW_SCORE or now.on_tissue >= PART_ON_TISSUE:
        return Alignment(now, better, best_score=best_score)
    scaled = _other_scales(outline, now)
    best_score = max([best_score, *(one.score for one in scaled)])
    better = _clearly_better(now, [one for one in scaled if _convinces(one, now)])
    if better:
        in_doubt = len(better) > 1 and now.on_tissue >= MOSTLY_ON_TISSUE
        return Alignment(now, () if in_doubt else better, best_score=best_score)
    nearly = next((one for one in scaled if _nearly_convinces(one, now)), None)
    return Alignment(now, nearly=nearly, best_score=best_score)


def _other_scales(outline: Outline, now: Placement) -> list[Placement]:
    """Return the placements of every orientation and scale that do best, one of each kind, best first."""
    ways = [(name, float(now.scale * factor)) for name in ORIENTATIONS for factor in _SCALES]
    ways = [way for way in ways if max(way[1] / now.scale, now.scale / way[1]) >= LEAST_SCALE]
    tried = [outline.place(*way) for way in ways if outline.on_tissue(*way) >= LOW_SCORE]
    found: list[Placement] = []
    for one in sorted(tried, key=lambda one: one.score, reverse=True)[:200]:
        if not any(one.like(other) for other in found):
            found.append(_refined(outline, one) if one.score >= NEARLY_ALL_SCORE - DISTINCT else one)
    return sorted(found, key=lambda one: one.score, reverse=True)


def _convinces(one: Placement, now: Placement) -> bool:
    factor = max(one.scale / now.scale, now.scale / one.scale)
    return one.score >= (GOOD_NEAR_SCALE if factor < NEAR_SCALE else GOOD_SCORE)


def _nearly_convinces(one: Placement, now: Placement) -> bool:
    fits = one.score >= NEARLY_SCORE or (one.on_tissue >= NEARLY_ALL and one.score >= NEARLY_ALL_SCORE)
    return fits and one.score >= now.score + CLEARLY_BETTER


def _refined(outline: Outline, rough: Placement) -> Placement:
    """Return the middle of the scales that do about as well."""
    tried = [outline.place(rough.orientation, rough.scale * factor) for factor in np.linspace(0.95, 1.05, 101)]
    best = max(one.score for one in tried)
    scale = float(np.mean([one.scale for one in tried if one.score >= best - 0.01]))
    return outline.place(rough.orientation, float(f"{scale:.3g}"))


def _clearly_better(now: Placement, others: Iterable[Placement]) -> tuple[Placement, ...]:
    """Return the best of the others and those that can not be told from it; none unless it is clearly better."""
    ranked = sorted(others, key=lambda one: one.score, reverse=True)
    if not ranked or ranked[0].score < max(GOOD_SCORE, now.score + CLEARLY_BETTER):
        return ()
    return tuple(one for one in ranked if one.score > ranked[0].score - DISTINCT)


def _some(places_yx: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at most `_MOST_PLACES` of the places, evenly taken."""
    return places_yx[:: max(1, len(places_yx) // _MOST_PLACES)]


def _empty_places(
    table: AnnData, centres_yx: NDArray[np.float64], array_size: tuple[int, int] | None
) -> NDArray[np.float64]:
    """Return places one to three pitches from the spots, within the printed array, that hold no spot."""
    if len(centres_yx) < 2:
        return np.empty((0, 2))
    tree = cKDTree(centres_yx)
    pitch = float(np.median(np.asarray(tree.query(_some(centres_yx), k=2)[0])[:, 1]))
    extent = np.ptp(centres_yx, axis=0)
    # Bins of Visium HD stand so close that a margin of a few pitches would be thinner than the mask is sharp.
    margin = max(pitch, float(extent.max()) / _EXTENT_PITCHES)
    if margin <= 0:
        return np.empty((0, 2))
    low, high = centres_yx.min(axis=0) - 3 * margin, centres_yx.max(axis=0) + 3 * margin
    axes = [np.arange(start, stop, margin / 2) for start, stop in zip(low, high, strict=True)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    distance = np.asarray(tree.query(places)[0])
    places = places[(distance > 1.25 * margin) & (distance < 2.75 * margin)]
    array = array_yx(table)
    if array_size is None or array is None or (array < 0).any() or (array > array_size).any():
        return places
    fitted = np.linalg.lstsq(_with_one(centres_yx), array.astype(np.float64), rcond=None)[0]
    row, column = (_with_one(places) @ fitted).T
    n_rows, n_columns = array_size
    return np.asarray(places[(row > -0.5) & (row < n_rows + 0.5) & (column > -0.5) & (column < n_columns + 0.5)])


def _with_one(places_yx: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([places_yx, np.ones(len(places_yx))])
