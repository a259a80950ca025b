"""How large a pixel is, from everything that says so; sources that contradict each other are a fault."""

from dataclasses import dataclass

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.cohort import SectionSource
from geneglass.data.spots import Spots

MAX_DISAGREEMENT = 0.05
"""Two sources of the pixel size that differ by more can not both be right."""


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
        Sources that contradict, where another one confirms what was given.
    """

    mpp: float | None
    how: str
    fault: str | None = None
    warnings: tuple[str, ...] = ()


def pixel_size(source: SectionSource, tagged: tuple[float, str] | None, spots: Spots | None, scale: float) -> PixelSize:
    """Return how large a pixel is and whether all sources say so.

    Parameters
    ----------
    source
        With `mpp` where it was given.
    tagged
        Micrometres per level-0 pixel by the slide's own tags and the slide's name, where they say.
    spots
        Measured spots, where there are any.
    scale
        Slide pixels per pixel of the picture that the spots' positions belong to.
    """
    known: list[tuple[float, str]] = []
    if source.mpp is not None:
        known.append((source.mpp, "given"))
    if tagged is not None:
        known.append((tagged[0], f"tags of {tagged[1]}"))
    why_not = "the file's tags do not say, and there are no spots to tell"
    if spots is not None:
        if spots.mpp is not None and source.spots is not None:
            known.append((spots.mpp / scale, f"spot files of {source.spots.name}"))
        from_pitch, how = _from_pitch(spots, scale)
        if from_pitch is None:
            why_not = f"the file's tags do not say, and {how}"
        else:
            known.append((from_pitch, how))
    if not known:
        return PixelSize(None, why_not)
    mpp, how = known[0]
    against = [other for other in known[1:] if abs(other[0] / mpp - 1) > MAX_DISAGREEMENT]
    confirmed = source.mpp is not None and len(against) < len(known) - 1
    if against and not confirmed:
        return PixelSize(mpp, how, _contradiction(source, known[0], against[0]))
    doubts = tuple(f"The pixel size is {mpp:.4g} um ({how}), but {other:.4g} um by the {by}." for other, by in against)
    return PixelSize(mpp, how, warnings=doubts)


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
    if layout(spots.table) == "staggered":
        return None, "the spots stand on a staggered grid of unknown pitch"
    pitch = pitch_px(spots.table)
    if pitch is None:
        return None, "too few neighbouring spots show the pitch"
    pitch_um, pitch_slide_px = spots.platform.pitch_um, pitch * scale
    how = f"spot pitch of {spots.platform.name}: {pitch_um:g} um over {pitch_slide_px:.1f} px"
    return pitch_um / pitch_slide_px, how
