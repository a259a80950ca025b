"""How large a pixel is, from everything that says so; sources that contradict each other are a fault."""

from collections.abc import Sequence
from dataclasses import dataclass

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.cohort import SectionSource
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots
from geneglass.data.stated_mpp import disagree


@dataclass(frozen=True)
class PixelSize:
    """Micrometres per level-0 pixel of a section's slide.

    Attributes
    ----------
    mpp
        As given, else by the slide's tags, else by the spot files, else from the spot pitch; None where
        there is no way to know.
    how
        Where `mpp` is from, in words; without it, why it is not known.
    fault
        The sentence that tells which two sources contradict each other and what to do, or None.
    warnings
        Sources that contradict, where another one confirms what was given or which of the slide's tags is right.
    """

    mpp: float | None
    how: str
    fault: str | None = None
    warnings: tuple[str, ...] = ()


def stated_sizes(slide: Slide) -> tuple[tuple[float, str], ...]:
    """Return micrometres per level-0 pixel by the slide's own tags, and where they stand; several that contradict."""
    own = slide.mpp_rivals or (() if slide.mpp is None else ((slide.mpp, "tags"),))
    return tuple((mpp, f"{by} of {slide.path.name}") for mpp, by in own)


def pixel_size(
    source: SectionSource, stated: Sequence[tuple[float, str]], spots: Spots | None, scale: float
) -> PixelSize:
    """Return how large a pixel is and whether all sources say so.

    Parameters
    ----------
    source
        With `mpp` where it was given.
    stated
        As `stated_sizes` returns; where they contradict each other, the spots may tell which is right.
    spots
        Measured spots, where there are any.
    scale
        Slide pixels per pixel of the picture that the spots' positions belong to.
    """
    by_spots, why_not = _by_spots(source, spots, scale)
    given = source.mpp is not None
    own, overruled = (stated, []) if given else _settled(stated, by_spots)
    known = [*([(source.mpp, "given")] if source.mpp is not None else []), *own, *by_spots]
    if not known:
        return PixelSize(None, why_not)
    mpp, how = known[0]
    against = [other for other in known[1:] if disagree(mpp, other[0])]
    confirmed = given and len(against) < len(known) - 1
    if against and not confirmed:
        return PixelSize(mpp, how, _contradiction(source, known[0], against[0]))
    told = (*against, *overruled)
    doubts = (f"The pixel size is {mpp:.4g} um ({how}), but {other:.4g} um by the {by}." for other, by in told)
    return PixelSize(mpp, how, warnings=tuple(doubts))


def _settled(
    stated: Sequence[tuple[float, str]], by_spots: Sequence[tuple[float, str]]
) -> tuple[Sequence[tuple[float, str]], Sequence[tuple[float, str]]]:
    """Return what the slide states, and what of it is wrong where the spots confirm only the rest."""
    right = [one for one in stated if any(not disagree(one[0], other[0]) for other in by_spots)]
    return (right, [one for one in stated if one not in right]) if right else (stated, [])


def _by_spots(source: SectionSource, spots: Spots | None, scale: float) -> tuple[list[tuple[float, str]], str]:
    """Return what the spots say of the pixel size, and why it is not known where nothing else says."""
    if spots is None:
        return [], "the file's tags do not say, and there are no spots to tell"
    known = []
    if spots.mpp is not None and source.spots is not None:
        known.append((spots.mpp / scale, f"spot files of {source.spots.name}"))
    from_pitch, how = _from_pitch(spots, scale)
    if from_pitch is not None:
        known.append((from_pitch, how))
    return known, f"the file's tags do not say, and {how}"


def _contradiction(source: SectionSource, chosen: tuple[float, str], other: tuple[float, str]) -> str:
    given = source.mpp is not None
    by = "as given" if given else f"by the {chosen[1]}"
    fix = (
        f"set `mpp = {other[0]:.4g}` or leave it out"
        if given
        else f"set `mpp` to the right one, {chosen[0]:.4g} or {other[0]:.4g}"
    )
    return (
        f"Section {source.name}: the pixel size is {chosen[0]:.4g} um {by}, but {other[0]:.4g} um by the {other[1]}; "
        f"{fix}, in the cohort.toml."
    )


def _from_pitch(spots: Spots, scale: float) -> tuple[float | None, str]:
    """Return micrometres per slide pixel from the distance of neighbouring spots, and how; or None and why not."""
    if spots.platform is None:
        return None, "the spot platform is not known"
    if spots.pitch_px is None and layout(spots.table) == "staggered":
        return None, "the spots stand on a staggered grid of unknown pitch"
    pitch = pitch_px(spots.table) if spots.pitch_px is None else spots.pitch_px
    if pitch is None:
        return None, "too few neighbouring spots show the pitch"
    pitch_um, pitch_slide_px = spots.platform.pitch_um, pitch * scale
    how = f"spot pitch of {spots.platform.name}: {pitch_um:g} um over {pitch_slide_px:.1f} px"
    return pitch_um / pitch_slide_px, how
