"""What is told of one section: its slide, its spots, and whether both lie on each other."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from geneglass.data.cohort import SectionSource
from geneglass.data.genes import MAX_SET_ASIDE, kept_spots, spot_totals
from geneglass.data.placement import Judgement
from geneglass.data.section import Section, placement, require_slide
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import open_slide
from geneglass.data.spot_formats import open_spots
from geneglass.data.spots import Spots
from geneglass.errors import InputError
from geneglass.workflow.config import MIN_COUNTS

_DIGITS = 12

Part = TypeVar("Part", Slide, Spots)


@dataclass(frozen=True)
class SectionReport:
    """What was read of one section.

    Attributes
    ----------
    name, patient
        As in the cohort.
    slide, spots
        File names.
    slide_format, content_hash
        How the slide is stored, and the first digits of the digest of what it shows.
    width_px, height_px, levels
        Size of the slide at full resolution, and its number of pyramid levels.
    mpp, mpp_source
        Micrometres per pixel and how that is known.
    n_spots, n_genes, median_counts, max_counts
        Size and depth of the spot table.
    under_min_counts
        Spots that are set aside because they have fewer counts than `min_counts`.
    scale, orientation
        How the spots are laid onto the slide: slide pixels per spot-file pixel, and how they are turned.
    on_tissue, empty_on_tissue
        Share of spots on tissue, 0 to 1, and of the empty places next to them that show tissue.
    placement
        What the outline of the tissue says of where the spots lie.
    labels
        Spots per label of a pathologist.
    warnings, errors
        One sentence each; a section with errors can not be used. What could be read stands beside them.
    """

    name: str
    patient: str | None = None
    slide: str | None = None
    slide_format: str | None = None
    content_hash: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    levels: int | None = None
    mpp: float | None = None
    mpp_source: str | None = None
    spots: str | None = None
    platform: str | None = None
    n_spots: int | None = None
    n_genes: int | None = None
    median_counts: float | None = None
    max_counts: float | None = None
    min_counts: int = MIN_COUNTS
    under_min_counts: int | None = None
    scale: float | None = None
    orientation: str | None = None
    on_tissue: float | None = None
    empty_on_tissue: float | None = None
    placement: str | None = None
    labels: dict[str, int] | None = None
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def section_report(section: Section, min_counts: int) -> SectionReport:
    """Return what is known of an opened section, also one with faults.

    Parameters
    ----------
    section
        As `open_anyway` returns it.
    min_counts
        Spots with fewer counts are counted as set aside.
    """
    report = _begun(section.source, min_counts)
    warnings, errors = list(section.warnings), list(section.faults)
    if section.spots is not None:
        report = _with_spots(report, section.spots)
        warnings += _shallow(report)
    if section.slide is not None:
        report = replace(_with_slide(report, section.slide), scale=section.scale, orientation=section.orientation)
        judgement = placement(section)
        if judgement is not None:
            now = judgement.alignment.now
            seen = now.beside if judgement.alignment.has_tissue else None
            report = replace(report, on_tissue=now.on_tissue, empty_on_tissue=seen, placement=_in_words(judgement))
            errors += [] if judgement.fault is None else [judgement.fault]
            warnings += judgement.warnings
        try:
            require_slide(section)
        except InputError as error:
            errors.append(str(error))
    return replace(
        report,
        mpp=section.mpp,
        mpp_source=section.mpp_source,
        warnings=tuple(dict.fromkeys(warnings)),
        errors=tuple(dict.fromkeys(errors)),
    )


def broken_report(source: SectionSource, min_counts: int, error: InputError) -> SectionReport:
    """Return what can be read of a section that does not open, beside why it does not."""
    report = replace(_begun(source, min_counts), errors=(str(error),))
    spots = _tried(lambda path: open_spots(path, source.positions), source.spots)
    if spots is not None:
        report = _with_spots(replace(report, warnings=spots.warnings), spots)
    slide = _tried(open_slide, source.slide)
    if slide is not None:
        with slide:
            report = _with_slide(report, slide)
    return report


def _tried(open_part: Callable[[Path], Part], path: Path | None) -> Part | None:
    try:
        return None if path is None else open_part(path)
    except InputError:
        return None


def _begun(source: SectionSource, min_counts: int) -> SectionReport:
    return SectionReport(
        name=source.name,
        patient=source.patient,
        slide=None if source.slide is None else source.slide.name,
        spots=None if source.spots is None else source.spots.name,
        min_counts=min_counts,
    )


def _with_spots(report: SectionReport, spots: Spots) -> SectionReport:
    totals = spot_totals(spots)
    obs = spots.table.obs
    return replace(
        report,
        platform=None if spots.platform is None else spots.platform.name,
        n_spots=spots.table.n_obs,
        n_genes=spots.table.n_vars,
        median_counts=float(np.median(totals)),
        max_counts=float(totals.max()),
        under_min_counts=int((~kept_spots(totals, report.min_counts)).sum()),
        labels={str(k): int(n) for k, n in obs["label"].value_counts().items()} if "label" in obs else None,
    )


def _shallow(report: SectionReport) -> tuple[str, ...]:
    under, total = report.under_min_counts or 0, report.n_spots or 1
    if under <= MAX_SET_ASIDE * total:
        return ()
    return (
        f"{under} of {total} spots ({under / total:.0%}) have under {report.min_counts} counts and are "
        "set aside: more than a fifth.",
    )


def _with_slide(report: SectionReport, slide: Slide) -> SectionReport:
    size = slide.levels[0]
    return replace(
        report,
        slide=slide.path.name,
        slide_format=slide.format or None,
        content_hash=slide.content_hash()[:_DIGITS],
        width_px=size.width_px,
        height_px=size.height_px,
        levels=len(slide.levels),
    )


def _in_words(judgement: Judgement) -> str:
    if not judgement.alignment.has_tissue:
        return "no tissue was found"
    if judgement.alignment.better:
        return "the spots do not lie on their tissue"
    if judgement.alignment.nearly is not None:
        return "another scale fits the tissue far better"
    if judgement.alignment.follows_outline:
        return "the spots follow the outline of the tissue"
    return "the outline of the tissue does not tell"
