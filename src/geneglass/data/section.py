"""A section: one slide with its spots, opened and set to one physical scale."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from geneglass.data.alignment import Placement
from geneglass.data.annotation import Domain
from geneglass.data.cohort import SectionSource
from geneglass.data.labels import with_labels
from geneglass.data.laying import laid, outside_sentences, too_many_outside
from geneglass.data.mpp_sources import PixelSize, pixel_size, stated_sizes
from geneglass.data.orientation import UNTURNED
from geneglass.data.placement import Judgement, judge
from geneglass.data.preview import open_preview, recognised
from geneglass.data.section_domains import is_domains, mark_spots, section_domains
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import open_slide
from geneglass.data.spot_formats import open_spots
from geneglass.data.spots import Picture, Spots
from geneglass.data.types import FloatArray
from geneglass.errors import InputError


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
        Spot centres in level-0 pixels of *this* slide (`scale` and the orientation are applied), (n, 2).
    spot_diameter_um
        For drawing; from the platform, else None.
    warnings
        What a reader should know, one sentence each.
    scale
        Slide pixels per spot-file pixel: as given, or that of the preview that the slide is.
    preview
        The picture of the spots that serves as the slide, or None where the slide is none of them.
    faults
        Why the section must not be used, one sentence each; only `open_anyway` returns a section with faults.
    domains
        Regions drawn on the slide, in its level-0 pixels; `obs["domain"]` of the spots names the one they lie in.
    on_tissue
        Share of the spots on tissue, 0 to 1, as `with_placement_told` finds it; None before, or without tissue.
    mended
        How the spots would lie on the tissue, where `with_placement_told` saw without doubt that they do not.
    """

    source: SectionSource
    slide: Slide | None
    spots: Spots | None
    mpp: float | None
    mpp_source: str
    centres_yx: FloatArray
    spot_diameter_um: float | None
    warnings: tuple[str, ...] = ()
    scale: float = 1.0
    preview: Picture | None = None
    faults: tuple[str, ...] = ()
    domains: tuple[Domain, ...] = ()
    on_tissue: float | None = None
    mended: Placement | None = None

    @property
    def orientation(self) -> str:
        """Return how the spots are turned or mirrored onto the slide."""
        return self.source.orientation or UNTURNED

    @property
    def preview_told(self) -> tuple[str, ...]:
        """Return the sentence that the slide is only a preview; nothing where it is a full one."""
        if self.slide is None or self.preview is None or self.preview.scale == 1:
            return ()
        named = self.slide.path.name if self.preview.path is not None else f"picture in {self.slide.path.name}"
        shown = "Without a slide" if self.source.slide is None else f"{self.slide.path.name} is no full slide:"
        size = "" if self.mpp is None else f", {self.mpp:.3g} um per pixel"
        return (
            f"{shown} the {self.preview.name} {named} is used (scale {self.preview.scale:.4g}{size}); "
            "give the full-resolution slide to predict.",
        )

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

    A section without a slide shows the largest picture that came with its spots.

    Raises
    ------
    InputError
        When a file can not be opened, more than a twentieth of the spots lie outside the slide, or two
        sources of the pixel size contradict each other.
    """
    section = open_anyway(source)
    if section.faults:
        section.close()
        raise InputError(section.faults[0])
    return section


def open_anyway(source: SectionSource) -> Section:
    """Open a section also where slide and spots do not fit; what is wrong stands in `faults`.

    Raises
    ------
    InputError
        When a file can not be opened.
    """
    if source.slide is None and source.spots is None:
        raise InputError(f"Section {source.name} has neither a slide nor spots; give at least one.")
    with ExitStack() as on_error:
        slide = None if source.slide is None else open_slide(source.slide)
        if slide is not None:
            on_error.callback(slide.close)
        spots = None if source.spots is None else open_spots(source.spots, source.positions)
        spots, told = _labelled(spots, source.annotations)
        preview: Picture | None = None
        if spots is not None and slide is None and source.spots is not None:
            slide, preview, unseen = open_preview(spots, source.spots)
            told += unseen
            if slide is not None:
                on_error.callback(slide.close)
        elif spots is not None and slide is not None and source.scale == 1:
            inside = not too_many_outside(slide, laid(source, slide, spots, 1.0))
            preview = recognised(slide, spots, inside=inside)
        section = _with_domains(_put_together(source, slide, spots, preview))
        on_error.pop_all()
    return replace(section, warnings=tuple(dict.fromkeys((*section.preview_told, *told, *section.warnings))))


def _put_together(source: SectionSource, slide: Slide | None, spots: Spots | None, preview: Picture | None) -> Section:
    scale = preview.scale if preview is not None and source.scale == 1 else source.scale
    size = _pixel_size(source, slide, spots, preview, scale)
    told = (*(() if spots is None else spots.warnings), *(() if slide is None else slide.warnings), *size.warnings)
    faults: tuple[str, ...] = () if size.fault is None else (size.fault,)
    centres_yx = np.empty((0, 2), dtype=np.float32) if spots is None else laid(source, slide, spots, scale)
    if slide is not None and spots is not None:
        outside = outside_sentences(source, slide, centres_yx, scale)
        beyond = too_many_outside(slide, centres_yx)
        told += () if beyond else outside
        if beyond or faults:
            # Another scale may explain both at once: the pixel size is then judged at that scale.
            judgement = judge(source, slide, spots, scale)
            named = (judgement.fault,) if judgement.fault and (beyond or judgement.scale != scale) else ()
            size_then = _pixel_size(source, slide, spots, preview, judgement.scale)
            faults = (*(named or (outside if beyond else ())), *(() if size_then.fault is None else (size_then.fault,)))
    platform = None if spots is None else spots.platform
    return Section(
        source=source,
        slide=slide,
        spots=spots,
        mpp=size.mpp,
        mpp_source=size.how,
        centres_yx=centres_yx,
        spot_diameter_um=None if platform is None else platform.spot_diameter_um,
        warnings=told,
        scale=scale,
        preview=preview,
        faults=faults,
    )


def placement(section: Section) -> Judgement | None:
    """Return what the tissue says of where the spots lie; None for a section without slide or spots."""
    if section.slide is None or section.spots is None:
        return None
    return judge(section.source, section.slide, section.spots, section.scale)


def require_placement(section: Section) -> tuple[str, ...]:
    """Return what is doubtful about where the spots lie, one sentence each.

    Raises
    ------
    InputError
        When they lie mirrored, turned, exchanged or on another scale, seen without doubt.
    """
    judgement = placement(section)
    if judgement is None:
        return ()
    if judgement.fault is not None:
        raise InputError(judgement.fault)
    return judgement.warnings


def with_placement_told(section: Section) -> Section:
    """Return the section with the share of its spots on tissue, and what is doubtful about them among its warnings."""
    judgement = placement(section)
    if judgement is None:
        return section
    found = judgement.warnings if judgement.fault is None else (judgement.in_short or judgement.fault,)
    seen = judgement.alignment
    return replace(
        section,
        warnings=(*found, *section.warnings),
        on_tissue=seen.now.on_tissue if seen.has_tissue else None,
        mended=seen.better[0] if judgement.fault is not None and len(seen.better) == 1 else None,
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
    if annotations is None or is_domains(annotations):
        return spots, ()
    if not annotations.name.lower().endswith((".tsv", ".tsv.gz", ".csv", ".csv.gz")):
        return spots, (f"{annotations.name} was not read: annotations are a .geojson, or a .tsv or .csv of labels.",)
    if spots is None:
        return None, (f"{annotations.name} was not read: labels need spots to stand on.",)
    return with_labels(spots, annotations), ()


def _with_domains(section: Section) -> Section:
    path = section.source.annotations
    if path is None or not is_domains(path):
        return section
    domains, told = section_domains(path, section.slide)
    if section.spots is not None:
        told += mark_spots(section.spots, domains, section.centres_yx, path.name)
    return replace(section, domains=domains, warnings=(*section.warnings, *told))


def _pixel_size(
    source: SectionSource, slide: Slide | None, spots: Spots | None, preview: Picture | None, scale: float
) -> PixelSize:
    # A preview's own tags tell how large it was printed, if anything.
    stated = () if slide is None or preview is not None else stated_sizes(slide)
    return pixel_size(source, stated, spots, scale)
