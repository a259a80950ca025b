"""Where a section is predicted, and what a recipe may know of these places."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geneglass.data.patches import SlidePatches
from geneglass.data.section import Section, require_slide, require_spots
from geneglass.data.section_hash import slide_hash, spots_hash
from geneglass.data.tissue import grid_yx
from geneglass.data.types import FloatArray, UInt8Array
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo
from geneglass.model.recipe import PatchSource, QueryData, Recipe
from geneglass.workflow.prepare import array_positions


@dataclass(frozen=True)
class Places:
    """Where a section is predicted: names and centres in level-0 pixels."""

    names: tuple[str, ...]
    centres_yx: FloatArray
    array_yx: FloatArray | None

    def only(self, rows: NDArray[np.int64]) -> "Places":
        """Return some of the places."""
        array_yx = None if self.array_yx is None else self.array_yx[rows]
        return Places(tuple(self.names[row] for row in rows), self.centres_yx[rows], array_yx)


def find_places(section: Section, stride_um: float | None) -> Places:
    """Return the measured spots, or a grid over the tissue where a stride is given."""
    slide, mpp = require_slide(section)
    if stride_um is None:
        spots = require_spots(section)
        everything = np.ones(spots.table.n_obs, dtype=bool)
        return Places(tuple(spots.table.obs_names), section.centres_yx, array_positions(spots, everything))
    centres = grid_yx(slide, mpp, stride_um)
    if not len(centres):
        raise InputError(f"No tissue was found on {slide.path.name}, so there is nothing to predict on a grid.")
    steps = np.rint(centres / (stride_um / mpp) - 0.5).astype(int)
    return Places(tuple(f"tile_{row}_{column}" for row, column in steps), centres, None)


def make_query(section: Section, info: ModelInfo, recipe: Recipe, places: Places, features: FloatArray) -> QueryData:
    """Return what the recipe may know; a training section goes by the name it has in the model's bank."""
    slide, mpp = require_slide(section)
    patches: PatchSource | None = None
    if getattr(recipe.config, "fine_tune", False):
        patches = SlidePatches(slide, places.centres_yx, recipe.encoder.patches, mpp)
    own = trained_on(section, info)
    return QueryData(
        section=own[0] if own else f"query:{section.name}",
        patient=section.patient,
        features=features,
        centres_um_yx=places.centres_yx * np.float32(mpp),
        array_yx=places.array_yx,
        patches=patches,
        own_sections=own,
    )


def trained_on(section: Section, info: ModelInfo) -> tuple[str, ...]:
    """Return the names of the training sections with the same spots, else of those with the same slide.

    Names are not compared: two cohorts may both have a "C2".
    """
    own_spots, own_slide = spots_hash(section), slide_hash(section)
    # Spots first: of two training sections on one slide, the other one is not the query's own. Where only the slide
    # matches (bare, or with spots made anew) none of them can be told apart.
    same_spots = [known.name for known in info.sections if own_spots and known.spots_hash == own_spots]
    same_slide = [known.name for known in info.sections if own_slide and known.slide_hash == own_slide]
    return tuple(same_spots or same_slide)


@dataclass(frozen=True)
class _Offset:
    source: PatchSource
    start: int

    def read(self, rows: NDArray[np.int64]) -> tuple[UInt8Array, ...]:
        return self.source.read(rows + self.start)


def part_of(query: QueryData, rows: slice) -> QueryData:
    """Return consecutive places of a query."""
    return replace(
        query,
        features=query.features[rows],
        centres_um_yx=query.centres_um_yx[rows],
        array_yx=None if query.array_yx is None else query.array_yx[rows],
        patches=None if query.patches is None else _Offset(query.patches, rows.start),
    )
