"""What geneglass reads in a slide, a spot table or a cohort, told before anything is trained on it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.atomic import atomic_path
from geneglass.data.cohort import SectionSource, find_section, is_cohort, read_cohort
from geneglass.data.genes import MAX_SET_ASIDE, kept_spots, spot_totals
from geneglass.data.section import Section, open_section, require_slide
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots
from geneglass.data.tissue import small_picture, tissue_mask
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.workflow.config import MIN_COUNTS

MIN_ON_TISSUE = 0.5
"""Fewer spots on tissue mean a picture that does not belong to the spots, or lies mirrored or turned."""


@dataclass(frozen=True)
class SectionReport:
    """What was read of one section.

    Attributes
    ----------
    name, patient
        As in the cohort.
    slide, spots
        File names.
    width_px, height_px, levels
        Size of the slide at full resolution, and its number of pyramid levels.
    mpp, mpp_source
        Micrometres per pixel and how that is known.
    n_spots, n_genes, median_counts, max_counts
        Size and depth of the spot table.
    under_min_counts
        Spots that are set aside because they have fewer counts than `min_counts`.
    on_tissue
        Share of spots on tissue, 0 to 1.
    labels
        Spots per label of a pathologist.
    warnings, errors
        One sentence each; a section with errors can not be used.
    """

    name: str
    patient: str | None = None
    slide: str | None = None
    spots: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    levels: int | None = None
    mpp: float | None = None
    mpp_source: str | None = None
    platform: str | None = None
    n_spots: int | None = None
    n_genes: int | None = None
    median_counts: float | None = None
    max_counts: float | None = None
    min_counts: int = MIN_COUNTS
    under_min_counts: int | None = None
    on_tissue: float | None = None
    labels: dict[str, int] | None = None
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def check(paths: Sequence[str | Path], *, min_counts: int = MIN_COUNTS) -> list[SectionReport]:
    """Open everything that was named and return one report per section; faults stand in the reports.

    Parameters
    ----------
    paths
        Slides, spot tables, folders, cohort files (all their sections) or `cohort.toml#name`.
    min_counts
        Spots with fewer counts are counted as set aside.
    """
    reports = []
    for path in paths:
        try:
            sources = _sources(path)
        except InputError as error:
            reports.append(SectionReport(str(path), min_counts=min_counts, errors=(str(error),)))
            continue
        reports += [_report(source, min_counts) for source in sources]
    return reports


def _sources(path: str | Path) -> tuple[SectionSource, ...]:
    file = Path(path).expanduser()
    inside = file / "cohort.toml" if file.is_dir() else file
    if inside.is_file() and inside.suffix.lower() == ".toml" and is_cohort(inside):
        return read_cohort(inside).sections
    return (find_section(path),)


def _report(source: SectionSource, min_counts: int) -> SectionReport:
    known: dict[str, Any] = {
        "name": source.name,
        "patient": source.patient,
        "slide": None if source.slide is None else source.slide.name,
        "spots": None if source.spots is None else source.spots.name,
        "min_counts": min_counts,
    }
    try:
        section = open_section(source)
    except InputError as error:
        return SectionReport(**known, errors=(str(error),))
    warnings, errors = list(section.warnings), []
    try:
        if section.spots is not None:
            known |= _spots_part(section.spots, min_counts, warnings)
        if section.slide is not None:
            known |= _slide_part(section, section.slide, warnings)
            require_slide(section)
    except InputError as error:
        errors.append(str(error))
    finally:
        section.close()
    return SectionReport(
        **known, mpp=section.mpp, mpp_source=section.mpp_source, warnings=tuple(warnings), errors=tuple(errors)
    )


def _spots_part(spots: Spots, min_counts: int, warnings: list[str]) -> dict[str, Any]:
    totals = spot_totals(spots)
    under = int((~kept_spots(totals, min_counts)).sum())
    if under > MAX_SET_ASIDE * len(totals):
        warnings.append(
            f"{under} of {len(totals)} spots ({under / len(totals):.0%}) have under {min_counts} counts and are "
            "set aside: more than a fifth."
        )
    obs = spots.table.obs
    labels = {str(k): int(n) for k, n in obs["label"].value_counts().items()} if "label" in obs else None
    return {
        "platform": None if spots.platform is None else spots.platform.name,
        "n_spots": spots.table.n_obs,
        "n_genes": spots.table.n_vars,
        "median_counts": float(np.median(totals)),
        "max_counts": float(totals.max()),
        "under_min_counts": under,
        "labels": labels,
    }


def _slide_part(section: Section, slide: Slide, warnings: list[str]) -> dict[str, Any]:
    size = slide.levels[0]
    share = _share_on_tissue(slide, section.centres_yx) if len(section.centres_yx) else None
    if share is not None and share < MIN_ON_TISSUE:
        warnings.append(
            f"Only {share:.0%} of the spots lie on tissue: the slide may be another one, or be mirrored or turned."
        )
    return {"width_px": size.width_px, "height_px": size.height_px, "levels": len(slide.levels), "on_tissue": share}


def _share_on_tissue(slide: Slide, centres_yx: FloatArray) -> float:
    mask, downsample = tissue_mask(slide)
    y, x = np.floor(centres_yx / downsample).astype(np.int64).T
    inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
    hit = np.zeros(len(centres_yx), dtype=bool)
    hit[inside] = mask[y[inside], x[inside]]
    return float(hit.mean())


def check_picture(section: Section, path: Path) -> None:
    """Write a PNG of the slide with its spots as rings, to see whether both lie on each other.

    Spots under the count limit are drawn in another colour. A section without a slide shows its spots
    alone; axes are in micrometres where the pixel size is known, else in pixels.

    Parameters
    ----------
    section
        An opened section.
    path
        The PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 10), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    per_px = 1.0 if section.mpp is None else section.mpp
    unit = "px" if section.mpp is None else "µm"
    if section.slide is not None:
        picture, downsample = small_picture(section.slide)
        step = downsample * per_px
        axes.imshow(picture, extent=(0.0, picture.shape[1] * step, picture.shape[0] * step, 0.0))
    else:
        axes.invert_yaxis()
    title = section.name if section.patient is None else f"{section.name}, patient {section.patient}"
    if section.spots is not None:
        _draw_spots(axes, section, section.spots, per_px)
        title += f": {section.spots.table.n_obs} spots, {section.spots.table.n_vars} genes"
    axes.set(title=title, xlabel=f"x ({unit})", ylabel=f"y ({unit})", aspect="equal")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def _draw_spots(axes: Any, section: Section, spots: Spots, per_px: float) -> None:
    from matplotlib.collections import EllipseCollection
    from matplotlib.patches import Patch

    totals = spot_totals(spots)
    kept = kept_spots(totals, MIN_COUNTS)
    centres_xy = section.centres_yx[:, ::-1] * per_px
    known = section.spot_diameter_um is not None and section.mpp is not None
    across = float(section.spot_diameter_um or 0) if known else 0.01 * float(np.ptp(centres_xy, axis=0).max() or 100)
    handles = []
    for chosen, colour, label in ((kept, "#0072b2", "spots"), (~kept, "#d55e00", f"under {MIN_COUNTS} counts")):
        if not chosen.any():
            continue
        size = np.full(int(chosen.sum()), across)
        rings = EllipseCollection(
            size, size, np.zeros_like(size), units="xy", offsets=centres_xy[chosen], offset_transform=axes.transData
        )
        rings.set(facecolor="none", edgecolor=colour, linewidth=1.3)
        axes.add_collection(rings)
        handles.append(Patch(facecolor="none", edgecolor=colour, label=f"{int(chosen.sum())} {label}"))
    axes.autoscale_view()
    axes.legend(handles=handles, loc="upper right")
