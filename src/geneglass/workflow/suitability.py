"""Whether a slide is like those that a model was trained on: told before it is predicted, not after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geneglass.data.section import Section, require_slide
from geneglass.data.slide_formats import open_slide
from geneglass.data.stain import Stain, apart, as_colour, stain_of
from geneglass.model.checkpoint import ModelInfo, load_model
from geneglass.model.novelty import UNLIKE
from geneglass.model.recipe import Recipe
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.embed import embed, embed_slide, even_places
from geneglass.workflow.events import Event, Job
from geneglass.workflow.places import Places, make_query

COARSER, FINER = 1.5, 3.0
"""Times the coarsest, or the finest, training slide: beyond that, another scale. What is sharper can be blurred."""

STAIN_APART = 0.15
"""Optical densities: stains of one laboratory lie within about 0.1, those of different ones often beyond 0.2."""
STAIN_SPREAD = 1.5
"""Where training stains lie further apart than `STAIN_APART`, a slide may by this much more."""

STRIDE_UM, PLACES = 200.0, 256
"""Step of the places that are looked at, widened until there are no more than so many."""
UNCALIBRATED_BELOW = 0.05
"""A confidence that is only the share of training places as strange: one place in twenty has less."""
TOO_MANY = 0.75
"""Share of places the model is not confident of, beyond which the slide as a whole is named."""


@dataclass(frozen=True)
class Concern:
    """One way in which a slide is unlike the training slides, or why that is not known.

    Attributes
    ----------
    kind
        "scale", "stain" or "tissue"; "unknown" where it could not be found out.
    sentence
        What was seen, what was expected, and what to do.
    """

    kind: str
    sentence: str


@dataclass(frozen=True)
class Shares:
    """Of the places looked at: how many the model is not confident of, and how many look like nothing in training."""

    doubtful: float
    unlike: float = 0.0


def compare_slide(model: Path, section: Section) -> Job[tuple[Concern, ...]]:
    """Return what `judge_slide` does, or why the slide could not be compared: nobody is to take silence for likeness.

    Parameters
    ----------
    model, section
        As there.
    """
    try:
        return (yield from judge_slide(model, section))
    except Exception as error:  # noqa: BLE001 - whatever it is, the slide was not compared, and may be predicted
        return (not_compared(section.name, error),)


def not_compared(name: str, error: BaseException | str) -> Concern:
    """Return the concern of a slide that could not be compared with the training slides."""
    why = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return Concern("unknown", f"{name} could not be compared with the training slides: {why.rstrip('.')[:300]}.")


def judge_slide(model: Path, section: Section) -> Job[tuple[Concern, ...]]:
    """Return what speaks against predicting a section with a model; nothing where it is like the training slides.

    Parameters
    ----------
    model
        The model file.
    section
        With a slide and a pixel size; the slide is opened once more, so that it may be closed meanwhile.

    Raises
    ------
    InputError
        When slide or model can not be read.
    """
    slide, mpp = require_slide(section)
    yield Event("Comparing the slide with the model", 0, 3)
    recipe, info = load_model(model)
    with open_slide(slide.path) as own:
        bare = replace(section, slide=own, spots=None)
        found = [scale_concern(section.name, mpp, info)]
        yield Event("Comparing the slide with the model", 1, 3)
        found.append(stain_concern(section.name, stain_of(own), info))
        yield Event("Comparing the slide with the model", 2, 3)
        shares = yield from strange_shares(bare, recipe, info)
        found.append(tissue_concern(section.name, shares))
    return tuple(concern for concern in found if concern is not None)


def scale_concern(name: str, mpp: float, info: ModelInfo) -> Concern | None:
    """Return a concern where a slide is far coarser or finer than every training slide."""
    known = [section.mpp for section in info.sections if section.mpp > 0]
    if not known or min(known) / FINER <= mpp <= max(known) * COARSER:
        return None
    coarse = mpp > max(known)
    factor = mpp / max(known) if coarse else min(known) / mpp
    return Concern(
        "scale",
        f"{name} has {mpp:.3g} µm per pixel, {factor:.1f} times {'coarser' if coarse else 'finer'} than the training "
        f"slides ({_range(known)} µm): the pixel size may be wrong"
        + (", or the scan too coarse to show what the model reads." if coarse else "."),
    )


def stain_concern(name: str, stain: Stain | None, info: ModelInfo) -> Concern | None:
    """Return a concern where a slide is stained unlike every training slide; None where theirs is not known."""
    known = [one for one in info.stains if one is not None]
    if stain is None or not known:
        return None
    nearest = min(known, key=lambda other: apart(stain, other))
    distance = apart(stain, nearest)
    if distance <= max(STAIN_APART, STAIN_SPREAD * _widest(known)):
        return None
    return Concern(
        "stain",
        f"The tissue of {name} is stained unlike that of the training slides ({as_colour(stain)} against "
        f"{as_colour(nearest)} on average, {distance:.2f} apart in optical density): another stain or scanner.",
    )


def tissue_concern(name: str, shares: Shares | None) -> Concern | None:
    """Return a concern where most places look like nothing in training, or the model is not confident of them.

    Parameters
    ----------
    name
        Of the section.
    shares
        None where the model can not say of any slide.
    """
    if shares is None:
        return None
    if shares.unlike > TOO_MANY:
        return Concern(
            "tissue",
            f"At {shares.unlike:.0%} of the places looked at, {name} looks like nothing the model was trained on: it "
            "can not say how good a prediction is there.",
        )
    if shares.doubtful > TOO_MANY:
        return Concern(
            "tissue",
            f"At {shares.doubtful:.0%} of the places looked at, {name} shows the model tissue that it is not confident "
            "of: for most genes the training mean may be as good a guess.",
        )
    return None


def strange_shares(section: Section, recipe: Recipe, info: ModelInfo) -> Job[Shares | None]:
    """Return what share of places all over the tissue the model is not sure of; None where it can not say."""
    slide, mpp = require_slide(section)
    centres = even_places(slide, mpp, STRIDE_UM, PLACES)
    if not len(centres):
        return None
    features = yield from embed(section, recipe.encoder, centres)
    names = tuple(f"place_{row}" for row in range(len(centres)))
    query = make_query(section, info, recipe, Places(names, centres, None), features)
    if recipe.reads_slide:
        whole = yield from embed_slide(section, recipe.encoder)
        query = replace(query, slide_features=whole)
    answer = recipe.predict(query)
    if answer.confidence is None or not np.isfinite(answer.confidence).any():
        return None
    known = answer.confidence[np.isfinite(answer.confidence)]
    below = PredictConfig.abstain_below if answer.calibrated else UNCALIBRATED_BELOW
    return Shares(float((known < below).mean()), float((known == UNLIKE).mean()))


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} to {high}"


def _widest(stains: Sequence[Stain]) -> float:
    """Return how far the training stain that stands most alone lies from its nearest."""
    if len(stains) < 2:
        return 0.0
    return max(min(apart(one, other) for j, other in enumerate(stains) if j != i) for i, one in enumerate(stains))
