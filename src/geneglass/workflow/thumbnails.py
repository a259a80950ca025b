"""Small pictures of the reference spots for a model file, made where the user asked for them."""

from collections.abc import Sequence

import numpy as np

from geneglass.data.patches import iter_patches
from geneglass.data.section import require_slide
from geneglass.data.types import PatchSpec
from geneglass.model.recipe import Recipe
from geneglass.model.thumbnails import Thumbnails, pack, to_jpeg
from geneglass.workflow.events import Event, Job
from geneglass.workflow.prepare import Prepared

FIELD_UM = 200.0
"""Field of view of a thumbnail: a spot with what lies around it."""
SIZE_PX = 96


def thumbnails(recipe: Recipe, prepared: Sequence[Prepared]) -> Job[Thumbnails | None]:
    """Return a picture of every reference spot of a trained recipe, in the order of its bank; None without a bank."""
    if not recipe.retrieves:
        return None
    pictures: list[bytes] = []
    spec = PatchSpec(FIELD_UM, SIZE_PX)
    for item in prepared:
        slide, mpp = require_slide(item.section)
        centres_yx = item.section.centres_yx[item.kept]
        found: dict[int, bytes] = {}
        stage = f"Keeping pictures of {item.section.name}"
        for rows, (patches,) in iter_patches(slide, centres_yx, (spec,), mpp=mpp):
            found |= {int(row): to_jpeg(patch) for row, patch in zip(rows, patches, strict=True)}
            yield Event(stage, len(found), len(centres_yx))
        pictures += [found[row] for row in np.arange(len(centres_yx)).tolist()]
    return pack(pictures)
