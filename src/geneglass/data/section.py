"""A section: one slide with its spots, opened and set to one physical scale."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.cohort import SectionSource
from geneglass.data.labels import with_labels
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import open_slide
from geneglass.data.spot_formats import open_spots
from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray
from geneglass.errors import InputError

MAX_OUTSIDE = 0.05
"""A larger share of spots beyond the slide's edge means another slide, or another scale."""

MAX_DISAGREEMENT = 0.05
"""Two sources of the pixel size that differ by more are told."""


@dataclass(frozen=True)
class Section:
    """One opened section; slide or spots may be absent, never both.

    Attributes
    ----------
    mpp
        Micrometres per level-0 pixel: given, else from the file's tags, else from the spot pitch; None
        where there is no way to know (`require_slide` then asks for it).
    mpp_source
        How `mpp` was found, in words ("spot pitch of legacy ST: 200 um over 289.7 px").
    centres_yx
        Spot centres in level-0 pixels of *this* slide (the `scale` of the source is applied), (n, 2).
    spot_diameter_um
        For drawing; from the platform, else None.
    warnings
        What a reader should know, one sentence each.
    """

    source: SectionSource
    slide: Slide | None
    spots: Spots | None
    mpp: float | None
    mpp_source: str
    centres_yx: FloatArray
    spot_diameter_um: float | None
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the section's name in its cohort."""
        return self.source.name

    @property
    def patient(self) -> str | None:
        """Return the patient (donor, animal) the tissue is from, where known."""
        return self.source.patient

    def close(self) -> None:
        """Release the slide's file; the spots stay."""
        if self.slide is not None:
            self.slide.close()


def open_section(source: SectionSource) -> Section:
    """Open the slide and the spots of a section and put both on one scale.

    Raises
    ------
    InputError
        When a file can not be opened, or more than a twentieth of the spots lie outside the slide.
    """
    if source.slide is None and source.spots is None:
        raise InputError(f"Section {source.name} has neither a slide nor spots; give at least one.")
    with ExitStack() as on_error:
        slide = None if source.slide is None else open_slide(source.slide)
        if slide is not None:
            on_error.callback(slide.close)
        spots = None if source.spots is None else open_spots(source.spots, source.positions)
        spots, told = _labelled(spots, source.annotations)
        centres_yx = np.empty((0, 2), dtype=np.float32)
        if spots is not None:
            centres_yx = (spots.table.obsm["spatial"][:, 1::-1] * source.scale).astype(np.float32)
            told += spots.warnings
        if slide is not None:
            told += (*slide.warnings, *_outside(source, slide, centres_yx))
        mpp, mpp_source, doubts = _pixel_size(source, slide, spots)
        on_error.pop_all()
    platform = None if spots is None else spots.platform
    return Section(
        source=source,
        slide=slide,
        spots=spots,
        mpp=mpp,
        mpp_source=mpp_source,
        centres_yx=centres_yx,
        spot_diameter_um=None if platform is None else platform.spot_diameter_um,
        warnings=tuple(dict.fromkeys(told + doubts)),
    )


def require_slide(section: Section) -> tuple[Slide, float]:
    """Return the slide and its micrometres per pixel.

    Raises
    ------
    InputError
        When the section has no slide, or nothing says how large a pixel is.
    """
    if section.slide is None:
        raise InputError(f"Section {section.name} has no slide; add `slide` to it in the cohort file.")
    if section.mpp is None:
        raise InputError(
            f"The pixel size of {section.slide.path.name} is not known: {section.mpp_source}; give `mpp`, "
            f"in micrometres per pixel, for section {section.name} in a cohort.toml."
        )
    return section.slide, section.mpp


def require_spots(section: Section) -> Spots:
    """Return the section's spots.

    Raises
    ------
    InputError
        When the section has none.
    """
    if section.spots is None:
        raise InputError(f"Section {section.name} has no measured spots; add `spots` to it in the cohort file.")
    return section.spots


def _labelled(spots: Spots | None, annotations: Path | None) -> tuple[Spots | None, tuple[str, ...]]:
    if annotations is None:
        return spots, ()
    if not annotations.name.lower().endswith((".tsv", ".tsv.gz")):
        return spots, (f"{annotations.name} was not read: annotations are a .tsv table of labelled spots.",)
    if spots is None:
        return None, (f"{annotations.name} was not read: labels need spots to stand on.",)
    return with_labels(spots, annotations), ()


def _outside(source: SectionSource, slide: Slide, centres_yx: FloatArray) -> tuple[str, ...]:
    if not len(centres_yx):
        return ()
    level = slide.levels[0]
    beyond = (centres_yx < 0) | (centres_yx >= np.array([level.height_px, level.width_px]))
    outside, total = int(beyond.any(axis=1).sum()), len(centres_yx)
    if not outside:
        return ()
    if outside > MAX_OUTSIDE * total:
        furthest_y, furthest_x = centres_yx.max(axis=0)
        raise InputError(
            f"Section {source.name}: {outside} of {total} spots lie outside {slide.path.name} "
            f"({level.width_px} x {level.height_px} px; spots reach x {furthest_x:.0f}, y {furthest_y:.0f}); "
            f"give the slide of these spots, or its `scale` (now {source.scale:g})."
        )
    return (f"{outside} of {total} spots lie outside {slide.path.name}.",)


def _pixel_size(
    source: SectionSource, slide: Slide | None, spots: Spots | None
) -> tuple[float | None, str, tuple[str, ...]]:
    known: list[tuple[float, str]] = []
    if source.mpp is not None:
        known.append((source.mpp, "given"))
    if slide is not None and slide.mpp is not None:
        known.append((slide.mpp, f"tags of {slide.path.name}"))
    why_not = "the file's tags do not say, and there are no spots to tell"
    if spots is not None:
        from_pitch, how = _from_pitch(spots, source.scale)
        if from_pitch is None:
            why_not = f"the file's tags do not say, and {how}"
        else:
            known.append((from_pitch, how))
    if not known:
        return None, why_not, ()
    mpp, mpp_source = known[0]
    doubts = tuple(
        f"The pixel size is {mpp:.4g} um ({mpp_source}), but {other:.4g} um by the {how}."
        for other, how in known[1:]
        if abs(other / mpp - 1) > MAX_DISAGREEMENT
    )
    return mpp, mpp_source, doubts


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
