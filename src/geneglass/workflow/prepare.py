"""A measured section as a recipe learns from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.genes import MAX_SET_ASIDE, kept_spots, normalise, panel_counts, spot_totals
from geneglass.data.patches import SlidePatches
from geneglass.data.section import Section, require_slide, require_spots
from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray
from geneglass.model.encoder import Encoder
from geneglass.model.recipe import PatchSource, Recipe, TrainData
from geneglass.workflow.embed import embed, embed_slide
from geneglass.workflow.events import Event, Job


@dataclass(frozen=True)
class Prepared:
    """One section ready for training or scoring; spots under the count limit are set aside.

    Attributes
    ----------
    kept
        (spots of the table,) True where the spot is in `data`.
    totals
        (kept spots,) counts over all genes of the file.
    """

    section: Section
    data: TrainData
    kept: NDArray[np.bool_]
    totals: FloatArray


@dataclass(frozen=True)
class Needs:
    """What recipes read of a slide beside the features of its spots: their patches, and the slide as a whole."""

    patches: bool = False
    slide: bool = False


def needs_of(recipes: Iterable[tuple[type[Recipe], Any]]) -> Needs:
    """Return what these recipes, each with its config, read together."""
    every = list(recipes)
    return Needs(
        patches=any(bool(getattr(config, "fine_tune", False)) for _, config in every),
        slide=any(recipe.reads_slide for recipe, _ in every),
    )


def prepare(
    section: Section, encoder: Encoder, genes: Sequence[str], *, min_counts: int, needs: Needs | None = None
) -> Job[Prepared]:
    """Return features and expression of a section's spots.

    Features are finished over all spots, set aside or not: a spot of few counts still shows its tissue.
    """
    needs = needs or Needs()
    spots = require_spots(section)
    totals = spot_totals(spots)
    kept = kept_spots(totals, min_counts)
    yield from _tell_set_aside(section, kept, min_counts)
    features = yield from embed(section, encoder, section.centres_yx)
    slide, mpp = require_slide(section)
    centres_yx = section.centres_yx[kept]
    patches: PatchSource | None = None
    if needs.patches:
        patches = SlidePatches(slide, centres_yx, encoder.patches, mpp)
    whole = (yield from embed_slide(section, encoder)) if needs.slide else None
    counts = panel_counts(spots, genes)[kept]
    data = TrainData(
        section=section.name,
        patient=section.patient,
        features=features[kept],
        centres_um_yx=centres_yx * np.float32(mpp),
        array_yx=array_positions(spots, kept),
        patches=patches,
        slide_features=whole,
        expression=normalise(counts, totals[kept]),
        counts=counts,
    )
    return Prepared(section, data, kept, totals[kept])


def array_positions(spots: Spots, kept: NDArray[np.bool_]) -> FloatArray | None:
    """Return (n, 2) array rows and columns of the kept spots, or None where the file has none."""
    obs = spots.table.obs
    if not {"array_row", "array_col"} <= set(obs.columns):
        return None
    return np.asarray(obs[["array_row", "array_col"]].to_numpy(dtype=np.float32)[kept], dtype=np.float32)


def _tell_set_aside(section: Section, kept: NDArray[np.bool_], min_counts: int) -> Job[None]:
    lost = int((~kept).sum())
    if lost:
        share = lost / len(kept)
        loud = f" ({share:.0%}: more than a fifth)" if share > MAX_SET_ASIDE else ""
        sentence = (
            f"{section.name}: {lost} of {len(kept)} spots have under {min_counts} counts and are set aside{loud}."
        )
        yield Event(f"Reading {section.name}", 0, len(kept), message=sentence)
