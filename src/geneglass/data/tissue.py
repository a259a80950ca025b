"""Where on a slide there is tissue."""

import numpy as np
from numpy.typing import NDArray

from geneglass.data.slide import Slide
from geneglass.data.types import FloatArray, Region, UInt8Array

WORK_PX = 1000
"""The mask is made on a picture whose longer edge is at most about this."""

_BLACK = 25
"""A pixel darker than this in every channel is a mask's black, never tissue."""

_BANDS = 512
_SMOOTH_PX = 2
_GLASS_GREEN = (180.0, 255.0)
"""Green of empty glass lies in this range, also where a slide is all tissue."""

_DENSITY_RANGE = (0.08, 0.25)
"""The threshold on -ln(green / glass) stays in this range, so that a slide of one kind is not cut in two."""

_LEAST_CHROMA = 16
"""Ink marks and printed frames are grey: their channels differ by less than this."""


def tissue_mask(slide: Slide) -> tuple[NDArray[np.bool_], float]:
    """Return a mask of the tissue, True on tissue, and how many level-0 pixels one of its pixels spans."""
    picture, downsample = small_picture(slide)
    return _tissue(picture), downsample


def grid_yx(slide: Slide, mpp: float, stride_um: float) -> FloatArray:
    """Return (n, 2) centres in level-0 pixels of a square grid, those that lie on tissue.

    The centre in row i and column j lies at ((i + 0.5) s, (j + 0.5) s), s = stride_um / mpp, so row and
    column follow from the centre. Places come row by row; a slide without tissue has none.
    """
    mask, downsample = tissue_mask(slide)
    stride_px = stride_um / mpp
    size = slide.levels[0]
    rows, columns = (np.arange(stride_px / 2, n, stride_px) for n in (size.height_px, size.width_px))
    y, x = (
        np.minimum((places / downsample).astype(np.int64), n - 1)
        for places, n in zip((rows, columns), mask.shape, strict=True)
    )
    on_tissue = np.argwhere(mask[np.ix_(y, x)])
    return np.stack([rows[on_tissue[:, 0]], columns[on_tissue[:, 1]]], axis=1).astype(np.float32)


def small_picture(slide: Slide) -> tuple[UInt8Array, float]:
    """Return the whole slide as a small (h, w, 3) picture and its level-0 pixels per pixel, memory bounded."""
    longest = max(slide.levels[0].height_px, slide.levels[0].width_px)
    index = slide.level_for(longest / WORK_PX)
    level = slide.levels[index]
    factor = max(1, -(-max(level.height_px, level.width_px) // WORK_PX))
    if min(level.height_px, level.width_px) < factor:
        factor = 1
    height, width = level.height_px // factor, level.width_px // factor
    out = np.empty((height, width, 3), dtype=np.uint8)
    step = max(1, _BANDS // factor)
    for top in range(0, height, step):
        n_rows = min(step, height - top)
        band = slide.read(Region(index, top * factor, 0, n_rows * factor, width * factor))
        blocks = band.reshape(n_rows, factor, width, factor, 3)
        out[top : top + n_rows] = blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8)
    return out, level.downsample * factor


def _tissue(picture: UInt8Array) -> NDArray[np.bool_]:
    """Separate tissue from glass by how much green light it takes away, beyond what the glass around it does."""
    from scipy import ndimage

    real: NDArray[np.bool_] = picture.max(axis=2) >= _BLACK
    if not real.any():
        return real
    green = picture[..., 1].astype(np.float32)
    glass = float(np.clip(np.percentile(green[real], 95), *_GLASS_GREEN))
    density = np.where(real, np.log(glass / np.maximum(green, 1)), 0)
    smooth = ndimage.gaussian_filter(density, _SMOOTH_PX)
    threshold = float(np.clip(_otsu(smooth[real]), *_DENSITY_RANGE))
    colourless = np.ptp(picture.astype(np.int16), axis=2) < _LEAST_CHROMA
    grey = ndimage.uniform_filter(colourless.astype(np.float32), 2 * _SMOOTH_PX + 1) > 0.5
    grown = ndimage.binary_dilation(real & (smooth > threshold) & ~grey, iterations=2)
    closed = ndimage.binary_erosion(grown, iterations=2, border_value=1)
    return _without_specks(closed & real, real)


def _otsu(values: FloatArray) -> float:
    """Return the threshold that separates two groups with the least variance within."""
    counts, edges = np.histogram(values, bins=256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.argmax(np.nan_to_num(between, posinf=0))])


def _without_specks(mask: NDArray[np.bool_], real: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Drop specks and fill small holes: less than 1 / 2,000 of the picture that is not black."""
    from scipy import ndimage

    smallest = max(4, int(real.sum()) // 2000)
    for wanted in (True, False):
        labels, n_parts = ndimage.label(mask == wanted)
        areas = np.bincount(labels.ravel(), minlength=n_parts + 1)
        small = areas < smallest
        small[0] = False
        mask = np.where(small[labels], not wanted, mask)
    result: NDArray[np.bool_] = mask & real
    return result
