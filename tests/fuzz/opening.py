"""What a user's window does with a file of each kind, as far as its bytes go."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from geneglass.data.cohort import read_cohort
from geneglass.data.labels import with_labels
from geneglass.data.slide_formats import open_slide
from geneglass.data.spot_formats import open_spots
from geneglass.data.types import Region


def look_at_slide(path: Path) -> None:
    """Open a slide, read its corners at full resolution and its coarsest level."""
    with open_slide(path) as slide:
        slide.content_hash()
        level = slide.levels[0]
        for top, left in ((0, 0), (level.height_px // 2, level.width_px // 2), (level.height_px - 60, -20)):
            slide.read(Region(0, top, left, 100, 120))
        last = slide.levels[-1]
        slide.read(Region(len(slide.levels) - 1, 0, 0, min(last.height_px, 4096), min(last.width_px, 4096)))


def look_at_spots(path: Path) -> None:
    """Open a spot table and use counts, positions and pictures."""
    spots = open_spots(path)
    float(spots.table.X.sum())
    np.asarray(spots.table.obsm["spatial"]).mean()
    for picture in spots.pictures:
        if picture.path is not None:
            look_at_slide(picture.path)


def look_at_labels(path: Path) -> None:
    """Join a label table to the spots beside it."""
    with_labels(open_spots(path.with_name("s.tsv.gz")), path)


def look_at_annotations(path: Path) -> None:
    """Read annotations and ask which spots lie in them."""
    from geneglass.data.annotation import spots_in
    from geneglass.data.geojson import read_domains

    domains, _ = read_domains(path)
    spots_in(domains, np.array([[10.0, 20.0], [300.0, 250.0]], dtype=np.float32))


def look_at_cohort(path: Path) -> None:
    """Read a cohort file."""
    read_cohort(path)


LOOKS: dict[str, Callable[[Path], None]] = {
    "slide": look_at_slide,
    "spots": look_at_spots,
    "labels": look_at_labels,
    "annotations": look_at_annotations,
    "cohort": look_at_cohort,
}
