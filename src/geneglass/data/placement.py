"""What the outline of the tissue says of a section's spots, in sentences with the fix."""

from dataclasses import dataclass

from geneglass.data.alignment import Alignment, Placement, align
from geneglass.data.cohort import SectionSource
from geneglass.data.orientation import ORIENTATIONS, UNTURNED
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots

MIN_ON_TISSUE = 0.5
"""Fewer spots on tissue mean a picture that does not belong to the spots."""

MENDING_SCORE = 0.5
"""Where another way follows the outline so well, it can not be said that none would be right."""


@dataclass(frozen=True)
class Judgement:
    """Whether the spots lie where they were measured.

    Attributes
    ----------
    alignment
        The figures.
    fault
        What is wrong, seen without doubt, and the fix; None where nothing is, or where `orientation` was
        given: then the user has the last word and it is a warning.
    warnings
        What can not be told, one sentence each.
    scale
        Slide pixels per spot-file pixel as they should be: another one than now where the scale is at fault.
    in_short
        The fault alone, for where the fix is a button; None where more than one way could be right.
    """

    alignment: Alignment
    fault: str | None
    warnings: tuple[str, ...]
    scale: float
    in_short: str | None = None


def judge(source: SectionSource, slide: Slide, spots: Spots, scale: float) -> Judgement:
    """Lay the spots onto the tissue in every way, and say whether the present one is wrong.

    Parameters
    ----------
    source
        With the `orientation` that was given, if any.
    slide, spots
        Of the section.
    scale
        Slide pixels per spot-file pixel.
    """
    alignment = align(slide, spots, orientation=source.orientation or UNTURNED, scale=scale)
    if not alignment.better:
        return Judgement(alignment, None, _doubts(source, slide, alignment), scale)
    sentence = _sentence(source, slide, alignment)
    right = alignment.better[0]
    # A given orientation is believed; a scale that lays the spots elsewhere than on the tissue is not.
    if source.orientation is not None and right.scale == scale:
        return Judgement(alignment, None, (sentence,), right.scale)
    only_one = len(alignment.better) == 1
    return Judgement(alignment, sentence, (), right.scale, _in_short(source, slide, alignment) if only_one else None)


def _in_short(source: SectionSource, slide: Slide, alignment: Alignment) -> str:
    now, right = alignment.now, alignment.better[0]
    return (
        f"The spots do not lie where they were measured: {_what(source, slide, now, right)}; "
        f"{now.on_tissue:.0%} of them are on tissue, laid right {right.on_tissue:.0%} would be."
    )


def _doubts(source: SectionSource, slide: Slide, alignment: Alignment) -> tuple[str, ...]:
    if not alignment.has_tissue:
        return (f"No tissue was found on {slide.path.name}: whether the spots lie right can not be told.",)
    now, nearly = alignment.now, alignment.nearly
    if nearly is not None:
        return (
            f"Section {source.name}: {_setting(now, nearly)} fits far better: then {_share(nearly)}; as it is, "
            f"{now.on_tissue:.0%} and {now.beside:.0%}; look at the picture of `geneglass check --picture`, and set it "
            "in the cohort.toml if that is right.",
        )
    if now.on_tissue >= MIN_ON_TISSUE:
        return ()
    only = f"Only {now.on_tissue:.0%} of the spots of {source.name} lie on tissue"
    if alignment.best_score is None:
        return (f"{only}, and they are too few to tell why.",)
    found = "mends it" if alignment.best_score < MENDING_SCORE else "mends it beyond doubt"
    return (
        f"{only}, and no turning, mirroring or scaling {found}: {slide.path.name} may be the slide of another section.",
    )


def _sentence(source: SectionSource, slide: Slide, alignment: Alignment) -> str:
    now, right = alignment.now, alignment.better[0]
    keep = ""
    if source.orientation is None and right.scale == now.scale:
        keep = f' (or orientation = "{UNTURNED}" to use it as it is)'
    if len(alignment.better) > 1:
        ways = " or ".join(_setting(now, one) for one in alignment.better[:3])
        return (
            f"Section {source.name}: the spots do not lie on the tissue of {slide.path.name} ({_share(now)}), and its "
            f"outline leaves open which way is right; try {ways} in the cohort.toml{keep} and look at the picture of "
            "`geneglass check --picture`."
        )
    return (
        f"Section {source.name}: {_what(source, slide, now, right)}; set {_setting(now, right)} for it in the "
        f"cohort.toml{keep}: then {_share(right)}; as it is, {now.on_tissue:.0%} and {now.beside:.0%}."
    )


def _what(source: SectionSource, slide: Slide, now: Placement, right: Placement) -> str:
    parts = []
    if right.scale < now.scale:
        parts.append(f"{slide.path.name} is a reduced copy of the picture that the positions belong to")
    elif right.scale > now.scale:
        parts.append(f"the positions belong to a reduced copy of {slide.path.name}")
    if right.orientation != now.orientation:
        if source.orientation in (None, UNTURNED):
            parts.append(ORIENTATIONS[right.orientation].fault)
        else:
            parts.append(f'orientation = "{now.orientation}" does not lay the spots onto the tissue')
    return ", and ".join(parts)


def _setting(now: Placement, right: Placement) -> str:
    parts = []
    if right.scale != now.scale:
        parts.append(f"scale = {right.scale:g} (or the exact ratio of the widths)")
    if right.orientation != now.orientation:
        parts.append(f'orientation = "{right.orientation}"')
    return " and ".join(parts)


def _share(placement: Placement) -> str:
    spots, empty = f"{placement.on_tissue:.0%}", f"{placement.beside:.0%}"
    return f"{spots} of the spots are on tissue and {empty} of the empty places beside them"
