"""A measured and a predicted map side by side on one scale, as a PNG, for machines without a display."""

from pathlib import Path
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from geneglass.data.atomic import atomic_path
from geneglass.data.genes import normalise, panel_counts, spot_totals
from geneglass.data.section import Section, require_slide, require_spots
from geneglass.data.types import FloatArray, Region, UInt8Array
from geneglass.metric.pearson import pearson


def compare_picture(section: Section, prediction: AnnData, gene: str, path: Path) -> None:
    """Write one gene, measured | predicted over the tissue on one stated colour scale.

    Parameters
    ----------
    section
        A section with slide and spots.
    prediction
        Its prediction at the measured spots.
    gene
        A gene of both.
    path
        The PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    spots = require_spots(section)
    totals = spot_totals(spots)
    measured = normalise(panel_counts(spots, [gene]), totals)[:, 0]
    predicted = _by_name(prediction, gene, tuple(spots.table.obs_names))
    kept = totals >= float(prediction.uns["geneglass"]["min_counts"])
    r = float(pearson(measured[kept, None], predicted[kept, None])[0])
    picture, downsample = overview(section)
    _, mpp = require_slide(section)
    um_per_px = mpp * downsample
    limit = max(float(np.nanpercentile(np.r_[measured[kept], predicted[kept]], 99)), 1e-6)
    figure = Figure(figsize=(13, 1 + 6 * picture.shape[0] / picture.shape[1]), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = (f"{gene} measured", f"{gene} predicted, r = {r:.2f}{_honesty(prediction)}")
    for axis, values, title in zip(axes, (measured, predicted), titles, strict=True):
        axis.imshow(picture, extent=(0.0, picture.shape[1] * um_per_px, picture.shape[0] * um_per_px, 0.0))
        points = _draw(axis, section, values, kept, limit)
        axis.set(title=title, xlabel="µm")
    axes[0].set_ylabel("µm")
    figure.colorbar(points, ax=axes, label="ln(1 + counts per 10k)", shrink=0.8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def _draw(axis: Any, section: Section, values: FloatArray, kept: NDArray[np.bool_], limit: float) -> Any:
    from matplotlib.collections import EllipseCollection

    _, mpp = require_slide(section)
    n, diameter_um = int(kept.sum()), section.spot_diameter_um or 55.0
    centres_um_xy = section.centres_yx[kept][:, ::-1] * mpp
    sizes = np.full(n, diameter_um)
    spots = EllipseCollection(
        sizes, sizes, np.zeros(n), offsets=centres_um_xy, units="xy", offset_transform=axis.transData, cmap="viridis"
    )
    spots.set_array(values[kept])
    spots.set_clim(0.0, limit)
    axis.add_collection(spots)
    return spots


def overview(section: Section, longest_px: int = 1400) -> tuple[UInt8Array, float]:
    """Return the whole slide at about `longest_px` and its level's downsample."""
    slide, _ = require_slide(section)
    longest = max(slide.levels[0].height_px, slide.levels[0].width_px)
    small_enough = [i for i, level in enumerate(slide.levels) if longest / level.downsample <= longest_px]
    number = small_enough[0] if small_enough else len(slide.levels) - 1
    level = slide.levels[number]
    picture = slide.read(Region(number, 0, 0, level.height_px, level.width_px))
    step = max(1, max(picture.shape[:2]) // longest_px)
    return picture[::step, ::step], level.downsample * step


def _by_name(prediction: AnnData, gene: str, names: tuple[str, ...]) -> FloatArray:
    column = prediction[list(names), [gene]].X
    return np.asarray(column, dtype=np.float32)[:, 0]


def _honesty(prediction: AnnData) -> str:
    return ", training data" if bool(prediction.obs["trained_on"].all()) else ""
